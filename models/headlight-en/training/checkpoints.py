"""Choose checkpoints of a run, write them as model folders, and ask headlight what their heads do.

    checkpoints.py RUN MODEL_FOLDER --headlight build/headlight [--keep 0 0.5 2 ...]
    checkpoints.py RUN MODEL_FOLDER --headlight build/headlight --further [--keep-folder]

The second form is for the runs of refine.py: their rows are added to those of the first, and the folder as
it is becomes one more checkpoint.

RUN holds the at-*M.safetensors of train.py. Those named by --keep become
MODEL_FOLDER/checkpoints/*M; of all of them, and of MODEL_FOLDER itself, the best
head of every pattern goes into patterns.csv beside this file.
"""
import argparse
import csv
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

PATTERNS = ("previous", "next", "itself", "same-word", "other-text", "first", "delimiter", "punctuation",
            "broad", "pronoun")


def write_folder(model, weights, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "vocab.txt", "tokenizer_config.json"):
        shutil.copy(model / name, folder / name)
    shutil.copy(weights, folder / "model.safetensors")


def best_heads(headlight, folder):
    """pattern: (score, "layer.head")"""
    heads = json.loads(subprocess.run([headlight, "heads", "-m", str(folder), "--json"], check=True,
                                      capture_output=True).stdout)
    found = {}
    for pattern in PATTERNS:
        best = max(heads, key=lambda head: head.get(pattern, -1))
        found[pattern] = (best.get(pattern, 0.0), "%d.%d" % (best["layer"], best["head"]))
    return found


def add_rows(headlight, run, model):
    """What the heads do while refine.py runs; tokens go on counting. Returns how many there are now."""
    path = Path(__file__).parent / "patterns.csv"
    with open(path) as table:
        before = max(int(row["tokens"]) for row in csv.DictReader(table))
    with open(run / "log.csv") as log:
        last = int(list(csv.DictReader(log))[-1]["tokens"])
    saved = sorted((int(p.stem[3:-1]), p) for p in run.glob("at-*M.safetensors"))
    with open(path, "a", newline="") as out:
        table = csv.writer(out)
        for tokens, weights in [(million * 10 ** 6, p) for million, p in saved] + [(last, None)]:
            with tempfile.TemporaryDirectory() as folder:
                write_folder(model, weights or model / "model.safetensors", Path(folder))
                best = best_heads(headlight, folder)
            table.writerow([before + tokens] + [cell for p in PATTERNS for cell in ("%.3f" % best[p][0], best[p][1])])
    return before + last


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("run")
    options.add_argument("model")
    options.add_argument("--headlight", required=True)
    options.add_argument("--keep", nargs="*", default=["0", "0.5", "2", "8", "16", "32", "64", "96"],
                         help="million tokens")
    options.add_argument("--further", action="store_true")
    options.add_argument("--keep-folder", action="store_true", help="as a checkpoint, with --further")
    options = options.parse_args()
    run, model = Path(options.run), Path(options.model)
    if options.further:
        tokens = add_rows(options.headlight, run, model)
        if options.keep_folder:
            write_folder(model, model / "model.safetensors", model / "checkpoints" / ("%dM" % round(tokens / 1e6)))
        return
    saved = {path.stem[3:-1]: path for path in run.glob("at-*M.safetensors")}
    if (model / "checkpoints").exists():
        shutil.rmtree(model / "checkpoints")
    for keep in options.keep:
        if keep not in saved:               # a shorter run
            continue
        write_folder(model, saved[keep], model / "checkpoints" / (keep + "M"))
    with open(run / "log.csv") as log:
        rows = list(csv.DictReader(log))
        tokens = int(rows[-1]["tokens"]) if rows else 1
    with open(Path(__file__).parent / "patterns.csv", "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["tokens"] + [column for p in PATTERNS for column in (p, p + "_head")])

        def write(tokens, folder):
            best = best_heads(options.headlight, folder)
            table.writerow([tokens] + [cell for p in PATTERNS for cell in ("%.3f" % best[p][0], best[p][1])])

        for million in sorted(saved, key=float):
            with tempfile.TemporaryDirectory() as folder:
                write_folder(model, saved[million], Path(folder))
                write(int(float(million) * 1e6), folder)
        write(tokens, model)


if __name__ == "__main__":
    main()
