"""Train on, from the folder that train.py and export.py made, with two more things to tell.

    refine.py WORK RUN MODEL_FOLDER --minutes 60 [--resume]
    refine.py ... --told                                     the third part
    refine.py ... --told --settle --after RUN/checkpoint.pt  the fourth

The three tasks of train.py go on. Beside them, at words that come again in their text (in the
other part of a pair too): which pieces stand before and behind one of the other occurrences,
drawn at random. And at any piece: how many pieces its part of the text has, which the place of
the next [SEP] tells. Both are read off by layers that are used here only. And whether the second
part of a pair follows the first is asked at any of its pieces, not only at [CLS], which has to
know it.

With --told: in half of the texts [CLS] is told one of the words that are hidden in the text (a vector is
added to its embedding), and any readable piece of the text may be asked for that word. Who wants to
know it has to look at [CLS]. With --settle this and the first of those two tasks count
little, and less and less is hidden, so that the model gets used to texts as they will be. Attention is
never looked at by any loss.
"""
import argparse
import csv
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from evaluate import rest, showcase
from export import load_folder, write_safetensors
from model import Linear, Optimiser, _norm
from text import CLS, MASK, PAD, SEP, SPECIAL, Tokenizer
from train import HIDE, PAIRS, REFERENCE_WEIGHT, RELATION_WEIGHT, SCORE_LIMIT, Batches, rate_at

AGAIN, AGAIN_WEIGHT = 384, 1.0      # words that come again, at most in a step
ENDS, LAST_WEIGHT = 256, 1.0        # pieces asked for the length of their part; the weight in the last eighth
ENDS_WEIGHT = {False: 0.3, True: 1.0}   # before that, without and with --told
SETTLE_WEIGHT = 0.3                 # of the tasks about repeated words and about what [CLS] was told, with --settle
LAST_PART = 0.87
LONGEST = 128
TOLD, TOLD_WEIGHT, TOLD_SHARE = 256, 1.0, 0.5   # pieces asked for what [CLS] was told, at most in a step; texts told
FREE_HEADS = 3                      # of each layer, the broadest ones: nothing is hidden from them
# The broadest head of each layer but the lowest sees, in this share of the texts and until the last
# part of the run, neither [SEP] nor punctuation nor the most frequent pieces: where it finds nothing,
# only [CLS] is left to rest on.
ASIDE, ASIDE_UNTIL, ASIDE_OUT, FREQUENT = 0.9, 0.75, 0.92, 60
KEEP_EVERY = 8                      # million tokens


class Readers(nn.Module):
    """What the two further tasks read from a hidden state."""

    def __init__(self, hidden):
        super().__init__()
        self.before, self.behind, self.length = Linear(hidden, hidden), Linear(hidden, hidden), Linear(hidden, LONGEST)
        self.norms = nn.ModuleList(_norm({"hidden_size": hidden, "layer_norm_eps": 1e-12}) for _ in range(3))
        self.tell, self.told = Linear(hidden, hidden), Linear(hidden, hidden)

    def neighbours(self, x, pieces):
        table = pieces.bfloat16()
        return [F.linear(norm(F.gelu(part(x)).float()).bfloat16(), table).float()
                for part, norm in zip((self.before, self.behind), self.norms)]

    def hearsay(self, x, pieces):
        return F.linear(self.norms[2](F.gelu(self.told(x)).float()).bfloat16(), pieces.bfloat16()).float()


class Further:
    """Where in a batch the two further tasks are asked, and their answers."""

    def __init__(self, tokenizer, rng):
        self.word = np.array([p[0].isalpha() for p in tokenizer.pieces])
        self.word[: len(SPECIAL)] = False
        self.rng = rng

    def again(self, shown, ids):
        """Places of words that come again, and the pieces around another occurrence of each."""
        flat, readable = ids.ravel(), shown.ravel() == ids.ravel()
        text = np.cumsum(flat == CLS) * len(self.word)
        around = np.zeros(len(flat), bool)
        around[1:-1] = readable[:-2] & readable[1:-1] & readable[2:]
        at = np.flatnonzero(self.word[flat] & readable)
        key = (text + flat)[at]
        order = np.argsort(key + self.rng.random(len(key)) * 0.5, kind="stable")
        at, key = at[order], key[order]
        pair = np.flatnonzero(key[1:] == key[:-1])      # neighbours in this order: the same word
        first, second = at[pair], at[pair + 1]
        place = np.concatenate([first, second])
        other = np.concatenate([second, first])
        good = np.flatnonzero(around[other])
        good = self.rng.permutation(good)[:AGAIN]
        place, other = place[good], other[good]
        return torch.from_numpy(place), torch.from_numpy(flat[other - 1]), torch.from_numpy(flat[other + 1])

    def ends(self, ids):
        """Random places, and the number of pieces between the marks that their part lies between."""
        flat = ids.ravel()
        mark = np.flatnonzero((flat == CLS) | (flat == SEP))
        at = np.flatnonzero(flat >= len(SPECIAL))
        at = self.rng.permutation(at)[:ENDS]
        behind = np.searchsorted(mark, at)
        good = (behind > 0) & (behind < len(mark))
        at, behind = at[good], behind[good]
        length = mark[behind] - mark[behind - 1] - 1
        return torch.from_numpy(at), torch.from_numpy(np.minimum(length, LONGEST - 1))


    def told(self, shown, ids):
        """The [CLS] of half of the texts and a word hidden in each; places to ask, and that word."""
        shown, flat = shown.ravel(), ids.ravel()
        text = np.cumsum(flat == CLS)
        hidden = self.rng.permutation(np.flatnonzero(shown == MASK))
        which = np.full(text[-1] + 1, -1)
        which[text[hidden]] = flat[hidden]
        which[self.rng.random(len(which)) >= TOLD_SHARE] = -1
        begin = np.flatnonzero(flat == CLS)
        begin = begin[which[text[begin]] >= 0]
        at = np.flatnonzero((shown == flat) & (flat >= len(SPECIAL)) & (which[text] >= 0))
        at = self.rng.permutation(at)[:TOLD]
        return [torch.from_numpy(a) for a in (begin, which[text[begin]], at, which[text[at]])]


def inside(paired, follows, ids, rng):
    """For every [CLS] that is asked for its pair, a random piece of the same text."""
    flat = ids.ravel()
    size = len(flat)
    ends = np.append(np.flatnonzero((flat == CLS) | (flat == PAD)), size)
    place = paired.numpy()
    end = ends[np.searchsorted(ends, place, side="right")]
    at = place + 1 + (rng.random(len(place)) * np.maximum(end - place - 1, 1)).astype(int)
    return torch.from_numpy(np.where(follows.numpy() >= 0, np.minimum(at, size - 1), 0))


@torch.no_grad()
def broadest(model, ids):
    """[layers, heads]: the FREE_HEADS of each layer with the highest entropy on these texts."""
    keep = []
    model(ids, keep=keep)
    entropy = torch.stack([-(w.clamp(min=1e-9).log() * w).sum(3).mean((0, 2)) for w in keep])
    free = torch.zeros(entropy.shape, dtype=torch.bool)
    free.scatter_(1, entropy.topk(FREE_HEADS, 1)[1], True)
    return free


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("work")
    options.add_argument("run")
    options.add_argument("model")
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--tokens", type=float, default=0, help="million; instead of minutes")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--muon", type=float, default=2e-3)
    options.add_argument("--adam", type=float, default=1e-3)
    options.add_argument("--seed", type=int, default=2)
    options.add_argument("--told", action="store_true", help="[CLS] is told a word that others ask for")
    options.add_argument("--settle", action="store_true", help="little of the further tasks, nothing hidden at the end")
    options.add_argument("--after", help="checkpoint of the part before: the further tasks' layers, and the free heads")
    options.add_argument("--resume", action="store_true")
    options = options.parse_args()
    run = Path(options.run)
    run.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.load(Path(options.model) / "vocab.txt")
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    model = load_folder(options.model)
    model.readers = Readers(model.config["hidden_size"])
    optimiser = Optimiser(model)
    step = tokens = 0
    spent = 0.0
    free = None
    if options.after:
        saved = torch.load(options.after)
        model.readers.load_state_dict({n[len("readers.") :]: t for n, t in saved["model"].items()
                                       if n.startswith("readers.")})
        free = saved["free"]
    kept = run / "checkpoint.pt"
    if options.resume and kept.exists():
        saved = torch.load(kept)
        model.load_state_dict(saved["model"])
        optimiser.load(saved["optimiser"])
        step, tokens, spent, free = saved["step"], saved["tokens"], saved["spent"], saved["free"]
    batches = Batches(Path(options.work), tokenizer, options.seed + step)
    further = Further(tokenizer, batches.rng)
    if step:
        lines = (run / "log.csv").read_text().splitlines()
        lines = lines[:1] + [line for line in lines[1:] if int(line.split(",")[0]) <= step]
        (run / "log.csv").write_text("".join(line + "\n" for line in lines))
    log = open(run / "log.csv", "a", newline="")
    table = csv.writer(log)
    if step == 0:
        table.writerow("step tokens minutes masked_loss reference_loss reference_right next_loss next_right "
                       "again_loss again_right ends_loss ends_right tokens_per_second it_to_animal head "
                       "largest_score cls_0 cls_1 cls_2 cls_3 cls_4 cls_5 told_loss told_right".split())

    resting = [torch.zeros(len(tokenizer.pieces), dtype=torch.bool) for _ in HIDE]
    resting[0][CLS] = resting[1][SEP] = True
    for i, piece in enumerate(tokenizer.pieces):
        resting[2][i] = not any(c.isalnum() for c in piece) and i >= len(SPECIAL)
    hide = [(share, pieces) for share, pieces in zip(HIDE, resting)]
    counts = np.bincount(np.asarray(batches.plain[128].ids[:20000]).ravel(), minlength=len(tokenizer.pieces))
    others = resting[1] | resting[2]
    others[torch.from_numpy(np.argsort(-counts)[: FREQUENT + len(SPECIAL)])] = True
    others[CLS] = others[PAD] = False

    def plain():
        return {n: t for n, t in model.state_dict().items() if not n.startswith("readers.")}

    def save():
        torch.save({"model": model.state_dict(), "optimiser": optimiser.save(), "step": step, "tokens": tokens,
                    "spent": spent, "free": free}, str(kept) + ".new")
        os.replace(str(kept) + ".new", kept)

    def part_done():
        return tokens / (options.tokens * 1e6) if options.tokens else spent / (options.minutes * 60)

    sums = np.zeros((6, 3))                             # masked, reference, next, before + behind, ends, told: loss, right, asked
    since, window, last, saved_at, peak = tokens, time.time(), time.time(), time.time(), 0.0
    kept_at = tokens + KEEP_EVERY * 1e6
    while part_done() < 1:
        part = part_done()
        ids, chosen, answer, asked, noun, paired, follows, whole = batches.next(1.0)
        if free is None:
            free = broadest(model, ids)
            print("free:", [(l, h) for l, h in free.nonzero().tolist()], flush=True)
        apart = torch.zeros_like(free)
        apart[1:].scatter_(1, free[1:].int().argmax(1, keepdim=True), True)
        aside = (0.0 if options.settle else ASIDE * min(1.0, max(0.0, (ASIDE_OUT - part) / (ASIDE_OUT - ASIDE_UNTIL))), others, apart)
        seen = min(1.0, max(0.0, 3 - 4 * part)) if options.settle else 1.0
        model.watch(step % 4 == 0)
        again, before, behind = further.again(ids.numpy(), whole.numpy())
        ends, lengths = further.ends(whole.numpy())
        anywhere = inside(paired, follows, whole.numpy(), batches.rng)
        pieces = model.bert.embeddings.word_embeddings.weight
        begin, word, curious, secret = further.told(ids.numpy(), whole.numpy()) if options.told else [ends[:0]] * 4
        told = (begin, model.readers.tell(pieces.detach()[word]).float()) if options.told else None
        x = model(ids, hide=[(share * seen, which) for share, which in hide], free=free, aside=aside, told=told,
                  only=torch.cat([chosen, asked, paired, again, ends, anywhere, curious]))
        x = x.split([len(chosen) + len(asked), PAIRS, len(again), len(ends), PAIRS, len(curious)])
        scores = model.words(x[0]).float()
        masked = F.cross_entropy(scores[: len(chosen)], answer)
        loss = masked
        sums[0] += float(masked), 0, 1
        tasks = [(1, scores[len(chosen) :], noun, REFERENCE_WEIGHT, len(chosen)),
                 (2, model.relation(x[1]), follows, RELATION_WEIGHT, None),
                 (2, model.relation(x[4]), follows, RELATION_WEIGHT, None)]
        for guess, found in zip(model.readers.neighbours(x[2], pieces), (before, behind)):
            tasks.append((3, guess, found, AGAIN_WEIGHT / 2, AGAIN))
        tasks.append((4, model.readers.length(x[3]).float(), lengths, ENDS_WEIGHT[options.told] if part < LAST_PART else LAST_WEIGHT,
                      ENDS))
        tasks.append((5, model.readers.hearsay(x[5], pieces), secret, TOLD_WEIGHT, TOLD))
        for row, guess, found, weight, over in tasks:
            if options.settle and row in (3, 5):
                weight *= SETTLE_WEIGHT
            count = int((found >= 0).sum())
            if count:
                one = F.cross_entropy(guess, found, reduction="sum")
                share = min(1.0, count / 16) / count if over is None else 1 / over
                loss = loss + one * (weight * share)
                sums[row] += float(one.detach()), int((guess.argmax(1) == found).sum()), count
        loss.backward()
        rate = rate_at(min(part + 1e-6, 1.0), 0.05)
        optimiser.step(options.muon * rate, options.adam * rate)
        if step % 4 == 0:
            peak = max(peak, model.clip(SCORE_LIMIT))
        step += 1
        tokens += ids.numel()
        now = time.time()
        spent += now - last
        last = now
        if part_done() >= LAST_PART and not (run / "before-last.pt").exists():
            torch.save({"model": plain()}, run / "before-last.pt")
        if tokens >= kept_at:
            write_safetensors(run / ("at-%dM.safetensors" % round(tokens / 1e6)), plain())
            kept_at += KEEP_EVERY * 1e6
        if step % 100 == 0 or part_done() >= 1:
            head, weights = showcase(model, tokenizer)
            mean = sums[:, :2] / np.maximum(sums[:, 2:], 1)
            table.writerow([step, tokens, "%.2f" % (spent / 60), "%.4f" % mean[0, 0]]
                           + ["%.4f" % v for row in mean[1:5] for v in row]
                           + [int((tokens - since) / (now - window)), "%.3f" % weights, "%d.%d" % head, "%.1f" % peak]
                           + ["%.2f" % share for share in rest(model, tokenizer)]
                           + ["%.4f" % v for v in mean[5]])
            log.flush()
            sums[:], since, window, peak = 0, tokens, now, 0.0
        if now - saved_at > 120:
            save()
            saved_at = now
            write_safetensors(run / "now.safetensors", plain())
    save()
    # The mean of two places on the way down is as good as the end, and less of an accident (Izmailov et
    # al. 2018).
    final = plain()
    if (run / "before-last.pt").exists():
        other = torch.load(run / "before-last.pt")["model"]
        final = {name: (final[name] + other[name]) / 2 for name in final}
    torch.save({"model": final}, run / "final.pt")


if __name__ == "__main__":
    main()
