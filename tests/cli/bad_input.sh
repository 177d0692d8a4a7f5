#!/bin/sh
# What is bad gets one clear sentence and its exit status, and leaves nothing behind.
. tests/lib.sh

tiny=tests/data/bert-tiny
png=$work/figure.png
render() { # STATUS NAME WORD ARGUMENTS...
    expected=$1 what=$2 pattern=$3
    shift 3
    fails "$expected" "$what" "$pattern" "$headlight" render "$@"
    [ ! -e "$png" ] || not_ok "$what: no file" "$png was written"
    rm -f "$png"
}

# A copy of the tiny model, to be spoiled.
spoil() { # NAME
    bad=$work/$1
    mkdir "$bad" && cp $tiny/config.json $tiny/vocab.txt $tiny/model.safetensors "$bad"
}
config() { sed -e "$1" $tiny/config.json >"$bad/config.json"; }

render 2 'no text' 'text is needed' -o "$png"
render 2 'no file to write' 'needs a file' ba
render 2 'an unknown format' '\.png' ba -o "$work/figure.bmp"
render 2 'an unknown option' 'not an option' ba --wobble -o "$png"
render 2 'an option without its argument' 'needs an argument' ba -o
render 2 'two texts' 'more than one text' ba be -o "$png"
render 2 'a size that is none' 'width and a height' ba --size 12 -o "$png"
render 2 'a scale out of range' 'number from' ba --scale 9 -o "$png"
render 1 'an empty text' 'empty' '' -m $tiny -o "$png"
render 1 'a text of blanks' 'empty' '   ' -m $tiny -o "$png"
render 1 'a text that is not UTF-8' 'UTF-8 at byte 3' "$(printf 'ba \377')" -m $tiny -o "$png"
render 1 'a layer that is not there' 'layers go from 0' ba -m $tiny -l 99 -o "$png"
render 1 'a head that is not there' 'heads go from 0' ba -m $tiny -H 0,99 -o "$png"
render 1 'a picture too large' 'too large' ba -m $tiny --size 16000x16000 --scale 4 -o "$png"
fails 2 'dump without a file' 'needs a file' "$headlight" dump ba -m $tiny

render 1 'no such model' 'no model called' ba -m nowhere -o "$png"
render 1 'no such folder' 'no model folder' ba -m ./nowhere -o "$png"
spoil no-config && rm "$bad/config.json"
render 1 'a folder without config.json' 'config.json' ba -m "$bad" -o "$png"
spoil no-weights && rm "$bad/model.safetensors"
render 1 'a folder without weights' 'weights|model.safetensors' ba -m "$bad" -o "$png"
spoil no-vocab && rm "$bad/vocab.txt"
render 1 'a folder without a vocabulary' 'vocab.txt' ba -m "$bad" -o "$png"
spoil broken-json && echo '{"model_type": "bert",' >"$bad/config.json"
render 1 'broken JSON' 'JSON' ba -m "$bad" -o "$png"
spoil type && config 's/"bert"/"wobble"/'
render 1 'an unknown model_type' 'wobble' ba -m "$bad" -o "$png"
spoil heads && config 's/\("num_attention_heads": *\)[0-9]*/\17/'
render 1 'heads that do not divide the hidden size' 'num_attention_heads|heads' ba -m "$bad" -o "$png"
spoil huge && config 's/\("hidden_size": *\)[0-9]*/\1999999999/'
render 1 'a hidden size out of range' 'hidden_size' ba -m "$bad" -o "$png"
spoil wide && config 's/\("intermediate_size": *\)[0-9]*/\148/'
render 1 'a tensor of another shape' 'shape|\[' ba -m "$bad" -o "$png"
spoil large && for i in 1 2 3; do echo "more$i"; done >>"$bad/vocab.txt"
render 1 'a vocabulary that does not fit' 'vocab' ba -m "$bad" -o "$png"
spoil empty-vocab && : >"$bad/vocab.txt"
render 1 'an empty vocabulary' 'empty' ba -m "$bad" -o "$png"

spoil empty && : >"$bad/model.safetensors"
render 1 'an empty weights file' 'safetensors' ba -m "$bad" -o "$png"
spoil cut && head -c 5000 $tiny/model.safetensors >"$bad/model.safetensors"
render 1 'weights cut off' 'safetensors' ba -m "$bad" -o "$png"
spoil header && printf '\377\377\377\377\377\377\377\177{}' >"$bad/model.safetensors"
render 1 'a header longer than the file' 'safetensors' ba -m "$bad" -o "$png"
spoil lying && sed 's/"data_offsets": \[0,/"data_offsets": [9,/' $tiny/model.safetensors >"$bad/model.safetensors"
render 1 'a header that lies' 'safetensors' ba -m "$bad" -o "$png"
spoil dtype && sed 's/"F32"/"I32"/' $tiny/model.safetensors >"$bad/model.safetensors"
render 1 'a tensor of another type' 'I32' ba -m "$bad" -o "$png"
spoil missing && sed 's/embeddings.position_embeddings/embeddings.position_embeddingz/' \
    $tiny/model.safetensors >"$bad/model.safetensors"
render 1 'a missing tensor' 'position_embeddings' ba -m "$bad" -o "$png"

render 1 'a trace that is none' 'safetensors' --trace README.md -o "$png"
render 1 'a trace that is not there' 'nowhere' --trace "$work/nowhere.safetensors" -o "$png"

echo old >"$work/kept.png"
(
    ulimit -f 1
    trap '' XFSZ
    timeout 60 "$headlight" render ba -m $tiny -o "$work/kept.png" 2>"$work/said"
    echo $? >"$work/status"
)
check 'a disk that fills up: the old file stays, and nothing beside it' sh -c '
    test "$(cat "$1/status")" = 1 && test "$(cat "$1/kept.png")" = old &&
    grep -q "^headlight: .*kept.png" "$1/said" && test "$(ls "$1" | grep -c "kept.png")" = 1' sh "$work"
render 1 'a folder that is not there' 'written' ba -m $tiny -o "$work/nowhere/figure.png"
fails 1 'a full device' 'space' sh -c '"$1" dump ba -m "$2" -o - >/dev/full' sh "$headlight" $tiny
fails 1 'text from an input that is not UTF-8' 'line 2' sh -c '
    printf "ba\n\377\n" | "$1" tokenize -m "$2" >/dev/null' sh "$headlight" $tiny

fails 1 'no display' 'headlight render' env -u DISPLAY -u WAYLAND_DISPLAY -u SDL_VIDEODRIVER "$headlight"
printf '<?xml version="1.0"?><fontconfig><dir>%s</dir></fontconfig>' "$work/nowhere" >"$work/fonts.conf"
fails 1 'no font' 'fonts-dejavu-core' env FONTCONFIG_FILE="$work/fonts.conf" \
    "$headlight" render ba -m $tiny -o "$png"
finish
