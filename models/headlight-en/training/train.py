"""Train the encoder: masked words, the noun behind a pronoun (see mine.py), and whether the
second part of a pair follows the first.

    train.py WORK RUN --minutes 90 [--resume]

WORK holds the row files of prepare.py and mine.py, RUN receives checkpoints and
log.csv. The learning rate falls to zero over the minutes given, whatever the
machine's speed. Attention is never looked at by any loss.
"""
import argparse
import csv
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from evaluate import rest, showcase
from export import write_safetensors
from model import CONFIG, Model, Optimiser
from text import CLS, MASK, SEP, SPECIAL, Tokenizer

# A step is 6,144 tokens of one length. Of its rows a part is mined references.
# length: (chance of a step, rows, mined rows in the first half of the run, and in the second)
STEPS = {64: (0.60, 96, 58, 58), 128: (0.36, 48, 24, 24), 256: (0.04, 24, 0, 0)}
MASKED = 0.24                       # of all tokens of a step, padding counted
REFERENCE_WEIGHT = 3.0              # of a noun behind a pronoun, a masked piece being 1
REFERENCES = 128                    # at most, in a step
RELATION_WEIGHT = 1.0               # of "does the second part follow the first"
PAIRS = 64                          # at most, in a step
# In these shares of the texts nobody may look at [CLS], at [SEP], and at punctuation, in the first
# half of the run; from there on less and less, and not at all in the last third. Where they are
# always there, the heads of deep layers come to rest on [CLS] early, all alike.
HIDE = (0.85, 0.5, 0.5)
# In the upper half of the layers, until five sixths of the run, at the FREQUENT most frequent pieces
# neither, nor at itself: what comes together there has to come from other words that mean something.
# Then they may rest; but in the uppermost two layers not on [CLS], lest all rest on the same token.
# At the very end everybody may look at everything, and the queries and keys of the upper half learn
# as fast as in mid-course, so that each finds its place.
FREQUENT = 60
DEEP_UNTIL, DEEP_FROM, REST_UNTIL, REST_FROM, LAST_PACE = 0.835, 3, 0.94, 4, 12.0
SCORE_LIMIT = 16.0                  # of a query-key product before the softmax, see clip()
KEEP_AT = [0, 0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]      # million tokens


class Rows:
    """Endless shuffled rows of a file."""

    def __init__(self, work, name, rng):
        self.ids = np.load(work / (name + ".npy"), mmap_mode="r")
        path = work / (name + ".labels.npy")
        self.labels = np.load(path, mmap_mode="r") if path.exists() else None
        self.rng, self.order, self.at = rng, np.zeros(0, int), 0

    def take(self, count):
        if self.at + count > len(self.order):
            self.order, self.at = self.rng.permutation(len(self.ids)), 0
        which = np.sort(self.order[self.at : self.at + count])
        self.at += count
        ids = self.ids[which].astype(np.int64)
        return ids, (np.zeros_like(ids) if self.labels is None else self.labels[which].astype(np.int64))


class Batches:
    def __init__(self, work, tokenizer, seed):
        self.rng = np.random.default_rng(seed)
        self.plain = {n: Rows(work, "rows%d" % n, self.rng) for n in STEPS}
        self.mined = {n: Rows(work, "mined%d" % n, self.rng) for n in STEPS if STEPS[n][2]}
        self.goes_on = np.array([p.startswith("##") for p in tokenizer.pieces])
        counts = np.bincount(np.asarray(self.plain[128].ids[:20000]).ravel(), minlength=len(self.goes_on))
        self.frequent = np.zeros(len(self.goes_on), bool)
        self.frequent[np.argsort(-counts)[:200]] = True
        self.lengths, self.chances = list(STEPS), [STEPS[n][0] for n in STEPS]

    def next(self, part):
        """At a part (0 to 1) of the run: ids, positions and answers of masked pieces, of
        references, and of pairs, and the ids with nothing masked."""
        rng = self.rng
        length = int(rng.choice(self.lengths, p=self.chances))
        mined = STEPS[length][2 if part < 0.5 else 3]
        ids, labels = self.plain[length].take(STEPS[length][1] - mined)
        rate = np.ones(len(ids))
        if mined:
            more, more_labels = self.mined[length].take(mined)
            ids, labels = np.concatenate([ids, more]), np.concatenate([labels, more_labels])
            rate = np.concatenate([rate, np.full(len(more), 0.5)])
        size = ids.size
        rows = np.repeat(np.arange(len(ids)), length)
        flat, labels = ids.ravel(), labels.ravel()
        paired = rng.permutation(np.flatnonzero((flat == CLS) & (labels > 0)))[:PAIRS]
        follows = np.concatenate([labels[paired] - 1, np.full(PAIRS - len(paired), -100)])
        paired = np.concatenate([paired, np.zeros(PAIRS - len(paired), int)])
        labels = np.where(flat == CLS, 0, labels)

        # whole words, the rarest first in a lottery; words that come again are drawn more often
        word = np.cumsum(~self.goes_on[flat])
        draw = rng.random(word[-1] + 1)[word] / rate[rows]
        key = rows * len(self.goes_on) + flat
        _, back, times = np.unique(key, return_inverse=True, return_counts=True)
        again = (times[back] > 1) & ~self.frequent[flat]
        draw = np.where(again, draw * 0.55, draw)
        # the nouns that references ask for stay readable, and so do the pronouns
        asked = np.flatnonzero(labels)
        safe = np.isin(key, rows[asked] * len(self.goes_on) + labels[asked])
        draw[(flat < len(SPECIAL)) | safe | (labels > 0)] = np.inf
        chosen = np.argpartition(draw, int(size * MASKED))[: int(size * MASKED)]
        chosen = chosen[np.isfinite(draw[chosen])]
        missing = int(size * MASKED) - len(chosen)
        answer = flat[chosen]
        shown = flat.copy()
        luck = rng.random(len(chosen))
        shown[chosen[luck < 0.65]] = MASK
        other = luck > 0.85
        shown[chosen[other]] = rng.integers(len(SPECIAL), len(self.goes_on), int(other.sum()))
        chosen = np.concatenate([chosen, np.zeros(missing, int)])
        answer = np.concatenate([answer, np.full(missing, -100)])

        asked = rng.permutation(asked)[:REFERENCES]
        noun = np.concatenate([labels[asked], np.full(REFERENCES - len(asked), -100)])
        asked = np.concatenate([asked, np.zeros(REFERENCES - len(asked), int)])
        return [torch.from_numpy(a) for a in (shown.reshape(ids.shape), chosen, answer, asked, noun,
                                              paired, follows, ids)]


def rate_at(part, warm=0.02):
    return min(part / warm, (1 - part) / (1 - warm))


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("work")
    options.add_argument("run")
    options.add_argument("--vocabulary", required=True)
    options.add_argument("--minutes", type=float, default=90)
    options.add_argument("--threads", type=int, default=0, help="0: whatever is faster at the moment")
    options.add_argument("--muon", type=float, default=4e-3)
    options.add_argument("--adam", type=float, default=2e-3)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--resume", action="store_true")
    options = options.parse_args()
    run = Path(options.run)
    run.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.load(options.vocabulary)
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads or 2)
    model = Model({**CONFIG, "vocab_size": len(tokenizer.pieces)})
    optimiser = Optimiser(model)
    step = tokens = 0
    spent = 0.0
    kept = run / "checkpoint.pt"
    if options.resume and kept.exists():
        saved = torch.load(kept)
        model.load_state_dict(saved["model"])
        optimiser.load(saved["optimiser"])
        step, tokens, spent = saved["step"], saved["tokens"], saved["spent"]
    batches = Batches(Path(options.work), tokenizer, options.seed + step)
    if step:                                        # forget what came after the checkpoint
        lines = (run / "log.csv").read_text().splitlines()
        lines = lines[:1] + [line for line in lines[1:] if int(line.split(",")[0]) <= step]
        (run / "log.csv").write_text("".join(line + "\n" for line in lines))
    log = open(run / "log.csv", "a", newline="")
    table = csv.writer(log)
    if step == 0:
        table.writerow("step tokens minutes masked_loss reference_loss reference_right "
                       "next_loss next_right tokens_per_second it_to_animal head largest_score "
                       "cls_0 cls_1 cls_2 cls_3 cls_4 cls_5".split())

    resting = [torch.zeros(len(tokenizer.pieces), dtype=torch.bool) for _ in HIDE]
    resting[0][CLS] = resting[1][SEP] = True
    for i, piece in enumerate(tokenizer.pieces):
        resting[2][i] = not any(c.isalnum() for c in piece) and i >= len(SPECIAL)

    counts = np.bincount(np.asarray(batches.plain[128].ids[:20000]).ravel(), minlength=len(tokenizer.pieces))
    frequent = resting[0] | resting[1] | resting[2]
    frequent[torch.from_numpy(np.argsort(-counts)[: FREQUENT + len(SPECIAL)])] = True
    frequent[MASK] = False

    def save():
        torch.save({"model": model.state_dict(), "optimiser": optimiser.save(), "step": step,
                    "tokens": tokens, "spent": spent}, str(kept) + ".new")
        os.replace(str(kept) + ".new", kept)

    sums, since, saved_at, trial, peak = np.zeros(8), tokens, time.time(), {}, 0.0
    kept_at = next(i for i, at in enumerate(KEEP_AT) if step == 0 or at * 1e6 > tokens)
    last = window = time.time()
    while spent < options.minutes * 60:
        part = spent / (options.minutes * 60)
        if tokens >= KEEP_AT[kept_at] * 1e6:
            write_safetensors(run / ("at-%sM.safetensors" % KEEP_AT[kept_at]), model.state_dict())
            kept_at += 1
        ids, chosen, answer, asked, noun, paired, follows, _ = batches.next(part)
        model.watch(step % 4 == 0)
        deep = ((1.0, frequent, DEEP_FROM, True) if part < DEEP_UNTIL else
                (1.0, resting[0] | resting[2], REST_FROM, False) if part < REST_UNTIL else None)
        if part >= REST_UNTIL and not optimiser.pace:
            optimiser.pace = {n: LAST_PACE for n in optimiser.muon if int(n.split(".")[3]) >= DEEP_FROM}
        hide = [(share * min(1.0, max(0.0, 4 - 6 * part)), pieces) for share, pieces in zip(HIDE, resting)]
        x = model(ids, hide=hide, deep=deep, only=torch.cat([chosen, asked, paired]))
        scores = model.words(x[: len(chosen) + len(asked)]).float()
        masked = F.cross_entropy(scores[: len(chosen)], answer)
        guess = scores[len(chosen) :]
        found = int((noun >= 0).sum())
        if found:
            reference = F.cross_entropy(guess, noun, reduction="sum")
            right = int((guess.argmax(1) == noun).sum())
            loss = masked + reference * (REFERENCE_WEIGHT / len(chosen))
            sums[2:5] += float(reference), right, found
        else:
            loss = masked
        pairs = int((follows >= 0).sum())
        if pairs:
            relation = model.relation(x[-PAIRS:])
            next_loss = F.cross_entropy(relation, follows)
            loss = loss + next_loss * (RELATION_WEIGHT * min(1.0, pairs / 16))
            sums[5:8] += float(next_loss.detach()) * pairs, int((relation.argmax(1) == follows).sum()), pairs
        loss.backward()
        rate = rate_at(min(part + 1e-6, 1.0))
        optimiser.step(options.muon * rate, options.adam * rate)
        if step % 4 == 0:
            peak = max(peak, model.clip(SCORE_LIMIT))
        sums[0:2] += float(masked), 1
        step += 1
        tokens += ids.numel()
        now = time.time()
        spent += now - last
        if options.threads == 0 and step % 400 < 12:     # is one thread or are two faster now?
            threads = 2 if step % 400 < 6 else 1
            if step % 400 not in (0, 6):
                trial.setdefault(threads, []).append(now - last)
            if step % 400 == 11:
                mean = {t: np.median(v) for t, v in trial.items()}
                torch.set_num_threads(min(mean, key=mean.get))
                trial = {}
            else:
                torch.set_num_threads(2 if (step + 1) % 400 < 6 else 1)
        last = now
        if step % 100 == 0:
            head, weights = showcase(model, tokenizer)
            table.writerow([step, tokens, "%.2f" % (spent / 60), "%.4f" % (sums[0] / sums[1]),
                            "%.4f" % (sums[2] / max(sums[4], 1)), "%.4f" % (sums[3] / max(sums[4], 1)),
                            "%.4f" % (sums[5] / max(sums[7], 1)), "%.4f" % (sums[6] / max(sums[7], 1)),
                            int((tokens - since) / (now - window)), "%.3f" % weights, "%d.%d" % head,
                            "%.1f" % peak, *("%.2f" % share for share in rest(model, tokenizer))])
            log.flush()
            sums, since, window, peak = np.zeros(8), tokens, now, 0.0
        if now - saved_at > 300:
            save()
            saved_at = now
    save()


if __name__ == "__main__":
    main()
