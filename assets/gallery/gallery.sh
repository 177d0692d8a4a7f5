#!/bin/sh
# Draws the figures of the README's gallery with the shipped model: `make gallery`.
set -eu
headlight=${1:-build/headlight}
here=$(dirname "$0")
animal="The animal didn't cross the street because it was too tired."
rain='The rain fell on the roof, the rain fell on the road, and the rain fell on the sea.'

draw() {
    name=$1
    shift
    "$headlight" render "$@" -o "$here/$name"
    echo "$here/$name"
}

draw slide.png "$animal" --preset slide --scale 1 --title 'What does "it" refer to?' --pin it
draw slide-dark.png "$animal" -v flow --preset slide --scale 1 --theme dark --pin it --head all
draw half-slide.png "$animal" -v heatmap --preset half-slide --scale 1.5
draw column.svg "$animal" --preset column --pin it --no-caption
draw columns.pdf "$animal" -v model --preset columns
draw columns.png "$animal" -v model --preset columns --scale 1.5
draw square.png "$rain" -v heatmap --layer 1 --head 6 --preset square --scale 1 --map viridis
draw large-type.png "$animal" --font-size 24 --only-tokens 7-12 --scale 1 --no-legend --pin it
draw some-layers.png "$animal" -v model --only-layers 0-2 --scale 1 --no-caption
draw transparent.png "$animal" -v neuron --transparent --no-caption --scale 1.5 --size 900x420
draw words.svg 'The unbelievable daffodils were blooming unexpectedly.' --words --layer 1 --head 3
step=0
while [ $step -le 12 ]; do
    what_if=off
    [ $step = 5 ] && what_if=on
    draw "$(printf 'step-%02d.png' $step)" "$animal" -v walk --layer 2 --head 6 --pin it --scale 1 \
        --do "step:set $step" --do "step:causal $what_if"
    step=$((step + 1))
done
draw by-hand.png x --do step:example --do 'step:set scale' --scale 1
draw weights.csv "$animal" --pin it --only-tokens 0-4
draw weights.json "$animal" --pin it --only-tokens 0-4
