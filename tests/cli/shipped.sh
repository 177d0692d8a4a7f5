#!/bin/sh
# The shipped model does what its card says: every figure of the card that can be had from what is in
# the repository is measured again.
. tests/lib.sh

model=models/headlight-en
card=$model/README.md

# near A B WITHIN: prints nothing and succeeds when the numbers are that near.
near() { awk -v a="$1" -v b="$2" -v within="$3" 'BEGIN { d = a - b; exit !(d <= within && -d <= within) }'; }

# Rows "| L.H | pattern | score | ..." of the card, against `headlight heads`.
"$headlight" heads -m $model >"$work/heads" || not_ok 'heads can be asked' ''
# score HEAD PATTERN
score() {
    awk -v head="$1" -v pattern="$2" '
        NR == 1 { for (i = 2; i <= NF; i++) if ($i == pattern) column = i }
        $1 == head { print $column; exit }' "$work/heads"
}
sed -n 's/^| \([0-9]*\.[0-9]*\) | \([^ |]*\) | \(0\.[0-9]*\|1\.0*\) |.*/\1 \2 \3/p' $card >"$work/rows"
check 'the card names heads' test "$(wc -l <"$work/rows")" -ge 8
while read -r head pattern said; do
    check "head $head: $pattern $said" near "$(score "$head" "$pattern")" "$said" 0.011
done <"$work/rows"
# The patterns that the model is there for are shown clearly (the thresholds are the program's).
for pattern in 'previous token' 'next token' 'same word elsewhere' 'same word in the other text' 'delimiter' \
    'first token' 'broad' 'pronoun'; do
    check "a head shows $pattern clearly" sh -c '
        grep "^  $2" "$1" | grep -qv "not clearly"' sh "$work/heads" "$pattern"
done

# Rows "| text with [MASK] | word 0.10, ... |", against `headlight fill`.
sed -n 's/^| \([^|]*\[MASK\][^|]*\) | \([^ |]*\) \(0\.[0-9]*\).*/\1\t\2\t\3/p' $card >"$work/rows"
check 'the card fills in words' test "$(wc -l <"$work/rows")" -ge 5
while IFS="$(printf '\t')" read -r text word said; do
    "$headlight" fill "$text" -m $model -n 1 >"$work/fill" 2>&1
    got=$(awk 'NR == 2 { print $2 }' "$work/fill")
    check "$text $word" sh -c 'test "$1" = "$2"' sh "$got" "$word" &&
        check "... $said" near "$(awk 'NR == 2 { print $1 }' "$work/fill")" "$said" 0.011
done <"$work/rows"

# Rows "| sentence | from -> to | L.H | weight |", against `headlight rank`.
sed -n 's/^| \([^|]*\) | \([^ |]*\) → \([^ |]*\) | \([0-9]*\.[0-9]*\) | \(0\.[0-9]*\|1\.0*\) |.*/\1\t\2\t\3\t\4\t\5/p' \
    $card >"$work/rows"
check 'the card shows links' test "$(wc -l <"$work/rows")" -ge 2
while IFS="$(printf '\t')" read -r text from to head said; do
    got=$("$headlight" rank "$text" -m $model --from "$from" --to "$to" | awk -v h="$head" '$1 == h { print $2 }')
    check "$text $from, $to in $head: $said" near "$got" "$said" 0.011
done <"$work/rows"

# "it" looks at "animal" most in the head that the program opens with.
start=$(sed -n 's/.*"layer": *\([0-9]*\).*"head": *\([0-9]*\).*/\1.\2/p' $model/headlight.json)
sentence="The animal didn't cross the street because it was too tired."
check 'it -> animal, two and a half times as strong as street' sh -c '
    animal=$("$1" rank "$3" -m "$4" --from it --to animal | awk -v h="$2" "\$1 == h { print \$2 }")
    street=$("$1" rank "$3" -m "$4" --from it --to street | awk -v h="$2" "\$1 == h { print \$2 }")
    awk -v a="$animal" -v s="$street" "BEGIN { exit !(a >= 0.5 && a >= 2.5 * s) }"' \
    sh "$headlight" "$start" "$sentence" $model

# Examples name heads that exist and words that are in their sentences.
grep -v '^#' assets/sentences.txt | while IFS="$(printf '\t')" read -r title head view word text pair; do
    [ -n "$text" ] || continue
    set -- "$text" -m $model
    [ "$view" = - ] || set -- "$@" -v "$view"
    [ "$head" = - ] || set -- "$@" -l "${head%.*}" -H "${head#*.}"
    [ "$word" = - ] || set -- "$@" --pin "$word"
    [ -z "$pair" ] || set -- "$@" -p "$pair"
    "$headlight" render "$@" -o "$work/example.png" --scale 1 2>"$work/said" || echo "$title: $(cat "$work/said")"
done >"$work/wrong"
check 'every example can be drawn as it says' test ! -s "$work/wrong"

# The pronouns of LitBank and GUM are beside the project only.
pronouns=../shared/eval/pronouns-dev.jsonl
if [ ! -f $pronouns ]; then
    skip 'LitBank and GUM as the card says' "$pronouns is not there"
elif [ "$build" != build ]; then
    skip 'LitBank and GUM as the card says' 'done with the plain build only: it takes a while'
else
    for source in litbank gum; do
        said=$(sed -n "s/^| $source | [^|]* | \([0-9.]*\) %.*/\1/p" $card)
        "$headlight" probe $pronouns -m $model --source $source >"$work/probe"
        got=$(sed -n 's/.*judged on the other: \([0-9.]*\) %/\1/p' "$work/probe")
        check "$source: $said % of the pronouns" near "$got" "$said" 0.06
    done
fi
finish
