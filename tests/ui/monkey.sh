#!/bin/sh
# A monkey at the window (tests/soak/monkey.c): random events, under the sanitizers where they are built.
#
#     MONKEY_EVENTS=1000000 MONKEY_SEEDS='1 2' sh tests/ui/monkey.sh      which is what `make soak` does
#
# With MONKEY_EVENTS the run is told as it goes on.
. tests/lib.sh
. tests/lib_ui.sh

monkey=$build/headlight-monkey
[ ! -x "$build-sanitize/headlight-monkey" ] || monkey=$build-sanitize/headlight-monkey
events=${MONKEY_EVENTS:-1500}
# An abort, so that the monkey can tell what it did last.
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-}:print_stacktrace=1:abort_on_error=1"
export ASAN_OPTIONS="exitcode=99:${ASAN_OPTIONS:-}:detect_stack_use_after_return=0:quarantine_size_mb=64:handle_abort=1"
cp tests/lsan.supp "$work/lsan.supp" # a path without blanks
export LSAN_OPTIONS="suppressions=$work/lsan.supp:print_suppressions=0:${LSAN_OPTIONS:-}"

# run SEED [leak]: what it says goes to $work/monkey.log, and is shown when somebody asked for a long run.
run() {
    HEADLIGHT_MONKEY="$1 $events ${2:-}" HEADLIGHT_MONKEY_SCRATCH=$work/monkey-$1 "$monkey" >"$work/monkey.log" 2>&1 </dev/null &
    program=$!
    started="$started $program"
    shown=
    [ -z "${MONKEY_EVENTS:-}" ] || { tail -n +1 -f "$work/monkey.log" & shown=$!; }
    wait "$program"
    status=$?
    [ -z "$shown" ] || kill "$shown"
    return $status
}

start_display 1600x1000
bad=0
for seed in ${MONKEY_SEEDS:-1 2 3}; do
    if run "$seed"; then
        ok "$events random events, seed $seed"
        [ -n "${MONKEY_EVENTS:-}" ] || grep '^# monkey:' "$work/monkey.log"
    else
        bad=1
        not_ok "$events random events, seed $seed" "it failed" "$(head -c 12000 "$work/monkey.log")"
    fi
    rm -rf "$work/monkey-$seed"
done
# What looks at the memory sees a leak.
if [ -z "${MONKEY_EVENTS:-}" ]; then
    events=800
    run 7 leak
    check 'memory that grows is noticed' grep -q 'holds .* MB more than at the start' "$work/monkey.log" || bad=1
fi
echo "1..$tests_done"
exit $bad
