#!/bin/sh
# The house rules that a machine can check; prints every violation.
#
#     sh tests/check_house.sh BUILD        after `make`, from the repository root
#
# The tables below are the rules: who may include whom, and which file is the door to which library.
set -u
# Letters from a to z: in Turkish i is not among them.
export LC_ALL=C
build=${1:-build}
rules=0 broken=0 this=0

complain() {
    echo "# $*"
    this=$((this + 1))
}
# Ends one rule: prints its verdict as TAP.
rule() {
    rules=$((rules + 1))
    if [ "$this" = 0 ]; then echo "ok $rules - $1"; else echo "not ok $rules - $1"; fi
    broken=$((broken + this))
    this=0
}
sources=$(find src -name '*.[ch]' | sort)
includes() { sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$1"; }

# ---- Layers: folders and single headers that a folder may include, besides itself ---------------
lower_layers() {
    case $1 in
    base) ;;
    text) echo base/ ;;
    model) echo base/ text/encoding.h ;;
    analysis) echo base/ model/trace.h text/encoding.h ;;
    draw) echo base/ ;;
    view) echo base/ draw/ analysis/ model/trace.h text/encoding.h ;;
    ui) echo base/ draw/ ;;
    app | main.c) echo base/ text/ model/ analysis/ draw/ view/ ui/ app/ ;;
    *) return 1 ;;
    esac
}
for file in $sources; do
    layer=${file#src/} layer=${layer%%/*}
    if ! lower=$(lower_layers "$layer"); then
        complain "$file lies in no layer: add '$layer' to the table in $0"
        continue
    fi
    case $file in src/model/model.[ch]) lower="$lower text/tokenizer.h" ;; esac
    for name in $(includes "$file"); do
        allowed=
        for prefix in "$layer/" $lower; do
            case $name in "$prefix"*) allowed=1 ;; esac
        done
        [ -n "$allowed" ] || complain "$file includes $name, which a file in $layer may not"
        [ -f "src/$name" ] || complain "$file includes $name by a path that is not under src/"
    done
done
rule 'a file includes only its own layer and those below'

# ---- Doors: an outside library is known to a few files --------------------------------------------
# door PATTERN FILE-PATTERN...: only these files may have an #include <...> that matches.
door() {
    pattern=$1
    shift
    for file in $(grep -lE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<$pattern" $sources); do
        known=
        for place in "$@"; do
            case $file in $place) known=1 ;; esac
        done
        [ -n "$known" ] || complain "$file includes <$pattern>; the door to it is $*"
    done
}
door '(SDL2/)?SDL(_[a-su-z][a-z]*)?\.h>' 'src/app/window*.c'
door '(SDL2/)?SDL_ttf\.h>' 'src/draw/font*.[ch]'
door 'fontconfig/' 'src/draw/font*.[ch]'
door '(openblas/)?cblas\.h>' 'src/model/kernels*.c'
door '(stb/)?stb_' src/draw/out_png.c
door 'zlib\.h>' src/draw/out_png.c
door 'utf8proc\.h>' src/base/unicode.c
door '(cjson/)?cJSON\.h>' src/base/json.c src/text/vocabulary.c src/text/tokenizer_open.c \
    src/model/safetensors.c src/model/config.c src/model/trace_file.c src/model/trace_import.c src/analysis/probe.c \
    src/app/models.c src/app/fetch.c
door "(cairo/)?cairo" src/draw/out_pdf.c
door "pango/" src/draw/out_pdf.c
door 'curl/' src/app/fetch_file.c
door 'openssl/' src/app/fetch_hash.c
rule 'an outside library has one door'

# ---- Names and data of the compiled objects -----------------------------------------------------
# A public name starts with the first word of its file (view_head.c: view_), which may be shortened
# (memory.c: mem_), or with the name of a type that the file's header makes (raster.h makes Damage:
# damage_).
type_names() {
    sed -n -e 's/^} \([A-Z][A-Za-z0-9]*\);.*/\1/p' \
        -e 's/^typedef [a-z]* \([A-Z][A-Za-z0-9]*\).*/\1/p' "$@" 2>/dev/null |
        tr 'A-Z' 'a-z' | sort -u
}
for source in $(find src -name '*.c' | sort); do
    [ "$source" = src/main.c ] && continue
    object=$build/${source%.c}.o
    if [ ! -f "$object" ]; then
        complain "$object is not there: build first"
        continue
    fi
    stem=$(basename "$source" .c)
    first=${stem%%_*}
    folder=$(dirname "$source")
    words="$first $(type_names "$folder/$stem.h" "$folder/$first.h")"
    for symbol in $(nm -g --defined-only "$object" | awk '$2 != "U" { print $3 }'); do
        good=
        case $first in "${symbol%%_*}"*) good=1 ;; esac
        for word in $words; do
            case $symbol in "$word" | "$word"_* | "$word"s) good=1 ;; esac
        done
        [ -n "$good" ] || complain "$source exports $symbol, which is not ${first}_..."
    done
done
rule 'a public name tells its file'

for source in $(find src -name '*.c' | sort); do
    object=$build/${source%.c}.o
    [ -f "$object" ] || continue
    # Constants with pointers in them (.data.rel.ro) become read-only once they are relocated.
    for symbol in $(objdump -t "$object" | awk '
        $0 ~ /[ \t]\.?(data|bss|tdata|tbss|\*COM\*)/ && $0 !~ /\.data\.rel\.ro/ {
            for (i = 2; i < NF; i++) if ($i == "O") { print $NF; break }
        }'); do
        # What stb_image_write keeps in the one file that it is compiled into is its own.
        # A signal handler can be handed nothing.
        case $source:$symbol in src/base/mapped.c:regions | src/base/mapped.c:before) continue ;; esac
        case $source:$symbol in src/draw/out_png.c:stbi_* | src/draw/out_png.c:firstmap.* | \
            src/draw/out_png.c:mapping.*) continue ;; esac
        complain "$source has a variable that can be written to and outlives its function: $symbol"
    done
done
rule 'no writable globals and no function statics'

# ---- Files --------------------------------------------------------------------------------------
for file in $sources; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 600 ] || complain "$file has $lines lines; 600 is where a file falls apart in two"
done
rule 'no file is longer than 600 lines'

flags=$(pkg-config --cflags sdl2 SDL2_ttf openblas fontconfig libutf8proc libcjson stb)
for header in $(find src -name '*.h' | sort); do
    ${CC:-cc} -std=c11 -D_GNU_SOURCE -Isrc $flags -fsyntax-only -x c "$header" 2>/dev/null ||
        complain "$header does not compile alone"
done
rule 'every header compiles alone'

# tsort names the members of a loop on standard error, one a line.
loops=$(for header in $(find src -name '*.h'); do
    for name in $(includes "$header"); do echo "${header#src/} $name"; done
done | tsort 2>&1 >/dev/null | sed 's/^tsort: //')
for line in $loops; do
    case $line in *.h) complain "$line is part of an include cycle" ;; esac
done
rule 'headers include each other in no circle'

echo "1..$rules"
[ "$broken" = 0 ]
