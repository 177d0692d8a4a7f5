#!/bin/sh
# The main job, with the hands of a user: type a sentence, look at "it", save the picture, and find
# in the file exactly the figure that the command line draws.
. tests/lib.sh
. tests/lib_ui.sh

sentence="The animal didn't cross the street because it was too tired."
model=models/headlight-en
start_display 1280x800

open_window Hello -m ./$model -l 0 -H all
check 'the window fills the screen with a picture' test "$(picture colors "$screen")" -gt 100
keep_screen hello
press ctrl+a
type_text "$sentence"
wait_still
check 'the picture follows the typing' screen_differs hello

# Row 10 of 16 in the left column; that it is "it" is shown below, by the figure.
keep_screen typed
point 380 505
wait_still
check 'hovering a token changes the picture' screen_differs typed
click
press ctrl+s
saved=$work/home/animal-cross-street.head-L0.png
check 'Ctrl+S saves a figure with a name that says what is in it' wait_for 60 test -s "$saved"
wait_still
check 'the figure is that of the command line, with "it" pinned' sh -c '
    "$1" render "$2" -m "./$3" -l 0 -H all --pin it -o "$4/reference.png" && cmp "$4/reference.png" "$5"' \
    sh "$headlight" "$sentence" "$model" "$work" "$saved"
# The colour of head 0 in the light theme: its line, bar and chip.
check 'the figure has ink of the first head' test "$(picture count "$saved" 0072b2 24)" -gt 500
check 'and a white ground' test "$(picture count "$saved" ffffff 0)" -gt 500000
press ctrl+s
check 'a second figure does not take the place of the first' wait_for 60 test -s "${saved%.png}-2.png"

keep_screen pinned
press Escape Escape
wait_still
check 'Escape leaves the field and takes the pin out' screen_differs pinned
keep_screen layer0
press Down
wait_still
check 'an arrow goes to the next layer' screen_differs layer0
press Up
point 640 780
wait_still
press question
wait_still
check '? shows all keys' screen_differs layer0
press Escape
press ctrl+t
wait_still
check 'Ctrl+T makes it dark' test "$(picture count "$screen" 171b22 0)" -gt 200000
press ctrl+2
wait_still
keep_screen heatmap
point 640 400
wait_still
check 'the heatmap tells the weight under the pointer' screen_differs heatmap
xdotool windowsize --sync "$window" 900 600
wait_still
check 'the window can be resized' screen_differs heatmap
check 'Ctrl+Q ends the program with status 0' close_window
check 'nothing was said on standard error' test ! -s "$work/program.err"
check 'nothing but the two figures was left' test "$(ls "$work/home" | grep -c '')" = 2

open_window -m ./nowhere
check 'a model that is not there: the window opens all the same' find_window
type_text 'typed all the same'
check 'and can be closed' close_window

open_window "$(printf 'a \377 b')"
check 'a text that is not UTF-8 is shown repaired' close_window

open_window
press ctrl+a
typing_delay=1
for i in 1 2 3 4 5 6; do type_text 'the cat sat on the mat because it was warm. '; done
wait_still
press ctrl+z ctrl+z ctrl+shift+z ctrl+a ctrl+c ctrl+x ctrl+v ctrl+v
wait_still
check 'fast typing, undo, redo and the clipboard are survived' close_window
finish
