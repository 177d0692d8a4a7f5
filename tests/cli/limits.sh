#!/bin/sh
# The limits that the README states, each passed by one: refused with a sentence that names it.
. tests/lib.sh

tiny=tests/data/bert-tiny
png=$work/x.png
spoil() { # NAME: a copy of the tiny model, to be spoiled
    bad=$work/$1
    mkdir "$bad" && cp $tiny/config.json $tiny/vocab.txt $tiny/model.safetensors "$bad"
}
config() { sed -e "$1" $tiny/config.json >"$bad/config.json"; }
render() { # NAME WORD ARGUMENTS...
    name=$1 word=$2
    shift 2
    fails 1 "$name" "$word" "$headlight" render -o "$png" "$@"
}

spoil layers && config 's/\("num_hidden_layers": *\)[0-9]*/\1129/'
render '129 layers' 'num_hidden_layers.*128' -m "$bad" a
spoil heads && config 's/\("num_attention_heads": *\)[0-9]*/\1257/'
render '257 heads' 'num_attention_heads.*256' -m "$bad" a
spoil hidden && config 's/\("hidden_size": *\)[0-9]*/\165537/'
render 'a hidden size of 65537' 'hidden_size.*65536' -m "$bad" a
spoil positions && config 's/\("max_position_embeddings": *\)[0-9]*/\165537/'
render '65537 positions' 'max_position_embeddings.*65536' -m "$bad" a
spoil words && config 's/\("vocab_size": *\)[0-9]*/\14194305/'
render '4194305 pieces' 'vocab_size.*4194304' -m "$bad" a
spoil config && truncate -s 4194305 "$bad/config.json"
render 'a config.json of over 4 MB' 'config.json is larger' -m "$bad" a
spoil vocab && truncate -s 67108865 "$bad/vocab.txt"
render 'a vocab.txt of over 64 MB' 'vocab.txt is larger' -m "$bad" a
spoil tokenizer && rm "$bad/vocab.txt" && truncate -s 67108865 "$bad/tokenizer.json"
render 'a tokenizer.json of over 64 MB' 'tokenizer.json is larger' -m "$bad" a
spoil index && rm "$bad/model.safetensors" && truncate -s 67108865 "$bad/model.safetensors.index.json"
render 'an index of over 64 MB' 'index.json is larger' -m "$bad" a
spoil header && printf '\001\000\100\006\000\000\000\000{' >"$bad/model.safetensors" && truncate -s 200000000 "$bad/model.safetensors"
render 'a header of over 100 MB' 'header would take' -m "$bad" a
spoil shards && rm "$bad/model.safetensors"
awk 'BEGIN { printf "{\"weight_map\": {"; for (i = 0; i < 1025; i++) printf "%s\"t%d\": \"f%d\"", i ? "," : "", i, i; print "}}" }' >"$bad/model.safetensors.index.json"
printf '\002\000\000\000\000\000\000\000{}' >"$work/empty"
for i in $(seq 0 1024); do ln "$work/empty" "$bad/f$i"; done
render 'an index of 1025 files' 'more than 1024 files' -m "$bad" a

{ printf '{"attention":' && head -c 268435456 /dev/zero | tr '\0' ' '; } >"$work/page.json"
render 'a page of over 256 MB' 'larger than' --trace "$work/page.json"
rm -f "$work/page.json"
trace() { # LAYERS HEADS
    awk -v layers="$1" -v heads="$2" 'BEGIN {
        printf "{\"attention\": ["
        for (l = 0; l < layers; l++) {
            printf "%s[", l ? "," : ""
            for (h = 0; h < heads; h++) printf "%s[[1]]", h ? "," : ""
            printf "]"
        }
        print "], \"tokens\": [\"a\"]}" }' >"$work/trace.json"
}
trace 128 1
check 'a trace of 128 layers' "$headlight" render --trace "$work/trace.json" -o "$png"
trace 129 1
render 'a trace of 129 layers' '128 layers' --trace "$work/trace.json"
trace 1 256
check 'a trace of 256 heads' "$headlight" render --trace "$work/trace.json" -o "$png"
trace 1 257
render 'a trace of 257 heads' '256 *heads|heads' --trace "$work/trace.json"
awk 'BEGIN { printf "{\"attention\": [[[[1]]]], \"tokens\": [\""; for (i = 0; i < 1025; i++) printf "a"; print "\"]}" }' >"$work/trace.json"
render 'a token of 1025 bytes' 'token 0 has 1025 bytes' --trace "$work/trace.json"

yes 'a b c d e f g h' | head -c 1048577 >"$work/long.txt"
fails 1 'a text of over 1 MB' 'larger than' sh -c '"$1" render -m "$2" -o "$3" - <"$4"' sh "$headlight" $tiny "$png" "$work/long.txt"
head -c 100000 "$work/long.txt" | tr '\n' ' ' >"$work/cut.txt"
check 'a text longer than the positions is cut, and that is said' sh -c '
    "$1" render -m "$2" -o "$3" - <"$4" 2>"$5" && grep -q "left out" "$5"' sh "$headlight" $tiny "$png" "$work/cut.txt" "$work/said"
printf 'lesson: L\n' >"$work/long.lesson" && yes '# and on' | head -c 1048577 >>"$work/long.lesson"
png=$work/x-%02d.png
render 'a lesson of over 1 MB' 'larger than' --lesson "$work/long.lesson"
awk 'BEGIN { print "lesson: L\n"; for (i = 0; i < 501; i++) print "title: T\n" }' >"$work/steps.lesson"
render 'a lesson of 501 steps' '500' --lesson "$work/steps.lesson"
png=$work/x.png
render 'a picture of over 16384 pixels' '16384 x 16384' -m $tiny --size 9000x100 --scale 2 a
finish
