# lib.sh - what the shell tests share: a scratch folder, a verdict per check, and the count.
#
#     . tests/lib.sh
#     check 'the version is told' "$headlight" --version
#     finish
#
# Run from the repository root. Prints TAP, as the test programs do, for tests/run.sh to count.
set -u

headlight=${HEADLIGHT:-build/headlight}
build=$(dirname "$headlight")
work=$(mktemp -d "${TMPDIR:-/tmp}/headlight-test.XXXXXX") || exit 1
tests_done=0
# Nothing of the user's own is read or written.
XDG_CACHE_HOME=$work/cache XDG_STATE_HOME=$work/state
export XDG_CACHE_HOME XDG_STATE_HOME

# Ends what this script started, by process id, and removes the scratch folder.
started=
clean_up() {
    for pid in $started; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

ok() {
    tests_done=$((tests_done + 1))
    echo "ok $tests_done - $1"
}

# not_ok NAME WHY...
not_ok() {
    tests_done=$((tests_done + 1))
    echo "not ok $tests_done - $1"
    shift
    printf '%s\n' "$@" | sed 's/^/# /'
}

# skip NAME REASON
skip() {
    tests_done=$((tests_done + 1))
    echo "ok $tests_done # SKIP $1: $2"
}

finish() {
    echo "1..$tests_done"
    exit 0
}

# check NAME COMMAND...: the command must succeed.
check() {
    name=$1
    shift
    if "$@" >"$work/out" 2>"$work/err"; then
        ok "$name"
    else
        not_ok "$name" "status $? of: $*" "$(head -c 2000 "$work/out" "$work/err")"
        return 1
    fi
}

# fails STATUS NAME WORD COMMAND...: the command must end with that status and exactly one sentence,
# "headlight: ... WORD ...", on standard error. WORD is a pattern of grep -E; case does not matter.
fails() {
    status=$1 name=$2 word=$3
    shift 3
    timeout 60 "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    why=
    [ "$got" = "$status" ] || why="ended with status $got, not $status"
    if [ "$(grep -c '' "$work/err")" != 1 ]; then
        why="${why:+$why; }said $(grep -c '' "$work/err") lines, not one"
    elif ! grep -q '^headlight: .*[.!?)]$' "$work/err"; then
        why="${why:+$why; }what it said is not 'headlight: <sentence>.'"
    elif ! grep -qiE "$word" "$work/err"; then
        why="${why:+$why; }the sentence has nothing of '$word'"
    fi
    if [ -z "$why" ]; then
        ok "$name"
    else
        not_ok "$name" "$why" "$(head -c 3000 "$work/err")"
        return 1
    fi
}

# wait_for SECONDS COMMAND...: tries the command ten times a second until it succeeds.
# The seconds are what a hang takes, not what a slow machine may take: sixty, mostly.
wait_for() {
    tries=$(($1 * 10))
    shift
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.1
    done
}
