#!/bin/sh
# Every shipped lesson makes its slides, without a display; a broken one says which line; twice is the same.
. tests/lib.sh

is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted $2" "got $3"; fi; }
count=0
for lesson in assets/lessons/*.lesson; do
    name=$(basename "$lesson" .lesson)
    count=$((count + 1))
    mkdir "$work/$name"
    "$headlight" render --lesson "$lesson" -o "$work/$name/%02d.svg" 2>"$work/said"
    # A step is a block; the first one names the lesson.
    steps=$(awk 'BEGIN { RS = "" } { n = split($0, l, "\n"); s = 0; for (i = 1; i <= n; i++) if (l[i] !~ /^[ \t]*#/) s = 1; c += s } END { print c - 1 }' "$lesson")
    is "$name makes all its slides" "0 $steps" "$? $(ls "$work/$name" | wc -l)"
    is "$name says nothing" '' "$(cat "$work/said")"
done
is 'there are five of them' 5 $count
title=$(sed -n 's/^title: //p' assets/lessons/3-*.lesson | head -n 1)
check 'a slide has its title as text' grep -q ">$title<" "$work"/3-*/01.svg
check 'and its note' sh -c 'grep -q ">Six layers of eight heads" "$1"/3-*/01.svg' sh "$work"
check 'no row of a picture is cut off' sh -c 'grep -c ">\[SEP\]<" "$1"/1-*/01.svg | grep -q "^[2-9]"' sh "$work"

cat >"$work/a.lesson" <<EOF
lesson: Small
model: $PWD/tests/data/bert-tiny

title: One
text: ba be bo.
view: heatmap

title: Two
note: With a note.
token: be
view: head
EOF
"$headlight" render -m tests/data/bert-tiny --lesson "$work/a.lesson" -o "$work/x-%d.png"
is 'a lesson of our own' 'x-1.png x-2.png' "$(cd "$work" && echo x-*.png)"
is 'is 16:9' '1920 1080' "$("$build/tests/ui/picture" size "$work/x-1.png")"
"$headlight" render -m tests/data/bert-tiny --lesson "$work/a.lesson" -o "$work/y-%d.png"
check 'the same again' cmp "$work/x-2.png" "$work/y-2.png"
"$headlight" render -m tests/data/bert-tiny --lesson "$work/a.lesson" --preset half-slide -o "$work/z-%d.pdf"
check 'as PDF, in another size' sh -c 'pdfinfo "$1" | grep -q "Page size: *480 x 540"' sh "$work/z-1.pdf"
sed -i 's/^token: be/token: nowhere/' "$work/a.lesson"
"$headlight" render -m tests/data/bert-tiny --lesson "$work/a.lesson" -o "$work/x-%d.png" 2>"$work/said"
is 'a word that is not there names the line' '1 1' "$? $(grep -c 'line 10: ' "$work/said")"
echo 'layer: no' >>"$work/a.lesson"
"$headlight" render -m tests/data/bert-tiny --lesson "$work/a.lesson" -o "$work/x-%d.png" 2>"$work/said"
is 'a broken line too' '1 1' "$? $(grep -c 'line 12: expected the number of a layer' "$work/said")"
"$headlight" render --lesson "$work/a.lesson" -o "$work/x.png" 2>"$work/said"
is 'a name without a number is wrong usage' '2 1' "$? $(grep -c 'one number in it' "$work/said")"
"$headlight" render --lesson "$work/none" -o "$work/x-%d.png" 2>"$work/said"
is 'a lesson that is not there' 1 $?
finish
