#!/bin/sh
# Every option of a figure does what it says; names are never taken twice; a batch goes on past bad
# lines and is the same from run to run.
. tests/lib.sh

model=tests/data/bert-tiny
picture="$build/tests/ui/picture"
text='ba be bo, da de ba.'

render() { "$headlight" render "$text" -m $model "$@"; }
# is NAME WANTED GOT
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted $2" "got $3"; fi; }
size_of() { "$picture" size "$1"; }

while read -r preset pixels; do
    render -v heatmap --preset "$preset" --scale 2 -o "$work/$preset.png"
    case $pixels in
    *x) is "$preset is ${pixels%x} pixels wide" "${pixels%x}" "$(size_of "$work/$preset.png" | cut -d' ' -f1)" ;;
    *) is "$preset is $pixels pixels" "$(echo "$pixels" | tr x ' ')" "$(size_of "$work/$preset.png")" ;;
    esac
done <<EOF
slide 1920x1080
half-slide 960x1080
column 504x
columns 1032x
square 1080x1080
EOF

render --font-size 30 --scale 1 -o "$work/large.png"
render --scale 1 -o "$work/plain.png"
is 'twice the type is twice the figure' "$(size_of "$work/plain.png" | awk '{ print 2 * $1, 2 * $2 }')" \
    "$(size_of "$work/large.png")"
render --size 400x300 -o "$work/size.svg"
is 'an SVG has the size in points' 1 "$(grep -c 'width="400pt" height="300pt"' "$work/size.svg")"
render --preset slide -o "$work/slide.pdf"
is 'a PDF has it too' '960 x 540' "$(pdfinfo "$work/slide.pdf" | sed -n 's/^Page size: *\([0-9]*\) x \([0-9]*\) pts.*/\1 x \2/p')"

texts() { pdftotext -layout "$work/$1.pdf" - | tr -s ' \n' ' '; }
has() { case $(texts "$2") in *"$3"*) ok "$1" ;; *) not_ok "$1" "$(texts "$2")" ;; esac; }
lacks() { case $(texts "$2") in *"$3"*) not_ok "$1" "$(texts "$2")" ;; *) ok "$1" ;; esac; }
render --title 'Who looks at whom' -o "$work/title.pdf"
has 'a title stands above' title 'Who looks at whom'
render -o "$work/whole.pdf"
has 'with a caption' whole 'bert-tiny · layer 0'
has 'and a legend' whole 'opacity'
render --no-caption -o "$work/bare.pdf"
lacks 'without a caption' bare 'bert-tiny'
has 'the legend stays' bare 'opacity'
render --no-legend -o "$work/bare.pdf"
lacks 'without a legend' bare 'opacity'
render --only-tokens 1-3 --no-caption -o "$work/part.pdf"
has 'the tokens that are asked for' part 'be'
lacks 'and no other ones' part 'de'
render -v flow --only-layers 1-1 -o "$work/layers.pdf"
lacks 'only the layers that are asked for' layers 'input'

is 'a light figure has a light ground' 1 \
    "$(render --theme dark --do 'figure:theme light' --scale 1 -o "$work/light.png" && "$picture" count "$work/light.png" ffffff 0 0 0 1 1)"
render --transparent --scale 1 -o "$work/clear.png"
render --transparent -o "$work/clear.svg"
is 'a figure without ground has none' 0 "$(grep -c 'fill="#ffffff"/>' "$work/clear.svg")"

# What a file says about itself.
render -l 1 -H 1 -o "$work/notes.png"
for note in 'Software' 'Headlight [0-9]' 'Model' 'bert-tiny' 'Layer' 'Heads' 'ba be bo, da de ba.'; do
    check "a PNG says: $note" grep -aq "$note" "$work/notes.png"
done
is 'and how large its pixels are' 1 "$(grep -ac 'pHYs' "$work/notes.png")"
is 'a PDF says what it is' "$text" "$(pdfinfo "$work/whole.pdf" | sed -n 's/^Title: *//p')"
check 'an SVG says what it is' grep -q "<title>$text</title>" "$work/size.svg"
for format in png svg pdf csv json; do
    render -o "$work/one.$format"
    sleep 0.1
    render -o "$work/two.$format"
    check "$format: the same call gives the same bytes" cmp "$work/one.$format" "$work/two.$format"
done

# A batch.
printf 'ba be\nda de.\tfa fe\n\nba \377\n \nbo bu\r\n' >"$work/lines"
"$headlight" render --batch "$work/lines" -m $model -o "$work/b-%03d.svg" 2>"$work/said"
is 'a batch with bad lines fails' 1 $?
is 'but does the others' 'b-001.svg b-002.svg b-006.svg' "$(cd "$work" && echo b-*.svg)"
check 'and says which were bad' sh -c 'grep -q "line 4: .*UTF-8" "$1" && grep -q "line 5: .*empty" "$1" &&
    grep -q "figures made: 3, lines that failed: 2" "$1"' sh "$work/said"
"$headlight" render 'da de.' -p 'fa fe' -m $model -o "$work/single.svg"
check 'a line is what a call of its own gives' cmp "$work/single.svg" "$work/b-002.svg"
for i in $(seq 100); do echo "ba be bo $i"; done >"$work/lines"
"$headlight" render --batch "$work/lines" -m $model --scale 1 -o "$work/c-%d.png" 2>"$work/said"
is 'a hundred lines' '0 100' "$? $(ls "$work"/c-*.png | wc -l)"
cat "$work"/c-*.png | cksum >"$work/first"
rm "$work"/c-*.png
"$headlight" render --batch "$work/lines" -m $model --scale 1 -o "$work/c-%d.png"
is 'are the same again' "$(cat "$work/first")" "$(cat "$work"/c-*.png | cksum)"
for name in 'x.png' 'x-%s.png' 'x-%d-%d.png' 'x-%5d.png' 'x-%099d.png' 'x-%n%d.png'; do
    "$headlight" render --batch "$work/lines" -m $model -o "$work/$name" 2>"$work/said"
    is "no batch to the name $name" '2 1' "$? $(grep -c 'one number in it' "$work/said")"
done
"$headlight" render --batch "$work/none" -m $model -o "$work/d-%d.png" 2>"$work/said"
is 'a batch file that is not there' 1 $?
finish
