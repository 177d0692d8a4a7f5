#!/bin/sh
# `make test` where it is not at home, in fresh clones: `make portability`. Each line is one run:
#
#     a folder with blanks and letters that are no ASCII, a Turkish locale (where I is not the capital of i,
#     and a comma stands in 0,5), one processor, gcc
#     clang, LANG=C
#     a processor without AVX2, AVX and FMA (qemu's Nehalem; the plain build only, since the sanitizers' one
#     does not run there)
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
# A folder of programs with the same names, which run those of the other one on that processor.
wrap() { # BUILD FOLDER
    (cd "$1" && find . -type f -perm -u+x) | while read -r file; do
        mkdir -p "$2/$(dirname "$file")"
        printf '#!/bin/sh\nexec qemu-x86_64 -cpu Nehalem "%s" "$@"\n' "$PWD/$1/${file#./}" >"$2/$file"
        chmod +x "$2/$file"
    done
    cp "$1/flags" "$2/"
    ln -s "$PWD/$1/src" "$2/src" # the objects, for check_house.sh
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
        mkdir "$work/old"
        clone "$work/old/headlight"
        (cd "$work/old/headlight" && make test-programs && wrap build build-old &&
            FAULT_CALLS=9000 FAULT_KILLS=3 sh tests/run.sh build-old) \
            >"$work/log" 2>&1
        verdict 'a processor without AVX2, AVX and FMA' $? "$work/log"
        # (One fault of a kind: a window takes ten times as long there.) Sums in another order differ in the last places; the picture must not.
        (cd "$work/old/headlight" && for program in build build-old; do
            $program/headlight render -o $program.png "The animal didn't cross the street because it was too tired."
        done && cmp build.png build-old.png) || { echo 'the picture differs'; failed=1; }
        rm -rf "$work/old"
        ;;
    esac
done
exit $failed
