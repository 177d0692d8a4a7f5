#!/bin/sh
# The subcommands that ask a model: probe, heads, rank, fill.
. tests/lib.sh

model=tests/data/bert-tiny
cat >"$work/probe.jsonl" <<'END'
{"source": "x", "words": ["ba", "be", "bo", "."], "at": 2, "candidates": [{"word": 0, "right": true}, {"word": 1, "right": false}]}
{"source": "y", "words": ["be", "ba", "ba", "bo"], "at": 3, "candidates": [{"word": 0, "right": true}, {"word": 2, "right": true}]}
{"text": "ba be", "pair": "be ba"}
END

check 'pronouns as a table' sh -c '
    "$1" probe "$2" -m "$3" >"$4/table" && grep -q "^2 pronouns" "$4/table" &&
    grep -q "nearest candidate 50.0 %, always the first 100.0 %, any 75.0 %" "$4/table"' \
    sh "$headlight" "$work/probe.jsonl" $model "$work"
check 'pronouns as JSON' sh -c '
    "$1" probe "$2" -m "$3" --json | grep -q "\"items\": 2, \"left_out\": 0"' \
    sh "$headlight" "$work/probe.jsonl" $model
# In the second item every candidate is right, so every head is.
check 'one source, one head' sh -c '
    test "$("$1" probe "$2" -m "$3" --source y --head 1.1)" = "1.1  1.0000 of 1 pronouns"' \
    sh "$headlight" "$work/probe.jsonl" $model
check 'patterns of a text' sh -c '"$1" heads "ba be ba" -m "$2" | grep -q "best of each pattern"' \
    sh "$headlight" $model
check 'patterns as JSON' sh -c '
    "$1" heads "ba be ba" -p "be" -m "$2" --json | grep -c "\"other-text\": " | grep -qx 4' \
    sh "$headlight" $model
check 'all heads are ranked, the strongest first' sh -c '
    "$1" rank "ba be ba" --from ba#1 --to be -m "$2" >"$3/rank" &&
    test "$(wc -l <"$3/rank")" = 4 && sort -s -rn -k2 "$3/rank" | cmp - "$3/rank"' \
    sh "$headlight" $model "$work"
check 'a trace is ranked as its model is' sh -c '
    "$1" dump "ba be ba" -m "$2" -o "$3/t.safetensors" &&
    "$1" rank --trace "$3/t.safetensors" --from ba#1 --to be | cmp - "$3/rank"' \
    sh "$headlight" $model "$work"

check 'words for every mask' sh -c '
    test "$("$1" fill "ba [MASK] be [MASK]" -m "$2" -n 3 | grep -c "^  *0\.[0-9]*  ")" = 6' \
    sh "$headlight" $model
check 'words as JSON, and they are sure of something' sh -c '
    "$1" fill "ba [MASK]" -m "$2" --top 56 --json | tr "{" "\n" |
        LC_ALL=C awk -F"probability\": " "NF > 1 { sum += \$2 } END { exit sum < 0.999 || sum > 1.001 }"' \
    sh "$headlight" $model

fails 1 'nothing to fill' 'no \[MASK\]' "$headlight" fill 'ba be' -m $model
fails 2 'fill without a text' 'MASK' "$headlight" fill -m $model
fails 2 'a number of words that is none' 'from 1 to' "$headlight" fill 'ba [MASK]' -m $model -n 0
fails 1 'a probe file that is not there' 'nowhere.jsonl' "$headlight" probe "$work/nowhere.jsonl" -m $model
echo '{"words": 3}' >"$work/bad.jsonl"
fails 1 'a bad line is named by its number' 'line 1' "$headlight" probe "$work/bad.jsonl" -m $model
fails 1 'a source that is not there' '"z"' "$headlight" probe "$work/probe.jsonl" -m $model --source z
fails 1 'a head that is not there' '9.9' "$headlight" probe "$work/probe.jsonl" -m $model --head 9.9
fails 2 'probe without a file' 'FILE' "$headlight" probe -m $model
fails 2 'rank without words' 'two words' "$headlight" rank 'ba be' -m $model
fails 1 'a word that is not in the text' 'nope' "$headlight" rank 'ba be' --from nope --to be -m $model
finish
