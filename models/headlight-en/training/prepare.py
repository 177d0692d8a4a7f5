"""Turn the corpora into arrays: words, sentences, paragraphs, documents, and rows of pieces.

    prepare.py words CORPORA WORK         words of every source
    prepare.py rows MODEL_FOLDER WORK     rows for masked-word training

A row file holds ids [rows, length]; short texts are packed behind each other,
each from its own [CLS] on. Its labels hold the answer of pairs at their [CLS]:
1 where the second part follows the first, 2 where it is from elsewhere.
"""
import argparse
import re
from pathlib import Path

import numpy as np

from text import CLS, SEP, SOURCES, Tokenizer, fold, read_documents, sentences, WORD

# textbooks: dense exposition that a small model profits little from; take a part.
SHARE = {"textbooks": 0.5}
# of every source one document in so many is never trained on; evaluate.py reads those
HELD_OUT = 89


class Surface(dict):
    """Numbers for the words as written (with their case)."""

    def __missing__(self, word):
        self[word] = number = len(self)
        return number


def words(options):
    work = Path(options.work)
    work.mkdir(parents=True, exist_ok=True)
    (work / "held-out").mkdir(exist_ok=True)
    surface = Surface()
    for source in SOURCES:
        held_out = open(work / "held-out" / (source + ".txt"), "w", encoding="utf-8")
        flat, ends, starts_paragraph, document_of = [], [], [], []
        keep = SHARE.get(source, 1.0)
        for number, document in enumerate(read_documents(options.corpora, source)):
            if number % HELD_OUT == HELD_OUT // 2:
                held_out.write("\n".join(document) + "\n\n")
                continue
            if keep < 1 and (number * 0.6180339887) % 1 > keep:
                continue
            for paragraph in document:
                first = True
                for sentence in sentences(fold(paragraph, lower=False)):
                    found = WORD.findall(sentence)
                    if found:
                        flat.extend([surface[w] for w in found])
                        ends.append(len(flat))
                        starts_paragraph.append(first)
                        document_of.append(number)
                        first = False
        held_out.close()
        np.save(work / (source + ".words.npy"), np.array(flat, np.int32))
        np.save(work / (source + ".ends.npy"), np.array(ends, np.int32))
        np.save(work / (source + ".paragraph.npy"), np.array(starts_paragraph, bool))
        np.save(work / (source + ".document.npy"), np.array(document_of, np.int32))
        print(source, len(flat), "words", len(ends), "sentences", flush=True)

    lower = Surface()
    table, capital = [], []
    for word in surface:
        table.append(lower[word.lower()])
        capital.append(word[0].isupper() + 2 * (word.isupper() and len(word) > 1))
    np.save(work / "lower.npy", np.array(table, np.int32))
    np.save(work / "capital.npy", np.array(capital, np.int8))
    (work / "words.txt").write_text("\n".join(lower), encoding="utf-8")


def piece_table(model, work):
    """The pieces of every word."""
    tokenizer = Tokenizer.load(Path(model) / "vocab.txt")
    pieces, at = [], [0]
    for word in (work / "words.txt").read_text(encoding="utf-8").split("\n"):
        pieces.extend(tokenizer.word_ids(word))
        at.append(len(pieces))
    np.save(work / "pieces.npy", np.array(pieces, np.uint16))
    np.save(work / "pieces_at.npy", np.array(at, np.int32))


class Source:
    """The words of one source (lower-case numbers), and its pieces laid flat."""

    def __init__(self, work, name):
        work = Path(work)
        surface = np.load(work / (name + ".words.npy"))
        self.words = np.load(work / "lower.npy")[surface]
        self.capital = np.load(work / "capital.npy")[surface]
        self.ends = np.load(work / (name + ".ends.npy"))
        self.paragraph = np.load(work / (name + ".paragraph.npy"))
        self.document = np.load(work / (name + ".document.npy"))
        at, pieces = np.load(work / "pieces_at.npy"), np.load(work / "pieces.npy")
        many = (at[1:] - at[:-1])[self.words]
        self.piece_at = np.concatenate([[0], np.cumsum(many)])
        inside = np.arange(self.piece_at[-1]) - np.repeat(self.piece_at[:-1], many)
        self.pieces = pieces[np.repeat(at[self.words], many) + inside]
        starts = np.concatenate([[0], self.ends[:-1]])
        self.sentence_at = self.piece_at[starts]      # in pieces
        self.sentence_end = self.piece_at[self.ends]


def pack(texts, length, seed, least=7):
    """First-fit packing of (pieces, answers) into rows of one length: ids, answers."""
    order = np.random.default_rng(seed).permutation(len(texts))
    rows, open_rows = [], []                # open: (room, index)
    for i in order:
        size = len(texts[i][0])
        for j, (room, row) in enumerate(open_rows):
            if room >= size:
                rows[row].append(i)
                open_rows[j] = (room - size, row)
                if room - size < least:
                    open_rows.pop(j)
                break
        else:
            rows.append([i])
            if length - size >= least:
                open_rows.append((length - size, len(rows) - 1))
            if len(open_rows) > 40:
                open_rows.pop(0)
    ids, answers = (np.zeros((len(rows), length), np.uint16) for _ in range(2))
    for r, row in enumerate(rows):
        at = 0
        for i in row:
            pieces, answer = texts[i]
            ids[r, at : at + len(pieces)] = pieces
            answers[r, at : at + len(pieces)] = answer
            at += len(pieces)
    mix = np.random.default_rng(seed + 1).permutation(len(rows))
    return ids[mix], answers[mix]


def plain(text):
    return np.concatenate([[CLS], text, [SEP]]), 0


def pair(first, second, follows):
    """[CLS] a [SEP] b [SEP]; the answer at [CLS] is 1 where b follows a, 2 where it does not."""
    pieces = np.concatenate([[CLS], first, [SEP], second, [SEP]])
    answers = np.zeros(len(pieces), np.uint16)
    answers[0] = 1 if follows else 2
    return pieces, answers


def singles(source, length, share, rng):
    for i in np.flatnonzero(rng.random(len(source.ends)) < share):
        text = source.pieces[source.sentence_at[i] : source.sentence_end[i]]
        if 3 <= len(text) <= length - 2:
            yield plain(text)


def pairs(source, length, share, rng):
    """A sentence and the one that follows it in its document, or one from another document."""
    last = len(source.ends) - 1
    for i in np.flatnonzero(rng.random(last) < share):
        follows = rng.random() < 0.5
        j = i + 1 if follows else int(rng.integers(last))
        if (source.document[i] == source.document[j]) != follows:
            continue
        first = source.pieces[source.sentence_at[i] : source.sentence_end[i]]
        second = source.pieces[source.sentence_at[j] : source.sentence_end[j]]
        if 3 <= len(first) and 3 <= len(second) and len(first) + len(second) <= length - 3:
            yield pair(first, second, follows)


def passages(source, length, rng, paired=0.0):
    """Whole sentences of one document, as many as fit; a share of them in two parts, the
    second of which may come from another document."""
    i, last = 0, len(source.ends)
    earlier = []                            # second parts, and their documents
    while i < last:
        begin = source.sentence_at[i]
        j = i + 1
        while (j < last and source.document[j] == source.document[i]
               and source.sentence_end[j] - begin <= length - 3):
            j += 1
        end = min(source.sentence_end[j - 1], begin + length - 3)
        if j - i > 1 and rng.random() < paired:
            middle = source.sentence_at[int(rng.integers(i + 1, j))]
            second, document = source.pieces[middle:end], source.document[i]
            stranger = earlier[int(rng.integers(len(earlier)))] if earlier else (None, document)
            other = stranger[1] != document and rng.random() < 0.5
            shown = stranger[0][: length - 3 - (middle - begin)] if other else second
            if len(shown) > 2:
                yield pair(source.pieces[begin:middle], shown, not other)
            if len(earlier) < 5000:
                earlier.append((second, document))
            else:
                earlier[int(rng.integers(5000))] = (second, document)
        elif end - begin >= 6:
            yield plain(source.pieces[begin:end])
        i = j


def rows(options):
    work = Path(options.work)
    piece_table(options.model, work)
    rng = np.random.default_rng(options.seed)
    short, middle, long = [], [], []
    for name in SOURCES:
        source = Source(work, name)
        if name == "en-fr":
            short.extend(singles(source, 64, 1.0, rng))
            continue
        simple = name in ("stories", "news-simple")
        short.extend(singles(source, 64, 1.0 if simple else 0.08, rng))
        short.extend(pairs(source, 64, 1.0 if simple else 0.10, rng))
        middle.extend(passages(source, 128, rng, 0.4))
        share = 1.0 if simple or name == "encyclopedia" else 0.15
        long.extend(t for t in passages(source, 256, rng, 0.3) if rng.random() < share)
        print(name, len(short), len(middle), len(long), flush=True)
    for texts, length in ((short, 64), (middle, 128), (long, 256)):
        ids, answers = pack(texts, length, options.seed)
        np.save(work / ("rows%d.npy" % length), ids)
        np.save(work / ("rows%d.labels.npy" % length), answers)
        print(length, ids.shape, "filled", (ids > 0).mean(), "pairs that follow", (answers == 1).sum(),
              "and not", (answers == 2).sum(), flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("what", choices=["words", "rows"])
    options.add_argument("folders", nargs="+")
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    if options.what == "words":
        options.corpora, options.work = options.folders
        words(options)
    else:
        options.model, options.work = options.folders
        rows(options)


if __name__ == "__main__":
    main()
