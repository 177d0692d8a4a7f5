#!/bin/sh
# The work of `make fuzz`, `make fuzz-keep` and `make fuzz-report`, from the repository root.
#
#     sh tests/fuzz/run.sh fuzz|fuzz-keep|fuzz-report SECONDS KIND...
#
# A kind's inputs come from seeds.sh, from corpus/KIND and from earlier runs; they grow in
# build-fuzz/inputs/KIND, logs in build-fuzz/logs, whatever makes it fail in build-fuzz/crashes.
set -u
job=$1 seconds=$2
shift 2
root=$PWD fuzz=$PWD/build-fuzz
export ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1"
mkdir -p "$fuzz/logs" "$fuzz/crashes"

# The sources that a target is about.
sources_of() {
    case $1 in
    lesson) echo src/app/lesson.c ;;
    trace) echo src/model/trace_file.c src/model/trace_file_write.c src/model/trace_import.c src/model/trace_places.c src/model/trace.c ;;
    safetensors | index) echo src/model/safetensors.c ;;
    config) echo src/model/config.c src/model/family.c ;;
    tokenizer) echo src/text/tokenizer_open.c src/text/token_list.c src/text/vocabulary.c src/text/bpe.c src/text/unigram.c ;;
    vocab) echo src/text/vocabulary.c src/text/tokenizer.c src/text/wordpiece.c ;;
    session | history) echo src/app/session.c ;;
    headers) echo src/app/fetch_headers.c src/app/fetch_names.c ;;
    text) echo src/text/tokenizer.c src/text/wordpiece.c src/text/bpe.c src/text/unigram.c src/base/unicode.c ;;
    options) echo src/app/options.c ;;
    model) echo src/model/encoder.c src/model/model.c src/model/steps.c src/view src/analysis src/draw ;;
    window) echo src/ui src/view src/app/app.c src/app/app_frame.c src/app/command*.c src/app/panels*.c ;;
    esac
}

dictionary_of() {
    for name in "$1" $2; do
        [ -f "tests/fuzz/dictionaries/$name.dict" ] && echo "-dict=$root/tests/fuzz/dictionaries/$name.dict" && return
    done
}
# Seconds of a processor that the programs which this shell has started took so far.
work_done() { # KIND
    times >"$fuzz/logs/$1.times"
    sed -n '2s/[ms]/ /gp' "$fuzz/logs/$1.times" | awk '{ print int($1 * 60 + $2 + $3 * 60 + $4) }'
}
like() { case $1 in config | tokenizer | index | model) echo json ;; history) echo session ;; esac; }

fuzz() {
    kind=$1 work=$fuzz/inputs/$1
    mkdir -p "$work" "$fuzz/crashes/$kind"
    ln -sf fuzzer "$fuzz/fuzz_$kind"
    sh tests/fuzz/seeds.sh "$kind" "$work"
    [ ! -d "tests/fuzz/corpus/$kind" ] || cp tests/fuzz/corpus/"$kind"/* "$work"/
    echo "  fuzz    $kind, $seconds seconds"
    # Leaks are looked for in the replay of `make test`: here the check would slow every input down.
    work_done "$kind" >"$fuzz/logs/$kind.before"
    "$fuzz/fuzz_$kind" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=4000 -max_len=32768 \
        $(dictionary_of "$kind" "$(like "$kind")") -artifact_prefix="$fuzz/crashes/$kind/" \
        -print_final_stats=1 -detect_leaks=0 "$work" >"$fuzz/logs/$kind.last" 2>&1
    status=$?
    work_done "$kind" >"$fuzz/logs/$kind.after"
    cat "$fuzz/logs/$kind.last" >>"$fuzz/logs/$kind.all"
    if [ $status != 0 ]; then
        tail -n 30 "$fuzz/logs/$kind.last"
        return 1
    fi
    # One line for each run: date, kind, seconds, executions, edges, features and inputs, seconds of work.
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M)" "$kind" "$seconds" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$fuzz/logs/$kind.last")" \
        "$(grep -ao 'cov: [0-9]* ft: [0-9]* corp: [0-9]*' "$fuzz/logs/$kind.last" | tail -n 1)" \
        $(($(cat "$fuzz/logs/$kind.after") - $(cat "$fuzz/logs/$kind.before"))) |
        tee -a "$fuzz/logs/runs.tsv"
}

# The smallest set that reaches what all inputs together reach.
keep() {
    kind=$1 kept=tests/fuzz/corpus/$1
    ln -sf fuzzer "$fuzz/fuzz_$kind"
    rm -rf "$fuzz/kept"
    mkdir -p "$fuzz/kept" "$kept"
    "$fuzz/fuzz_$kind" -merge=1 -detect_leaks=0 -max_len=32768 "$fuzz/kept" "$fuzz/inputs/$kind" >"$fuzz/logs/$kind.merge" 2>&1 || return 1
    # Crashes that were found stay, whatever they reach now.
    find "$kept" -type f ! -name 'crash-*' -delete
    # Evenly spread over all sizes, where there are more than we want to carry or `make test` has time for.
    count=$(ls "$fuzz/kept" | wc -l) size=$(cat "$fuzz/kept"/* | wc -c) at=0
    each=$((1 + (count / 400 > size / 150000 ? count / 400 : size / 150000)))
    for file in $(ls -S "$fuzz/kept"); do
        at=$((at + 1))
        [ $((at % each)) != 0 ] && [ $each != 1 ] || cp "$fuzz/kept/$file" "$kept/$(printf '%.12s' "$file")"
    done
    echo "  keep    $kind: $(ls "$kept" | wc -l) of $(ls "$fuzz/inputs/$kind" | wc -l) inputs, $(cat "$kept"/* | wc -c) bytes"
}

report() {
    kind=$1
    rm -f build-coverage/raw
    FUZZ_KIND=$kind LLVM_PROFILE_FILE=$root/build-coverage/raw build-coverage/tests/fuzz/replay "tests/fuzz/corpus/$kind" >build-coverage/count 2>/dev/null || return 1
    llvm-profdata merge -o build-coverage/data build-coverage/raw
    llvm-cov report build-coverage/tests/fuzz/replay -instr-profile=build-coverage/data $(sources_of "$kind") |
        awk -v kind="$kind" -v inputs="$(cat build-coverage/count)" '
            /^TOTAL/ { printf "%-12s %5d inputs   lines %s   branches %s\n", kind, inputs, $10, $13 }'
}

failed=0
for kind; do
    case $job in
    fuzz) fuzz "$kind" ;;
    fuzz-keep) keep "$kind" ;;
    fuzz-report) report "$kind" ;;
    esac || failed=1
done
exit $failed
