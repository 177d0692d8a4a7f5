#!/bin/sh
# From a folder of corpora to the model folder.
#
#     run.sh CORPORA WORK MODEL_FOLDER HEADLIGHT [MINUTES]
#
# CORPORA holds fiction, textbooks, encyclopedia, stories, news-simple (.txt.xz, a
# paragraph a line, a blank line between documents) and en-fr.tsv.xz. WORK takes 1 GB of
# arrays and the checkpoints. HEADLIGHT is the built program, which is asked what the heads
# do. Needs Python 3 with PyTorch and NumPy; no network.
# Steps whose result is there already are skipped; training resumes from its checkpoint.
set -eu
corpora=$1 work=$2 model=$3 headlight=$4 minutes=${5:-128}
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-/usr/bin/python3}

# keep freed memory, and let a waiting thread sleep
export MALLOC_TRIM_THRESHOLD_=8000000000 MALLOC_MMAP_THRESHOLD_=8000000000
export OMP_WAIT_POLICY=passive PYTHONDONTWRITEBYTECODE=1

[ -e "$model/vocab.txt" ] || "$python" "$here/vocabulary.py" "$corpora" "$model"
[ -e "$work/words.txt" ] || "$python" "$here/prepare.py" words "$corpora" "$work"
[ -e "$work/rows256.npy" ] || "$python" "$here/prepare.py" rows "$model" "$work"
[ -e "$work/mined128.npy" ] || "$python" "$here/mine.py" "$work"
if [ ! -e "$work/refine/checkpoint.pt" ]; then
    "$python" "$here/train.py" "$work" "$work/run" --vocabulary "$model/vocab.txt" --minutes "$minutes" --resume
    "$python" "$here/export.py" "$work/run/checkpoint.pt" "$model"
    cp "$work/run/log.csv" "$here/log.csv"
    "$python" "$here/checkpoints.py" "$work/run" "$model" --headlight "$headlight"
fi
# The further parts go on from the folder as it is now. (Their lengths were 45.6, 11 and 15 million tokens.)
further() { # NAME OPTIONS...
    name=$1
    shift
    [ -e "$work/$name/final.pt" ] || "$python" "$here/refine.py" "$work" "$work/$name" "$model" --resume "$@"
    "$python" "$here/export.py" "$work/$name/final.pt" "$model"
    cp "$work/$name/log.csv" "$here/$name.csv"
}
if [ ! -e "$work/told/checkpoint.pt" ]; then
    further refine --minutes $((minutes * 2 / 3 + 1))
    "$python" "$here/checkpoints.py" "$work/refine" "$model" --headlight "$headlight" --further --keep-folder
fi
if [ ! -e "$work/settle/checkpoint.pt" ]; then
    further told --told --muon 1.2e-3 --adam 6e-4 --seed 3 --minutes $((minutes / 6 + 1))
    "$python" "$here/checkpoints.py" "$work/told" "$model" --headlight "$headlight" --further
fi
further settle --told --settle --after "$work/told/checkpoint.pt" --muon 1.5e-3 --adam 8e-4 --seed 4 \
    --minutes $((minutes / 4 + 1))
# A mean is better than any of its parts at what each of them was trained for; in shares of 1 : 5 : 2.
told=$work/told/final.pt settle=$work/settle/final.pt
"$python" "$here/export.py" "$work/refine/final.pt" "$told" "$told" "$told" "$told" "$told" "$settle" "$settle" "$model"
"$python" "$here/checkpoints.py" "$work/settle" "$model" --headlight "$headlight" --further
"$python" "$here/plot.py" "$here/log.csv" "$here/patterns.csv" "$here/log.svg" "$here/patterns.svg" \
    "$here/refine.svg" "$here/refine.csv" "$here/told.csv" "$here/settle.csv"
"$python" "$here/evaluate.py" "$model" --held-out "$work/held-out"
"$headlight" heads -m "$model"
