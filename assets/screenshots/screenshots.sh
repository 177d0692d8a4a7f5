#!/bin/sh
# Takes the pictures of the window that the README shows, with the shipped model: `make screenshots`.
# Heads are those of assets/sentences.txt.
. tests/lib.sh
. tests/lib_ui.sh

here=assets/screenshots
animal="The animal didn't cross the street because it was too tired."
wide="The animal didn't cross the street because it was too wide."
start=$(sed -n 's/.*"layer": *\([0-9]*\).*"head": *\([0-9]*\).*/\1.\2/p' models/headlight-en/headlight.json)

# shot NAME X Y [ARGUMENT...]: the window that opens so, with the pointer there.
shot() {
    name=$1 x=$2 y=$3
    shift 3
    open_window --fresh --size 1280x800 -l "${start%.*}" -H "${start#*.}" "$@"
    point "$x" "$y"
    [ "$name" != examples ] || click # the menu
    wait_still
    picture save "$screen" "$here/$name.png"
    close_window || echo "$name: $(cat "$work/program.err")" >&2
    echo "$here/$name.png"
}

start_display 1280x800
shot window-light 1279 799 "$animal" --pin it
shot window-dark 590 440 "$animal" -v heatmap -l 1 -H 6 --theme dark --pin cross
shot lines 1279 799 "$animal" -l 1 -H 3,4,6 --pin street
shot heads 598 288 "$animal" -v model --pin it --do 'grid:measure same-word'
shot neurons 1279 799 "$animal" -v neuron --pin it
shot flow 1279 799 "$animal" -v flow --pin it
shot find 1279 799 "$animal" --pin it --do 'pin:key 2' --do 'grid:measure link' --do rank:best
shot compare 1279 799 "$animal" -H 5 -v compare --compare "$wide" --pin it
shot what-if 1279 799 'She opened the [MASK] and went in.' --off 1.1,1.6 --pin '[MASK]'
shot examples 980 40 "$animal" --pin it
