#!/bin/sh
# Models that the user already has: the user's own folder and the Hugging Face cache with its links are
# listed by name and open; those that can't be opened say why. And what is dropped on the window.
. tests/lib.sh

is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted $2" "got $3"; fi; }
tiny=$PWD/tests/data/bert-tiny
hub=$work/hub
# add NAME REVISION: an empty snapshot
add() { mkdir -p "$hub/models--$1/snapshots/$2" "$hub/models--$1/blobs" "$hub/models--$1/refs"; }

add ada--tiny 0123abc
for file in "$tiny"/*; do
    cp "$file" "$hub/models--ada--tiny/blobs/${file##*/}"
    ln -s "../../blobs/${file##*/}" "$hub/models--ada--tiny/snapshots/0123abc/${file##*/}"
done
add ada--tiny 0000000 # an older one, without anything in it that can be opened
echo '{"model_type": "bert"}' >"$hub/models--ada--tiny/snapshots/0000000/config.json"
printf '0123abc' >"$hub/models--ada--tiny/refs/main"
add ada--decoder 1
echo '{"model_type": "gpt2"}' >"$hub/models--ada--decoder/snapshots/1/config.json"
add ada--torch 1
cp "$tiny/config.json" "$tiny/vocab.txt" "$hub/models--ada--torch/snapshots/1"
: >"$hub/models--ada--torch/snapshots/1/pytorch_model.bin"
add ada--wordless 1
cp "$tiny/config.json" "$tiny/model.safetensors" "$hub/models--ada--wordless/snapshots/1"
add ada--empty 1
add ada--broken 1
for file in "$tiny"/*; do
    ln -s "../../blobs/gone" "$hub/models--ada--broken/snapshots/1/${file##*/}"
done
mkdir -p "$work/data/headlight/models"
cp -r "$tiny" "$work/data/headlight/models/mine"
HF_HUB_CACHE=$hub XDG_DATA_HOME=$work/data
export HF_HUB_CACHE XDG_DATA_HOME

"$headlight" models >"$work/list"
is 'a model in the cache is listed' 1 "$(grep -c '^ada/tiny  *Hugging Face cache' "$work/list")"
is 'a model of the user is listed' 1 "$(grep -c '^mine  *yours' "$work/list")"
says() { # NAME SENTENCE
    is "$1 says why not" 1 "$(grep -A1 "^ada/$1 " "$work/list" | grep -c "can't be opened: .*$2")"
    "$headlight" render 'ba be' -m "ada/$1" -o "$work/x.png" 2>"$work/said"
    is "$1 is not opened, for the same reason" '1 1' "$? $(grep -c "$2" "$work/said")"
}
says decoder 'type "gpt2"'
says torch 'pytorch_model.bin'
says wordless 'no vocabulary'
says empty 'no config.json'
says broken 'no config.json'
check 'the list as JSON says it too' sh -c '"$1" models --json | grep -q "\"problem\": \"It has no config.json"' sh "$headlight"
"$headlight" render 'ba be' -m "$tiny" -o "$work/one.png"
for name in ada/tiny mine; do
    check "$name opens by name" "$headlight" render 'ba be' -m $name --no-caption -o "$work/two.png"
done
HF_HUB_CACHE='' HF_HOME=$work "$headlight" models >"$work/list2"
unset HF_HUB_CACHE
HF_HOME=$work "$headlight" models >"$work/list2"
is 'HF_HOME leads to the same place' "$(grep -c '^ada/' "$work/list")" "$(grep -c '^ada/' "$work/list2")"
mkdir -p "$work/home/.cache/huggingface"
mv "$hub" "$work/home/.cache/huggingface/hub"
HOME=$work/home "$headlight" models >"$work/list2"
is 'and so does the home folder' "$(grep -c '^ada/' "$work/list")" "$(grep -c '^ada/' "$work/list2")"

# What is dropped on the window goes through the command "open".
drop() { "$headlight" render 'ba be' -m "$tiny" --do "open $1" -o "$work/drop.svg" 2>"$work/said"; }
printf 'fa fe\n\n  fi\n' >"$work/text.txt"
drop "$work/text.txt"
is 'a text file becomes the sentence' 1 "$(grep -c '<title>fa fe fi</title>' "$work/drop.svg")"
"$headlight" dump 'da de' -m "$tiny" -o "$work/t.safetensors"
drop "$work/t.safetensors"
is 'a trace is shown' 1 "$(grep -c '<title>da de</title>' "$work/drop.svg")"
"$headlight" dump 'da de' -m "$tiny" -o "$work/t.json"
drop "$work/t.json"
is 'as JSON too' 1 "$(grep -c '<title>da de' "$work/drop.svg")"
cp -r "$tiny" "$work/other"
for what in "$work/other" "$work/other/" "$work/other/model.safetensors" "$work/other/config.json"; do
    drop "$what"
    is "a model is opened by ${what##*/}" 1 "$(grep -c '^Model: other' "$work/drop.svg")"
done
printf 'ba\377' >"$work/bytes"
drop "$work/bytes"
is 'bytes are refused' '1' "$(grep -c 'no model folder, no trace and no UTF-8 text' "$work/said")"
drop "$work/nowhere"
is 'and so is what is not there' 1 $?
finish
