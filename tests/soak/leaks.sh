#!/bin/sh
# valgrind on start, typing, every view, every kind of figure and exit: `make leaks`. Slow, so not in
# `make test`, where LeakSanitizer looks at the same.
. tests/lib.sh
. tests/lib_ui.sh

command -v valgrind >/dev/null || {
    skip 'valgrind' 'it is not installed and could not be'
    finish
}
tiny=tests/data/bert-tiny
by= # exec, where the process is to be the program itself
under() { # LOG COMMAND...: definite leaks and every error of memory count
    log=$1
    shift
    $by valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
        --suppressions=tests/soak/valgrind.supp --log-file="$log" "$@"
}
look() { # NAME STATUS LOG
    if [ "$2" = 0 ] && [ ! -s "$3" ]; then ok "$1"; else not_ok "$1" "status $2" "$(head -n 60 "$3")"; fi
}

[ "${LEAKS:-all}" = window ] || {
for view in head heatmap model neuron flow walk compare; do
    under "$work/log" "$headlight" render -m $tiny -v $view --compare "a dog" -o "$work/x.svg" "the cat sat" >"$work/out" 2>&1
    look "view $view" $? "$work/log"
done
for kind in png svg pdf csv json; do
    under "$work/log" "$headlight" render -m $tiny -o "$work/x.$kind" "the cat sat" >"$work/out" 2>&1
    look "figure as $kind" $? "$work/log"
done
for family in tests/data/families/*/; do
    under "$work/log" "$headlight" dump -m "$family" -o "$work/x.json" "the cat sat" >"$work/out" 2>&1
    look "family $(basename "$family")" $? "$work/log"
done
for tokenizer in bpe unigram; do
    echo "the cat sat" | under "$work/log" "$headlight" tokenize -m tests/data/tokenizers/$tokenizer >"$work/out" 2>&1
    look "tokenizer $tokenizer" $? "$work/log"
done
under "$work/log" "$headlight" render --trace assets/thinking-machines.json -o "$work/x.png" >"$work/out" 2>&1
look 'a trace in JSON' $? "$work/log"
}

start_display 1280x800
(by=exec under "$work/log" "$headlight" --fresh -m $tiny "the cat sat" >"$work/out" 2>&1) &
program=$!
started="$started $program"
if wait_for 120 find_window; then
    xdotool windowfocus --sync "$window"
    typing_delay=300
    type_text " on it"
    for key in ctrl+1 ctrl+2 ctrl+3 ctrl+4 ctrl+5 ctrl+6 ctrl+7 F1 Escape ctrl+s ctrl+shift+s Escape ctrl+e; do
        press $key
        sleep 3
    done
    press ctrl+q
    wait_for 120 has_ended || kill "$program"
else
    kill "$program"
fi
wait "$program"
look 'the window: start, type, views, figure, exit' $? "$work/log"
finish
