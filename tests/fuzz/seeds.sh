#!/bin/sh
# Seeds for the fuzzer from what the tests have: seeds.sh KIND FOLDER, from the repository root.
set -u
kind=$1 to=$2

# A model's folder as the target `model` takes it: sections between lines of %%.
model() { # FOLDER VOCABULARY TEXT PAIR COMMANDS
    header=$(od -An -t u4 -N 4 "$1/model.safetensors" | tr -d ' ')
    cat "$1/config.json"
    printf '\n%%%%\n'
    tail -c +9 "$1/model.safetensors" | head -c "$header"
    printf '\n%%%%\n'
    tail -c +"$((9 + header))" "$1/model.safetensors" | head -c 997
    printf '\n%%%%\n'
    cat "$2"
    printf '\n%%%%\n%s\n%%%%\n%s\n%%%%\n%s' "$3" "$4" "$5"
}

case $kind in
lesson) set -- assets/lessons/*.lesson ;;
trace) set -- assets/thinking-machines.json tests/data/bert-tiny/expected_0.safetensors ;;
safetensors) set -- tests/data/bert-tiny*/*.safetensors ;;
config) set -- tests/data/*/config.json tests/data/families/*/config.json ;;
tokenizer) set -- tests/data/tokenizers/*/tokenizer.json ;;
vocab) set -- tests/data/bert-tiny/vocab.txt ;;
*) set -- ;;
esac
number=0
for file; do
    number=$((number + 1))
    cp "$file" "$to/seed-$number"
done

case $kind in
trace)
    printf '%s' '<script>params = {"attention": [{"name": "All", "attn": [[[[0.5, NaN], [1, 0]]]], "left_text": ["a", "##b"], "right_text": ["a", "##b"]}, {"name": "Cross", "attn": [[[[1, 0]]]], "left_text": ["x"], "right_text": ["a", "##b"]}], "include_layers": [3]}' >"$to/seed-html"
    printf '%s' '{"inp_inp": {"att": [[[[0.5, 0.5], [1, 0]]]], "top_text": ["a_"], "bot_text": ["a_"]}, "inp_out": {"att": [[[[1, 0]]]], "top_text": ["a_"], "bot_text": ["b_"]}}' >"$to/seed-t2t"
    ;;
index)
    printf '%s' '{"metadata": {"total_size": 8}, "weight_map": {"w": "a"}}' >"$to/seed-1"
    printf '%s' '{"weight_map": {"w": "../a", "x": "/etc/passwd"}}' >"$to/seed-2"
    ;;
vocab) printf '[UNK]\n[CLS]\n[SEP]\n[PAD]\n[MASK]\na\n##b\nthe\n' >"$to/seed-small" ;;
session)
    printf '# headlight session 1\nmodel:open /x\ntext:set It was.\npair:set b\nview:set heatmap\nlayer:set 1\nhead:set 0,1\nhead:combine mean\nspecial hidden\nfilter ab\nthreshold:set 0.1\ncontrast 0.5\nwords words\ntop:k 3\ntop:p 0.5\nheatmap:map viridis\nheatmap:scale log\nflow:kind rollout\nthumbnails lines\ngrid:measure entropy\ntheme dark\ninterface 120\npin:query 2\npin:key 3\n' >"$to/seed-1"
    ;;
history) printf '# headlight history 1\nThe cat sat.\na\tb\n\n' >"$to/seed-1" ;;
headers)
    printf 'HTTP/1.1 200 OK\r\nETag: W/"abc"\r\nX-Linked-ETag: "def"\r\nX-Linked-Size: 12\r\nContent-Range: bytes 0-9/10\r\nX-Repo-Commit: 0123456789012345678901234567890123456789\r\n' >"$to/seed-1"
    printf 'model-00001-of-00002.safetensors' >"$to/seed-2"
    printf 'google/bert-base' >"$to/seed-3"
    printf 'http://127.0.0.1:80' >"$to/seed-4"
    ;;
text)
    cut -f 5 assets/sentences.txt | sed -n '1,20p' | while read -r line; do
        number=$((number + 1))
        printf '%s\tsecond one' "$line" >"$to/seed-$number"
    done
    printf 'na\303\257ve \344\275\240\345\245\275 \360\237\221\251\342\200\215\360\237\232\200 \331\205\330\261\330\255\330\250\330\247 e\314\201 [MASK] <mask> \302\255\342\200\213 1,234.5' >"$to/seed-wide"
    ;;
options)
    printf 'render\nThe cat\n-o\nx.png\n--layer\n1\n--size=300x200' >"$to/seed-1"
    printf '%s\n' --text-only --model x --do 'layer:set 2' --threads 4 --scale 2 'It was.' >"$to/seed-2"
    printf 'fetch\na/b\n--revision\nmain\n--stall\n5' >"$to/seed-3"
    ;;
model)
    for folder in tests/data/bert-tiny tests/data/families/*; do
        model "$folder" "$folder/vocab.txt" 'the cat sat on the mat' '' 'layer:set 1' >"$to/seed-$(basename "$folder")"
        model "$folder" "$folder/vocab.txt" 'the dog' 'a cat' 'filter ab
pin:query 1
special hidden' >"$to/seed-pair-$(basename "$folder")"
    done
    model tests/data/bert-tiny tests/data/tokenizers/unigram/tokenizer.json 'the cat' '' 'words words' >"$to/seed-unigram"
    ;;
window)
    printf '\001\005 cat\000\101\000\007\020\0011\002\100\100\003\001\004\005\210\000\006\001\001\007\012\003all' >"$to/seed-1"
    ;;
esac
