#!/bin/sh
# Every speed that is claimed, measured: forward passes beside the machine's limit and PyTorch, key
# press to finished frame, cold start to first frame.
#
#     sh tests/bench/run.sh BUILD [--short]
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
short=${2:-}

milliseconds() { # COMMAND...: the median and the fastest of so many runs
    rounds=15
    for i in $(seq $rounds); do
        start=$(date +%s%N)
        "$@" >/dev/null 2>&1
        echo $((($(date +%s%N) - start) / 10000))
    done | sort -n | awk '{ t[NR] = $1 / 100 } END { printf "%8.1f %8.1f\n", t[int((NR + 1) / 2)], t[1] }'
}

echo 'Key press to finished frame'
echo
"$build/tests/bench/bench_frame"

echo
echo 'Start of the program (ms)                      median  fastest'
printf '%-44s' 'limit: loading the libraries (--version)'
milliseconds "$build/headlight" --version
printf '%-44s' 'figure to file (render)'
figure=$(mktemp "${TMPDIR:-/tmp}/headlight-bench.XXXXXX.png")
milliseconds "$build/headlight" render 'The animal slept because it was tired.' -o "$figure"
rm -f "$figure"
if command -v Xvfb >/dev/null; then
    number=$(mktemp "${TMPDIR:-/tmp}/headlight-bench.XXXXXX")
    Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp -noreset 3>"$number" 2>/dev/null &
    server=$!
    while [ ! -s "$number" ] && kill -0 $server 2>/dev/null; do sleep 0.1; done
    printf '%-44s' 'window, model and first picture'
    DISPLAY=:$(cat "$number") milliseconds "$build/headlight" --do quit
    kill $server
    rm -f "$number"
else
    echo 'window: Xvfb is not installed, so that its start was not measured'
fi

echo
echo 'Redraw of every view (ms)'
"$build/tests/bench/bench_view"

echo
echo 'Forward passes'
"$build/tests/bench/bench_model" $short
