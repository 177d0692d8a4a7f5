#!/bin/sh
# Runs every test and counts.
#
#     sh tests/run.sh BUILD [CHECKED]      the last line is "N passed, N failed"
#     sh tests/run.sh --golden BUILD       rewrites the golden texts instead
#
# BUILD gets everything; CHECKED, built under the sanitizers, the test programs and the command line
# once more. Whatever a test writes outside its own scratch folder lands in a home of its own here.
cd "$(dirname "$0")/.." || exit 1

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
mkdir "$scratch/home"
unset DISPLAY WAYLAND_DISPLAY XDG_CONFIG_HOME XDG_DATA_HOME XDG_DATA_DIRS XDG_STATE_HOME XDG_CACHE_HOME
unset XDG_CONFIG_DIRS XDG_PICTURES_DIR HF_HOME HF_HUB_CACHE FONTCONFIG_FILE FONTCONFIG_PATH
export HOME="$scratch/home" LC_ALL=${HEADLIGHT_LOCALE:-C.UTF-8} TZ=UTC SDL_AUDIODRIVER=dummy
export CMOCKA_MESSAGE_OUTPUT=TAP
# A status of their own for what the sanitizers find, so that no test takes it for an expected failure.
export ASAN_OPTIONS="exitcode=99:detect_stack_use_after_return=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:exitcode=99:${UBSAN_OPTIONS:-}"
# A copy: the sanitizer takes no blanks in a path.
cp tests/lsan.supp "$scratch/lsan.supp"
export LSAN_OPTIONS="suppressions=$scratch/lsan.supp:print_suppressions=0:${LSAN_OPTIONS:-}"

passed=0 failed=0 skipped=0

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
    passed=$((passed + $4)) failed=$((failed + bad)) skipped=$((skipped + $6))
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

# The time is what a hang takes, not what a test may take on a busy machine.
run() { # NAME SECONDS COMMAND...
    name=$1 seconds=$2
    shift 2
    timeout -k 10 "$seconds" "$@" >"$scratch/log" 2>&1 </dev/null
    count "$name" $? "$scratch/log"
}

programs() { # BUILD
    for source in tests/unit/test_*.c tests/reference/test_*.c; do
        [ -f "$source" ] || continue
        program=${source%.c}
        run "$1: ${program#tests/}" 600 "$1/$program"
    done
}

scripts() { # BUILD FOLDER
    for script in tests/"$2"/*.sh; do
        [ -f "$script" ] || continue
        name=${script#tests/}
        run "$1: ${name%.sh}" 1200 env HEADLIGHT="$1/headlight" sh "$script"
    done
}

if [ -n "$golden" ]; then
    export HEADLIGHT_GOLDEN=write
    programs "$first"
    [ "$failed" = 0 ]
    exit
fi

programs "$first"
[ -z "$checked" ] || programs "$checked"
# Objects built under the sanitizers hold data that is not ours.
grep -q -e -fsanitize "$first/flags" || run 'house rules' 120 sh tests/check_house.sh "$first"
scripts "$first" cli
[ -z "$checked" ] || scripts "$checked" cli
scripts "$first" ui

echo
if [ "$skipped" = 0 ]; then
    echo "$passed passed, $failed failed"
else
    echo "$passed passed, $failed failed, $skipped skipped"
fi
[ "$failed" = 0 ]
