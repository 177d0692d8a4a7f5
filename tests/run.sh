#!/bin/sh
# Runs every test, as many side by side as there are processors, and counts.
#
#     sh tests/run.sh BUILD [CHECKED]      the last line is "N passed, N failed"
#     sh tests/run.sh --golden BUILD       rewrites the golden texts instead
#
# BUILD gets everything; CHECKED, built under the sanitizers, the test programs and the command line
# once more. Each test has a home of its own in a scratch folder. (--job SCRATCH NUMBER SECONDS BUILD TEST is
# how the script calls itself for one test: a program or a script below tests/, without its ending.)
cd "$(dirname "$0")/.." || exit 1

# Counts the TAP in the log of one program that ended with that status; the log of a failed one is
# shown. A program that stopped before the end of its plan failed, whatever it said until then.
count() { # NAME STATUS LOG
    set -- "$1" "$2" "$3" $(awk '
        /^1\.\.[0-9]+/ { planned += substr($1, 4); plans++ }
        /^(not )?ok .*# SKIP/ { s++; next }
        /^ok / { p++ }
        /^not ok / { f++ }
        END { print p + 0, f + 0, s + 0, (plans ? planned - p - f - s : 1) }' "$3")
    why=
    bad=$5
    if [ "$7" -gt 0 ]; then
        bad=$((bad + $7))
        why=", stopped before the end (status $2)"
    elif [ "$2" != 0 ] && { [ "$5" = 0 ] || [ "$2" -ge 99 ]; }; then
        bad=$((bad + 1))
        why=", ended with status $2"
    fi
    echo "$4 $bad $6" >>"$scratch/counts"
    if [ "$bad" = 0 ]; then
        line="$1: $4 passed"
        [ "$6" = 0 ] || line="$line, $6 skipped"
        echo "$line"
        grep '# SKIP' "$3" | sed 's/.*# SKIP/    skipped:/'
    else
        echo "$1: $4 passed, $bad FAILED$why"
        grep -v '^ok ' "$3" | sed 's/^/    /' | head -n 120
    fi
}

# One test: its verdict goes to standard output at once, its counts to SCRATCH/counts.
job() { # SCRATCH NUMBER SECONDS BUILD TEST
    scratch=$1 log=$1/log.$2 seconds=$3 build=$4 name=$5
    export HOME="$1/home.$2"
    mkdir "$HOME"
    if [ -f "tests/$name.sh" ]; then
        set -- sh "tests/$name.sh" "$build"
    else
        set -- "$build/tests/$name"
    fi
    # The time is what a hang takes, not what a test may take on a busy machine.
    HEADLIGHT=$build/headlight timeout -k 10 "$seconds" "$@" >"$log" 2>&1 </dev/null
    verdict=$(count "$build: $name" $? "$log")
    printf '%s\n' "$verdict"
    rm -rf "$HOME" "$log"
}

if [ "${1:-}" = --job ]; then
    shift
    job "$@"
    exit 0
fi

golden=
if [ "${1:-}" = --golden ]; then
    golden=1
    shift
fi
first=${1:-build}
checked=${2:-}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/headlight-run.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM
unset DISPLAY WAYLAND_DISPLAY XDG_CONFIG_HOME XDG_DATA_HOME XDG_DATA_DIRS XDG_STATE_HOME XDG_CACHE_HOME
unset XDG_CONFIG_DIRS XDG_PICTURES_DIR HF_HOME HF_HUB_CACHE FONTCONFIG_FILE FONTCONFIG_PATH
export LC_ALL="${HEADLIGHT_LOCALE:-C.UTF-8}" TZ=UTC SDL_AUDIODRIVER=dummy
export CMOCKA_MESSAGE_OUTPUT=TAP
# A status of their own for what the sanitizers find, so that no test takes it for an expected failure.
export ASAN_OPTIONS="exitcode=99:detect_stack_use_after_return=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:exitcode=99:${UBSAN_OPTIONS:-}"
# A copy: the sanitizer takes no blanks in a path.
cp tests/lsan.supp "$scratch/lsan.supp"
export LSAN_OPTIONS="suppressions=$scratch/lsan.supp:print_suppressions=0:${LSAN_OPTIONS:-}"

tests() { # SECONDS BUILD FILE...
    seconds=$1 build=$2
    shift 2
    for file; do
        file=${file#tests/}
        echo "$seconds $build ${file%.*}"
    done
}
programs() { tests 600 "$1" tests/unit/test_*.c tests/reference/test_*.c; }
# What takes longest comes first, so that no processor has nothing to do in the end.
[ -z "$golden" ] || export HEADLIGHT_GOLDEN=write
if [ -n "$golden" ]; then
    programs "$first"
else
    tests 1200 "$first" tests/ui/*.sh
    [ -z "$checked" ] || tests 1200 "$checked" tests/cli/*.sh
    [ -z "$checked" ] || programs "$checked"
    tests 1200 "$first" tests/cli/*.sh
    programs "$first"
    # Objects built under the sanitizers hold data that is not ours.
    grep -q -e -fsanitize "$first/flags" || tests 120 "$first" tests/check_house.sh
fi | sed = | paste -d ' ' - - >"$scratch/jobs"

: >"$scratch/counts"
xargs -P "$(nproc 2>/dev/null || echo 1)" -L 1 sh tests/run.sh --job "$scratch" <"$scratch/jobs"

set -- $(awk -v jobs="$(grep -c '' "$scratch/jobs")" '
    { p += $1; f += $2; s += $3 }
    END { print p + 0, f + jobs - NR, s + 0 } # a test without counts was ended from outside' "$scratch/counts")
echo
if [ "$3" = 0 ]; then
    echo "$1 passed, $2 failed"
else
    echo "$1 passed, $2 failed, $3 skipped"
fi
[ "$2" = 0 ]
