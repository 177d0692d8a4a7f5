#!/bin/sh
# A world that fails: no memory, a full disk, kill -9 in the middle of a save, no home, no fonts. The program
# says so in one sentence, and what was there before is there after.
#
# Of the calls that could fail a few, evenly spread, are tried. With FAULT_PLACES (`make faults`) every call for
# memory from somewhere new is: the first four of each stack of functions. And every call that writes.
. tests/lib.sh

faulty=$build/headlight-faulty
tiny=tests/data/bert-tiny
sample=12
# Under the sanitizers each start takes ten times as long.
! grep -q -e -fsanitize "$build/flags" || sample=2
text='the cat sat'
old='what was there before'

# fault FAULT COMMAND...: runs the faulty program; its status, and what it said in $work/said.
fault() {
    wanted=$1
    shift
    HEADLIGHT_FAULT=$wanted timeout 60 "$faulty" "$@" >"$work/out" 2>"$work/said" </dev/null
}
# How often COMMAND asks for memory (memory) or writes (disk).
calls() {
    what=$1
    shift
    fault count "$@" || return 1
    sed -n "s/^# .*$what \([0-9]*\).*/\1/p" "$work/said"
}
one_sentence() { test "$(grep -c '' "$work/said")" = 1 && grep -q '^headlight: .*[.]$' "$work/said"; }

# ---- No memory at the n-th call, from then on or once ----------------------------------------------
# no_memory NAME FILE COMMAND...: FILE is what the command writes.
no_memory() {
    name=$1 file=$2
    shift 2
    rm -f "$file"
    total=$(calls memory "$@")
    if [ -z "$total" ] || [ "$total" = 0 ]; then
        not_ok "$name: without a fault it works" "$(cat "$work/said")"
        return
    fi
    if [ -n "${FAULT_PLACES:-}" ]; then
        fault places "$@"
        numbers=$(sed -n 's/^# place //p' "$work/said")
    else
        numbers=$(seq 1 $((1 + total / sample)) "$total")
    fi
    bad='' tried=0
    for n in $numbers; do
        for kind in memory memory-once; do
            echo "$old" >"$file"
            fault "$kind $n" "$@"
            status=$?
            tried=$((tried + 1))
            if [ $status = 1 ]; then
                one_sentence && grep -q memory "$work/said" && [ "$(cat "$file")" = "$old" ] ||
                    bad="$bad $kind $n: $(head -c 300 "$work/said")"
            elif [ $status != 0 ] || [ $kind = memory ]; then
                bad="$bad $kind $n: status $status, $(head -c 300 "$work/said")"
            elif [ "$(cat "$file")" = "$old" ]; then
                bad="$bad $kind $n: status 0, but nothing was written"
            fi
            leftovers=$(find "$work" -name "$(basename "$file").*")
            [ -z "$leftovers" ] || bad="$bad $kind $n: left $leftovers"
        done
    done
    if [ -z "$bad" ]; then ok "$name: no memory, $tried of $((2 * total)) calls"; else not_ok "$name: no memory" "$bad"; fi
}
for kind in png svg pdf csv json; do
    no_memory "a figure as $kind" "$work/figure.$kind" render -m $tiny -o "$work/figure.$kind" "$text"
done
for view in heatmap model neuron flow walk compare; do
    no_memory "the view $view" "$work/$view.svg" render -m $tiny -v $view --compare "a dog" -o "$work/$view.svg" "$text"
done
no_memory 'a dump' "$work/trace.safetensors" dump -m $tiny -o "$work/trace.safetensors" "$text"
"$headlight" dump -m $tiny -o "$work/trace.json" "$text"
no_memory 'a trace in JSON' "$work/from.svg" render --trace "$work/trace.json" -o "$work/from.svg"

# ---- The disk is full, or broken, at the n-th call that writes; kill -9 there ---------------------------
# spoiled NAME FILE COMMAND...
spoiled() {
    name=$1 file=$2
    shift 2
    echo "$old" >"$file" # what there is to replace takes a call more
    total=$(calls disk "$@")
    cp "$file" "$work/whole"
    bad=
    for kind in disk error; do
        n=1
        while [ "$n" -le "$total" ]; do
            echo "$old" >"$file"
            fault "$kind $n" "$@"
            status=$?
            [ $status = 1 ] && one_sentence && grep -q "can't be written" "$work/said" && [ "$(cat "$file")" = "$old" ] &&
                [ -z "$(find "$work" -name "$(basename "$file").*")" ] ||
                bad="$bad $kind $n: status $status, $(head -c 300 "$work/said"), $(ls "$work")"
            n=$((n + 1))
        done
    done
    if [ -z "$bad" ]; then ok "$name: a full and a broken disk, at each of $total calls"; else not_ok "$name: a full disk" "$bad"; fi
    bad= n=1
    while [ "$n" -le "$total" ]; do
        for kind in kill kill-half; do
            echo "$old" >"$file"
            # In a shell of its own, which says nothing about how its child ended.
            sh -c 'HEADLIGHT_FAULT=$1; export HEADLIGHT_FAULT; shift; "$@"; exit $?' sh "$kind $n" "$faulty" "$@" >/dev/null 2>&1
            [ "$(cat "$file")" = "$old" ] || cmp -s "$file" "$work/whole" || bad="$bad $kind $n"
            # Nothing lies beside it, or, just before it takes its place, the whole new file.
            for left in "$file".[0-9]*; do
                [ ! -e "$left" ] || cmp -s "$left" "$work/whole" || bad="$bad $kind $n left $left"
                rm -f "$left"
            done
        done
        n=$((n + 1))
    done
    if [ -z "$bad" ]; then ok "$name: kill -9 at each of $total calls leaves the old file or the new one"; else not_ok "$name: kill -9" "$bad"; fi
}
for kind in png svg pdf csv json; do
    spoiled "a figure as $kind" "$work/figure.$kind" render -m $tiny -o "$work/figure.$kind" "$text"
done
spoiled 'a dump' "$work/trace.safetensors" dump -m $tiny -o "$work/trace.safetensors" "$text"
spoiled 'a dump as JSON' "$work/trace.json" dump -m $tiny -o "$work/trace.json" "$text"

# Where new files must have a name, one that is not whole is taken away again.
"$headlight" render -m $tiny -o "$work/whole.svg" "$text"
HEADLIGHT_FAULT=named "$faulty" render -m $tiny -o "$work/named.svg" "$text"
check 'a file system without files without names' cmp "$work/named.svg" "$work/whole.svg"
HEADLIGHT_FAULT=unlinkable "$faulty" render -m $tiny -o "$work/link.svg" "$text"
check 'one where they can not be given a name' cmp "$work/link.svg" "$work/whole.svg"
HEADLIGHT_FAULT='named disk 3' "$faulty" render -m $tiny -o "$work/named2.svg" "$text" 2>"$work/said"
check 'and when it is full nothing is left' sh -c 'grep -q "written" "$2" && ! ls "$1"/named2* 2>/dev/null' sh "$work" "$work/said"

# A limit on the size of files is a full disk too, without any help.
"$headlight" render -m $tiny -o "$work/large.png" "$text"
fails 1 'a file larger than allowed' 'file too large' sh -c 'ulimit -f 1; "$1" render -m "$2" -o "$3" "$4"' sh "$headlight" $tiny "$work/limited.png" "$text"
check 'and nothing is left of it' sh -c '! ls "$1"/limited* 2>/dev/null' sh "$work"
fails 1 'standard output on a full disk' 'standard output|no space' sh -c '"$1" dump -m "$2" -o - "$3" >/dev/full' sh "$headlight" $tiny "$text"
# A batch goes on, and tells at the end what could not be written.
printf 'the cat\nthe dog\n' >"$work/lines.txt"
mkdir "$work/batch"
fault 'disk 6' render -m $tiny --batch "$work/lines.txt" -o "$work/batch/%03d.png"
check 'a batch on a full disk: status 1' test $? = 1
check 'the first figure is there, the second is not' sh -c 'test "$(ls "$1")" = 001.png' sh "$work/batch"

# ---- A download on a full disk: resumed, it is right ------------------------------------------------------
XDG_DATA_HOME=$work/data no_proxy='*'
export XDG_DATA_HOME no_proxy
own=$XDG_DATA_HOME/headlight/models
hub=$work/hub
mkdir -p "$hub/ann/tiny"
cp $tiny/config.json $tiny/vocab.txt $tiny/model.safetensors "$hub/ann/tiny"
"$build/tests/ui/hub_server" "$hub" >"$work/port" &
started="$started $!"
wait_for 60 test -s "$work/port" || not_ok 'the server starts' ''
endpoint=http://127.0.0.1:$(cat "$work/port")
whole() {
    for file in config.json vocab.txt model.safetensors; do cmp -s "$hub/ann/tiny/$file" "$own/ann--tiny/$file" || return 1; done
}
total=$(calls disk fetch ann/tiny --endpoint "$endpoint")
check 'a download' whole
rm -rf "$own"
n=1 bad='' tried=0
[ -z "${FAULT_PLACES:-}" ] || sample=$total
while [ "$n" -le "$total" ]; do
    tried=$((tried + 1))
    for kind in disk kill kill-half; do
        sh -c 'HEADLIGHT_FAULT=$1; export HEADLIGHT_FAULT; shift; "$@"; exit $?' sh "$kind $n" "$faulty" fetch ann/tiny --endpoint "$endpoint" >"$work/out" 2>"$work/said"
        status=$?
        if [ $status = 0 ]; then
            whole || bad="$bad $kind $n: status 0, not whole"
        else
            # What is listed is whole or not there; and the same command then brings the rest.
            [ ! -e "$own/ann--tiny" ] || whole || bad="$bad $kind $n: half a model is listed"
            [ $kind != disk ] || { [ $status = 1 ] && grep -q '^headlight: .*[.]$' "$work/said"; } || bad="$bad $kind $n: $(cat "$work/said")"
            "$headlight" fetch ann/tiny --endpoint "$endpoint" >/dev/null 2>"$work/said" && whole || bad="$bad $kind $n: not resumed, $(cat "$work/said")"
        fi
        rm -rf "$own"
    done
    n=$((n + (total + sample - 1) / sample))
done
if [ -z "$bad" ]; then ok "a download on a full disk and with kill -9, at $tried of $total calls"; else not_ok 'a download on a full disk' "$bad"; fi

# ---- Less memory than a trace takes ------------------------------------------------------------------------
# (What it takes to open the model is asked for too.)
fault 'available 12000' render -m $tiny -o "$work/no.png" "$(yes 'the cat sat' | head -n 20 | tr '\n' ' ')"
status=$?
check 'a trace larger than the free memory is refused with its size' sh -c '
    test "$1" = 1 && grep -q "tokens would take .* kB, but only 12 kB of memory are free" "$2"' sh $status "$work/said"
awk 'BEGIN { printf "{\"attention\": [["; for (i = 0; i < 40000; i++) printf "0,"; print "0]]}" }' >"$work/long.json"
for free in 10000000 14000000 30000000; do # of the 16 MB for pixels, 12 for colours, 36 for the file
    fault "available $free" render -m $tiny -o "$work/no.png" --size 1000x1000 --scale 2 "$text"
    status=$?
    check "a picture with $free bytes free: refused, and nothing is left" sh -c '
        test "$1" = 1 && test ! -e "$3" && grep -q "not enough memory for a picture of 2000 x 2000" "$2"' sh $status "$work/said" "$work/no.png"
done
fault 'available 40000000' render -m $tiny -o "$work/yes.png" --size 1000x1000 --scale 2 "$text"
check 'with enough it is made' test -s "$work/yes.png"
fault 'available 60000000' render -m models/headlight-en --view model -o "$work/no.csv" "$(yes 'the cat sat' | head -n 60 | tr '\n' ' ')"
check 'numbers that would take more than is free are refused' sh -c '
    test ! -e "$2" && grep -q "weights would take .* MB, but only 60 MB" "$1"' sh "$work/said" "$work/no.csv"
fault 'available 2000000' render --trace "$work/long.json" -o "$work/no.png"
check 'and so is a file that is larger than it when read' grep -q 'reading them would take' "$work/said"

# ---- Homes and fonts -----------------------------------------------------------------------------------------
check 'no home' env -u HOME -u XDG_STATE_HOME -u XDG_CACHE_HOME -u XDG_DATA_HOME "$headlight" render -m $tiny -o "$work/home.png" "$text"
check 'a home that is none' env HOME=/dev/null XDG_CACHE_HOME=/dev/null XDG_STATE_HOME=/dev/null XDG_DATA_HOME=/dev/null "$headlight" render -m $tiny -o "$work/home.png" "$text"
check 'heads, whose cache can not be written' env XDG_CACHE_HOME=/proc "$headlight" heads -m models/headlight-en "The cat sat."
fails 1 'a download into a home that is none' "can't be made|no place|not a folder" env XDG_DATA_HOME=/dev/null/x "$headlight" fetch ann/tiny --endpoint "$endpoint"
printf '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>' >"$work/none.conf"
fails 1 'no fonts at all' 'font' env FONTCONFIG_FILE="$work/none.conf" "$headlight" render -m $tiny -o "$work/font.png" "$text"
check 'and without drawing none are needed' env FONTCONFIG_FILE="$work/none.conf" "$headlight" dump -m $tiny -o "$work/font.json" "$text"

# ---- A model's folder leads nowhere else ---------------------------------------------------------------------
outside() { # NAME FILE: a model whose FILE is a link to the real one
    mkdir "$work/$1" && cp $tiny/config.json $tiny/vocab.txt $tiny/model.safetensors "$work/$1"
    rm "$work/$1/$2" && ln -s "$PWD/$tiny/$2" "$work/$1/$2"
}
for file in config.json vocab.txt model.safetensors; do
    outside "link-$file" $file
    fails 1 "a model whose $file is a link out of its folder" 'link to' "$headlight" render -m "$work/link-$file" -o "$work/l.png" "$text"
done
mkdir -p "$work/inside/real" && cp $tiny/config.json $tiny/vocab.txt "$work/inside" && cp $tiny/model.safetensors "$work/inside/real/w" && ln -s real/w "$work/inside/model.safetensors"
check 'a link that stays in the folder is followed' "$headlight" render -m "$work/inside" -o "$work/l.png" "$text"
cache=$work/hub-cache/models--ann--tiny
mkdir -p "$cache/blobs" "$cache/snapshots/0a"
for file in config.json vocab.txt model.safetensors; do
    cp $tiny/$file "$cache/blobs/$file" && ln -s "../../blobs/$file" "$cache/snapshots/0a/$file"
done
check 'and so are those of the Hugging Face cache' "$headlight" render -m "$cache/snapshots/0a" -o "$work/l.png" "$text"
ln -sf "$PWD/$tiny/vocab.txt" "$cache/snapshots/0a/vocab.txt"
fails 1 'but not out of the cache' 'link to' "$headlight" render -m "$cache/snapshots/0a" -o "$work/l.png" "$text"
mkdir "$work/pipe" && cp $tiny/config.json $tiny/model.safetensors "$work/pipe" && mkfifo "$work/pipe/vocab.txt"
fails 1 'a pipe in the place of a file' 'regular file' "$headlight" render -m "$work/pipe" -o "$work/l.png" "$text"

finish
