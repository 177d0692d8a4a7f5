#!/bin/sh
# What every view draws comes out alike in every format: the SVG as librsvg shows it and the PDF as
# poppler shows it are compared with the PNG, patch by patch, as the eye does.
. tests/lib.sh

picture="$build/tests/ui/picture"
text='ba be bo, da de ba.'

# More patches may differ than between two PNGs: glyphs are placed and smoothed differently.
most=40

# look_at FILE: how many of a thousand patches of FILE, now a PNG, look different.
distance() {
    "$picture" distance "$work/figure.png" "$work/$1" 2>&1
}

# compare NAME OPTION...
compare() {
    name=$1
    shift
    for format in png svg pdf; do
        if ! "$headlight" render "$text" -m tests/data/bert-tiny --scale 2 --size 640x440 "$@" \
            -o "$work/figure.$format" 2>"$work/err"; then
            not_ok "$name is drawn as $format" "$(cat "$work/err")"
            return
        fi
    done
    rsvg-convert -w 1280 -h 880 "$work/figure.svg" -o "$work/svg.png" 2>"$work/err" &&
        pdftoppm -r 144 -png -singlefile "$work/figure.pdf" "$work/pdf" 2>>"$work/err"
    for format in svg pdf; do
        far=$(distance $format.png)
        if [ "${far:-1000}" -le $most ] 2>/dev/null; then
            ok "$name: the $format looks like the png"
        else
            kept="${TMPDIR:-/tmp}/headlight-$name.$format"
            cp "$work/figure.$format" "$kept"
            not_ok "$name: the $format looks like the png" "$far of 1000 patches differ: $kept; $(cat "$work/err")"
        fi
    done
}

for view in head heatmap model neuron flow; do
    compare $view -v $view --layer 1 --head 0 --pin da
    compare $view-dark -v $view --layer 1 --head all --theme dark
done
compare compare -v compare --layer 1 --head 0 --compare 'ba be go, da de ba.'
compare heatmap-all -v heatmap --head all --layer 1 --map viridis
compare model-lines -v model --do 'thumbnails lines'
compare walk -v walk --layer 1 --head 0 --do 'step:set sum'
compare walk-heads -v walk --layer 1 --head 0 --do 'step:set heads'
compare title --title 'A title & <a name> "quoted"' -v head

# The test itself can fail: another view is far away.
for format in png svg; do
    "$headlight" render "$text" -m tests/data/bert-tiny --scale 2 --size 640x440 -v heatmap \
        -o "$work/figure.$format"
done
"$headlight" render "$text" -m tests/data/bert-tiny --scale 2 --size 640x440 -v flow -o "$work/figure.svg"
rsvg-convert -w 1280 -h 880 "$work/figure.svg" -o "$work/svg.png"
far=$(distance svg.png)
if [ "$far" -gt $most ]; then
    ok "two different views are far from each other ($far)"
else
    not_ok "two different views are far from each other" "$far"
fi

# Text is text.
"$headlight" render "$text" -m tests/data/bert-tiny -v head -o "$work/text.svg"
if grep -q '<text[^>]*>ba</text>' "$work/text.svg" && ! grep -q '<image' "$work/text.svg"; then
    ok "an SVG holds its tokens as text, and lines as lines"
else
    not_ok "an SVG holds its tokens as text, and lines as lines"
fi
"$headlight" render "$text" -m tests/data/bert-tiny -v head -o "$work/text.pdf"
words=$(pdftotext "$work/text.pdf" - | tr -s ' \n' ' ')
case $words in
*ba*be*bo*da*) ok "the text of a PDF can be copied out of it" ;;
*) not_ok "the text of a PDF can be copied out of it" "$words" ;;
esac
# What is no character is still text (U+FFFE, U+10FFFF); cairo would write nothing at all.
odd=$(printf 'the \357\277\276 cat \364\217\277\277 sat')
for view in head heatmap; do
    check "a PDF of the view $view of text with noncharacters" \
        "$headlight" render "$odd" -m tests/data/bert-tiny -v $view -o "$work/odd.pdf"
done
loose=$(pdffonts "$work/text.pdf" | tail -n +3 | awk '{ if ($(NF - 4) != "yes") print }')
if [ -z "$loose" ]; then ok "every font is in the PDF"; else not_ok "every font is in the PDF" "$loose"; fi
finish
