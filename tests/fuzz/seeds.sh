#!/bin/sh
# Seeds for the fuzzer from what the tests have: seeds.sh KIND FOLDER
kind=$1 to=$2
case $kind in
lesson) set -- assets/lessons/*.lesson ;;
trace) set -- assets/thinking-machines.json tests/data/bert-tiny/expected_0.safetensors ;;
safetensors) set -- tests/data/bert-tiny*/*.safetensors ;;
config) set -- tests/data/*/config.json tests/data/families/*/config.json ;;
tokenizer) set -- tests/data/tokenizers/*/tokenizer.json ;;
vocab) set -- tests/data/bert-tiny/vocab.txt ;;
esac
number=0
for file; do
    number=$((number + 1))
    cp "$file" "$to/seed-$number"
done
if [ "$kind" = trace ]; then
    printf '%s' '<script>params = {"attention": [{"name": "All", "attn": [[[[0.5, NaN], [1, 0]]]], "left_text": ["a", "##b"], "right_text": ["a", "##b"]}, {"name": "Cross", "attn": [[[[1, 0]]]], "left_text": ["x"], "right_text": ["a", "##b"]}], "include_layers": [3]}' >"$to/seed-html"
    printf '%s' '{"inp_inp": {"att": [[[[0.5, 0.5], [1, 0]]]], "top_text": ["a_"], "bot_text": ["a_"]}, "inp_out": {"att": [[[[1, 0]]]], "top_text": ["a_"], "bot_text": ["b_"]}}' >"$to/seed-t2t"
fi
