#!/bin/sh
# The window reopens as it was left, also after it was killed.
. tests/lib.sh
. tests/lib_ui.sh

start_display 1280x800
open_window
press ctrl+a
type_text "The fox saw the hen and it ran."
press Escape ctrl+2
wait_still
point 640 790
wait_still
keep_screen left
check 'the window closes with status 0' close_window
check 'what was typed is in the state folder' grep -q 'text:set The fox saw the hen' "$XDG_STATE_HOME/headlight/session"
open_window
press Escape
point 640 790
wait_still
# All but the line at the bottom, which says how long the pass took.
check 'it opens with the same picture' sh -c 'n=$("$1" differ "$2" "$3" 0 0 1280 770); echo "$n pixels differ"; test "$n" -lt 60' \
    sh "$build/tests/ui/picture" "$work/left" "$screen"
press ctrl+1
check 'the state is written while the window is open' wait_for 60 grep -q 'view:set head' "$XDG_STATE_HOME/headlight/session"
kill -9 "$program"
wait "$program" 2>/dev/null
open_window
check 'and it opens after a kill' screen_differs left
printf 'rubbish' >"$XDG_STATE_HOME/headlight/session"
kill -9 "$program"
wait "$program" 2>/dev/null
open_window
check 'a damaged state is put aside' test -s "$XDG_STATE_HOME/headlight/session.damaged"
check 'the window closes' close_window
finish
