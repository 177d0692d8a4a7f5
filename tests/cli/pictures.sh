#!/bin/sh
# Every view looks as it was approved: its picture is compared with the one in tests/data/pictures,
# patch by patch, as the eye does. `make approve` takes the present ones for the approved ones.
. tests/lib.sh

approved=tests/data/pictures
model=tests/data/bert-tiny
picture="$build/tests/ui/picture"
text='ba be bo, da de ba.'

# draw NAME OPTION...
draw() {
    name=$1
    shift
    if ! "$headlight" render "$text" -m $model --size 640x440 --scale 1 "$@" -o "$work/$name.png" \
        2>"$work/err"; then
        not_ok "$name is drawn" "$(cat "$work/err")"
        return
    fi
    if [ -n "$approve" ]; then
        cp "$work/$name.png" "$approved/$name.png"
        return
    fi
    far=$("$picture" distance "$work/$name.png" "$approved/$name.png")
    if [ "$far" -le 8 ]; then
        ok "$name looks as approved"
    else
        kept="${TMPDIR:-/tmp}/headlight-$name.png"
        cp "$work/$name.png" "$kept"
        not_ok "$name looks as approved" "$far of 1000 patches differ; now: $kept, approved: $approved/$name.png"
    fi
}

approve=
if [ "${1:-}" = --approve ]; then
    approve=1
    mkdir -p $approved
fi
for theme in light dark; do
    for view in head heatmap model neuron flow; do
        draw $view-$theme --theme $theme -v $view --layer 1 --head 0
    done
    draw compare-$theme --theme $theme -v compare --layer 1 --head 0 --compare 'ba be go, da de ba.'
done
draw head-all -v head --layer 0 --head all
draw head-pinned -v head --layer 1 --head all --pin da
draw head-words -v head --head all --words --combine rollout --layer 1
draw heatmap-all -v heatmap --head all --layer 1 --map viridis
draw heatmap-log -v heatmap --head 0 --log --map magma
draw model-lines -v model --do 'thumbnails lines'
draw model-enlarged -v model --do 'enlarge 1.0'
draw flow-followed -v flow --head all --pin da
draw pair -v head --head all -p 'fa fe' --filter ab
draw without --off 0.0,0.1 -v head --layer 1 --head 0
[ -z "$approve" ] || exit 0
finish
