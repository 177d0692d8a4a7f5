#!/bin/sh
# What the command line makes: figures, traces, tokens, lists; and that a trace gives the same figure
# as the model that it came from.
. tests/lib.sh

model=tests/data/bert-tiny
picture="$build/tests/ui/picture"
text='ba be bo, da.'

check 'the version is told' sh -c '"$1" --version | grep -q "^headlight [0-9]"' sh "$headlight"
for mode in '' render dump tokenize models; do
    check "help for '$mode'" sh -c '"$1" $2 --help | grep -q -- --help' sh "$headlight" "$mode"
done

for view in head heatmap; do
    for theme in light dark; do
        check "$view, $theme" "$headlight" render "$text" -m $model -v $view --theme $theme \
            -o "$work/$view-$theme.png"
    done
done
check 'the same call gives the same bytes' sh -c '
    "$1" render "$2" -m "$3" -o "$4/again.png" && cmp "$4/again.png" "$4/head-light.png"' \
    sh "$headlight" "$text" $model "$work"
check 'size and scale are those asked for' sh -c '
    "$1" render "$2" -m "$3" --size 400x300 --scale 3 -o "$4/size.png" &&
    test "$("$5" size "$4/size.png")" = "1200 900"' sh "$headlight" "$text" $model "$work" "$picture"
check 'transparent' "$headlight" render "$text" -m $model --transparent --no-caption -o "$work/clear.png"
check 'a pair with a filter' "$headlight" render "$text" -p 'fa fe' -m $model --filter ab -o "$work/pair.png"
check 'text from standard input' sh -c '
    echo "$2" | "$1" render - -m "$3" -o "$4/stdin.png" && cmp "$4/stdin.png" "$4/head-light.png"' \
    sh "$headlight" "$text" $model "$work"

check 'a trace is written' "$headlight" dump "$text" -m $model -o "$work/trace.safetensors"
check 'and gives the same figure as its model' sh -c '
    "$1" render --trace "$2/trace.safetensors" -o "$2/trace.png" && cmp "$2/trace.png" "$2/head-light.png"' \
    sh "$headlight" "$work"
check 'a trace as JSON' sh -c '"$1" dump "$2" -m "$3" -o - >"$4/out" && "$1" dump "$2" -m "$3" -o "$4/t.json" &&
    grep -q "\"attention\"" "$4/t.json" && cmp "$4/out" "$4/trace.safetensors"' \
    sh "$headlight" "$text" $model "$work"

check 'tokens and ids' sh -c '
    test "$(printf "ba BE\n[MASK]\n\n" | "$1" tokenize -m "$2" | tail -n 2 | head -n 1)" = \
        "{\"text\": \"[MASK]\", \"tokens\": [\"[MASK]\"], \"ids\": [4]}"' sh "$headlight" $model
check 'models are listed' sh -c '"$1" models | grep -q "^headlight-en" && "$1" models --json | grep -q "\"where\""' \
    sh "$headlight"
check 'a text too long is cut, and it is said' sh -c '
    "$1" render "$(printf "ba %.0s" $(seq 600))" -m "$2" -o "$3/long.png" 2>"$3/said" &&
    grep -q "tokens more than" "$3/said"' sh "$headlight" $model "$work"
python=$(command -v /usr/bin/python3 || command -v python3)
if "$python" -c 'import numpy' 2>/dev/null; then
    "$headlight" render "$text" -m $model -v heatmap -l 1 -H 1 -o "$work/cells.csv"
    "$python" assets/examples/heatmap.py "$work/trace.safetensors" 1 1 "$work/cells.png" >"$work/cells"
    check 'the example in Python reads the same numbers' sh -c '
        tail -n +2 "$1/cells.csv" | sed "s/.*,//" >"$1/ours"
        cut -d" " -f2- "$1/cells" | tr " " "\n" >"$1/theirs"
        test -s "$1/ours" && cmp "$1/ours" "$1/theirs" && "$2" size "$1/cells.png"' sh "$work" "$picture"
else
    skip 'the example in Python reads the same numbers' 'NumPy is not installed'
fi
finish
