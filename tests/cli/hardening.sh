#!/bin/sh
# How the program is built, and that nothing but `headlight fetch` speaks to a network.
. tests/lib.sh

if grep -q -e -fsanitize "$build/flags"; then
    skip 'flags that make attacks harder' 'this build is one for the sanitizers'
elif ! head -c 4 "$headlight" | grep -q ELF; then
    skip 'flags that make attacks harder' 'the program is a script that runs the real one'
else
    LC_ALL=C readelf -hW "$headlight" >"$work/header"
    LC_ALL=C readelf -lW "$headlight" >"$work/segments"
    LC_ALL=C readelf -dW "$headlight" >"$work/dynamic"
    LC_ALL=C readelf --dyn-syms -W "$headlight" >"$work/symbols"
    check 'it can be loaded anywhere (PIE)' grep -q 'Type: *DYN' "$work/header"
    check 'its tables are read-only once it runs (RELRO)' grep -q GNU_RELRO "$work/segments"
    check 'all of them (BIND_NOW)' grep -Eq 'BIND_NOW|FLAGS_1.*NOW' "$work/dynamic"
    check 'its stack holds no code' sh -c 'grep GNU_STACK "$1" | grep -q "RW " && ! grep GNU_STACK "$1" | grep -q RWE' sh "$work/segments"
    check 'stack protector' grep -q __stack_chk_fail "$work/symbols"
    check 'checked string functions (FORTIFY)' grep -Eq '__(memcpy|snprintf|vsnprintf|printf|fprintf)_chk' "$work/symbols"
    check 'no path of libraries of its own' sh -c '! grep -Eq "RPATH|RUNPATH" "$1"' sh "$work/dynamic"
fi

# A network is an address of the internet; the X server and the like are asked by other ways.
silent() { # NAME COMMAND...
    name=$1
    shift
    timeout 120 strace -f -qq -e trace=socket,connect -o "$work/calls" "$@" >"$work/out" 2>"$work/err"
    status=$?
    if [ $status != 0 ]; then
        not_ok "$name" "status $status" "$(cat "$work/err")"
    elif grep -q AF_INET "$work/calls"; then
        not_ok "$name" "$(grep AF_INET "$work/calls" | head -n 5)"
    else
        ok "$name"
    fi
}
if grep -q -e -fsanitize "$build/flags"; then
    skip 'no network' 'this build is one for the sanitizers'
elif ! strace -o "$work/calls" true 2>/dev/null; then
    skip 'no network' 'strace is not here, or may not look'
else
    tiny=tests/data/bert-tiny
    for kind in png svg pdf; do
        silent "a figure as $kind: no network" "$headlight" render -m $tiny -o "$work/x.$kind" "the cat"
    done
    silent 'a page of BertViz: no network' "$headlight" render --trace assets/thinking-machines.json -o "$work/x.png"
    silent 'the list of models: no network' "$headlight" models
    silent 'heads: no network' "$headlight" heads "The cat sat."
    # And what may speak to one does so where it is told to: nobody listens on port 1.
    timeout 60 strace -f -qq -e trace=connect -o "$work/calls" "$headlight" fetch ann/tiny --endpoint http://127.0.0.1:1 >"$work/out" 2>&1
    check 'fetch: only the address that it is given' sh -c 'grep AF_INET "$1" | grep -q 127.0.0.1 && ! grep AF_INET "$1" | grep -qv "127.0.0.1"' sh "$work/calls"
fi
finish
