#!/bin/sh
# `make test` where it is not at home, in fresh clones: `make portability`. Each line is one run:
#
#     a folder with blanks and letters that are no ASCII, a Turkish locale (where I is not the capital of i,
#     and a comma stands in 0,5), one processor, gcc
#     clang, LANG=C
#     a processor without AVX2, AVX and FMA (qemu's Nehalem): reference tests, kernels and figures
#
# Ends with a line for each, and leaves what each printed in build-portability. HEADLIGHT_RUNS chooses:
# turkish, clang, old.
set -u
root=$PWD
work=$(mktemp -d "${TMPDIR:-/tmp}/headlight-portability.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
logs=$root/build-portability
mkdir -p "$logs"
failed=0

clone() { # FOLDER
    git clone -q "$root" "$1" || exit 1
    # What lies beside the repository is needed by some tests, which skip without it.
    [ ! -d "$root/../shared" ] || ln -s "$(cd "$root/../shared" && pwd)" "$1/../shared"
}
verdict() { # NAME STATUS LOG
    cp "$3" "$logs/$run.log"
    grep -E '^[0-9]+ passed' "$3" | tail -n 1 | sed "s/^/$1: /"
    if [ "$2" != 0 ]; then
        grep -E 'FAILED|^ *not ok|^ *# |error:|warning:|Error ' "$3" | head -n 60
        failed=1
    fi
    grep -E 'warning:' "$3" | head -n 5
}

for run in ${HEADLIGHT_RUNS:-turkish clang old}; do
    case $run in
    turkish)
        mkdir "$work/Köpfe im Licht ğ"
        clone "$work/Köpfe im Licht ğ/head light"
        mkdir "$work/locale"
        localedef -i tr_TR -f UTF-8 "$work/locale/tr_TR.UTF-8" 2>/dev/null
        (cd "$work/Köpfe im Licht ğ/head light" &&
            LOCPATH=$work/locale HEADLIGHT_LOCALE=tr_TR.UTF-8 LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8 \
                taskset -c 0 make JOBS=1 test) >"$work/log" 2>&1
        verdict 'gcc, Turkish, one processor, a folder with blanks' $? "$work/log"
        rm -rf "$work/Köpfe im Licht ğ"
        ;;
    clang)
        mkdir "$work/clang"
        clone "$work/clang/headlight"
        (cd "$work/clang/headlight" && LANG=C HEADLIGHT_LOCALE=C LC_ALL=C make CC=clang test) >"$work/log" 2>&1
        verdict 'clang, LANG=C' $? "$work/log"
        rm -rf "$work/clang"
        ;;
    old)
        make test-programs >"$work/log" 2>&1 || failed=1
        good=0 bad=0
        for program in build/tests/reference/test_bert_golden build/tests/reference/test_bert_own \
            build/tests/reference/test_families build/tests/unit/test_kernels build/tests/unit/test_steps; do
            CMOCKA_MESSAGE_OUTPUT=TAP qemu-x86_64 -cpu Nehalem "$program" >"$work/log" 2>&1 || failed=1
            good=$((good + $(grep -c '^ok' "$work/log")))
            bad=$((bad + $(grep -c '^not ok' "$work/log")))
        done
        for kind in png svg pdf; do
            qemu-x86_64 -cpu Nehalem build/headlight render -o "$work/old.$kind" \
                "The animal didn't cross the street because it was too tired." 2>"$work/log" &&
                build/headlight render -o "$work/new.$kind" \
                    "The animal didn't cross the street because it was too tired." || failed=1
            [ -s "$work/old.$kind" ] && good=$((good + 1)) || bad=$((bad + 1))
        done
        # Sums in another order differ in the last places; the picture must not.
        cmp -s "$work/old.png" "$work/new.png" && good=$((good + 1)) || echo '# the picture differs by rounding'
        echo "a processor without AVX: $good passed, $bad failed"
        [ "$bad" = 0 ] || failed=1
        ;;
    esac
done
exit $failed
