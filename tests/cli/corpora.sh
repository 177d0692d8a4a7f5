#!/bin/sh
# Every input that fuzzing kept, through the function it is for: `make fuzz` finds them, `make fuzz-keep`
# keeps them.
. tests/lib.sh

HOME=$work
export HOME
for kind in tests/fuzz/corpus/*/; do
    kind=$(basename "$kind")
    FUZZ_KIND=$kind
    export FUZZ_KIND
    if timeout 200 "$build/tests/fuzz/replay" "tests/fuzz/corpus/$kind" >"$work/count" 2>"$work/log"; then
        ok "$kind: $(cat "$work/count") inputs"
    else
        not_ok "$kind: an input that fails" "$(tail -n 40 "$work/log")"
    fi
done
finish
