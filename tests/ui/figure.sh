#!/bin/sh
# The dialog for figures in the real window: it opens by key and by mouse, shows what will be saved,
# saves and copies; and names are never taken twice.
. tests/lib.sh
. tests/lib_ui.sh

sentence='ba be bo, da de ba.'
start_display 1280x800
open_window "$sentence" -m tests/data/bert-tiny -l 1 -H 0
press Escape
wait_still
keep_screen before
press ctrl+shift+s
wait_still
check 'Ctrl+Shift+S opens the dialog' screen_differs before
keep_screen dialog
press Escape
wait_still
check 'Escape closes it' screen_differs dialog
check 'and leaves the window as it was' sh -c '! [ "$1" -gt 60 ]' sh "$(picture differ "$screen" "$work/before" 0 100 1280 660)"

press ctrl+shift+s
wait_still
# The kind: the second of five segments.
point 1000 142
point 895 142
click
wait_still
point 867 684
click
check 'Save writes the kind that was chosen' wait_for 60 test -s "$work/home/ba-be-bo.head-L1H0.svg"
"$headlight" render "$sentence" -m tests/data/bert-tiny -l 1 -H 0 -o "$work/same.svg"
check 'it is what the command line draws' cmp "$work/home/ba-be-bo.head-L1H0.svg" "$work/same.svg"
press ctrl+s
check 'Ctrl+S repeats the kind, under a free name' wait_for 60 test -s "$work/home/ba-be-bo.head-L1H0-2.svg"

"$headlight" render "$sentence" -m tests/data/bert-tiny -l 1 -H 0 -o "$work/same.png"
press ctrl+shift+c
wait_still
if command -v xclip >/dev/null; then
    check 'the copied figure can be pasted' wait_for 60 sh -c '
        timeout 10 xclip -selection clipboard -t image/png -o >"$1/pasted.png" && test -s "$1/pasted.png"' sh "$work"
    check 'and is the one that would be saved' cmp "$work/pasted.png" "$work/same.png"
else
    skip 'the copied figure can be pasted' 'xclip is not installed'
fi

# A figure takes as long as it takes to write it into a pipe that nobody reads: the window goes on.
check 'the window closes' close_window
mkfifo "$work/slow.png"
open_window "$sentence" -m tests/data/bert-tiny -l 1 -H 0 --do "export $work/slow.png"
keep_screen saving
press End
type_text ' ba ba'
wait_still
check 'while a figure is being saved the window goes on' screen_differs saving
press ctrl+q
sleep 1
check 'and what is being saved is not lost when it closes' kill -0 "$program"
check 'it is a whole figure' sh -c 'cat "$1" >"$2" && cmp "$2" "$3"' sh "$work/slow.png" "$work/slow-read.png" "$work/same.png"
check 'then the program has ended with status 0' wait_for 60 has_ended
wait "$program" || not_ok 'status' "$?"
open_window "$sentence" -m tests/data/bert-tiny -l 1 -H 0
check 'Ctrl+Q ends the program with status 0' close_window
check 'nothing was said on standard error' test ! -s "$work/program.err"
finish
