#!/bin/sh
# A lesson in the real window: arrows go on and back, the chrome is away, Escape leaves; and one is recorded.
# The walk-through by its keys.
. tests/lib.sh
. tests/lib_ui.sh

cat >"$work/a.lesson" <<EOF
lesson: Small

title: One
note: The first.
text: ba be bo.
view: heatmap

title: Two
text: da de fa ba.
view: head
token: de

title: Three
view: walk
step: scores
EOF
start_display 1280x800
open_window 'ba be' -m tests/data/bert-tiny --do "lesson:open $work/a.lesson"
keep_screen one
press Right
wait_still
check 'Right goes on' screen_differs one
keep_screen two
press space
wait_still
check 'Space too' screen_differs two
keep_screen three
press Right
wait_still
check 'the last step stays' sh -c '! [ "$1" -gt 0 ]' sh "$(picture differ "$screen" "$work/three")"
press Left
wait_still
check 'Left goes back, to the same picture' sh -c '! [ "$1" -gt 0 ]' sh "$(picture differ "$screen" "$work/two")"
press Home
wait_still
check 'Home to the first' sh -c '! [ "$1" -gt 0 ]' sh "$(picture differ "$screen" "$work/one")"
press Escape
wait_still
check 'Escape leaves it' screen_differs one

# Steps of the walk-through.
press Escape
press ctrl+7
wait_still
keep_screen tokens
press Right
press Right
press Right
wait_still
check 'the walk-through goes on by key' screen_differs tokens
keep_screen scores
press Left
wait_still
check 'and back' screen_differs scores
press Home
wait_still
check 'and to the start' sh -c '! [ "$1" -gt 0 ]' sh "$(picture differ "$screen" "$work/tokens" 0 0 1280 770)"
press Right
wait_still
point 440 225
wait_still
keep_screen hovered
click
wait_still
check 'a click enlarges a matrix' screen_differs hovered
check 'Ctrl+Q ends the program with status 0' close_window
check 'nothing was said on standard error' test ! -s "$work/program.err"

# Recording.
open_window 'ba be' -m tests/data/bert-tiny --do "lesson:record $work/b.lesson"
press Escape
press ctrl+2
wait_still
press Return
wait_still
press ctrl+1
wait_still
press Return
wait_still
check 'Enter has added two steps' test "$(grep -c '^view: ' "$work/b.lesson")" = 2
check 'and the lesson can be played' "$headlight" render -m tests/data/bert-tiny --lesson "$work/b.lesson" -o "$work/b-%d.png"
check 'Ctrl+Q ends this one too' close_window
finish
