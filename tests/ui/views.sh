#!/bin/sh
# Every view in the real window: by key, with a click, and as the figure that the command line draws.
. tests/lib.sh
. tests/lib_ui.sh

sentence="The animal didn't cross the street because it was too tired."
model=models/headlight-en
start_display 1280x800
open_window "$sentence" -m ./$model -l 1 -H 5
press Escape

# same_figure VIEW [OPTION...]: what Ctrl+S saves now is what render draws with these options.
same_figure() {
    view=$1
    shift
    name=animal-cross-street.$view-L1H5.png
    press ctrl+s
    if ! wait_for 60 test -s "$work/home/$name"; then
        not_ok "$view is saved under its name" "$(ls "$work/home")"
        return
    fi
    wait_still
    "$headlight" render "$sentence" -m ./$model -v "$view" -l 1 -H 5 "$@" -o "$work/$view.png"
    check "the figure of $view is that of the command line" cmp "$work/home/$name" "$work/$view.png"
}

number=1
for view in head heatmap model neuron flow; do
    keep_screen before
    press ctrl+$number
    wait_still
    [ $number = 1 ] || check "Ctrl+$number shows $view" screen_differs before
    number=$((number + 1))
    same_figure $view
done

press ctrl+3
wait_still
keep_screen all
point 420 300
wait_still
check 'hovering a thumbnail names the head' screen_differs all
click
wait_still
keep_screen enlarged
check 'a click enlarges it' screen_differs all
point 640 440
wait_still
check 'and its cells say their weights' screen_differs enlarged
press Escape
wait_still
check 'Escape goes back to all heads' screen_differs enlarged

press ctrl+6
wait_still
keep_screen compared
press ctrl+l
press ctrl+a
type_text "It was wide."
wait_still
check 'the compare view follows the typing' screen_differs compared

press ctrl+1
press ctrl+e
wait_still
keep_screen example
press ctrl+e
wait_still
check 'Ctrl+E brings the next example' screen_differs example
check 'nothing was said on the way' test ! -s "$work/program.err"
check 'the window closes with status 0' close_window
finish
