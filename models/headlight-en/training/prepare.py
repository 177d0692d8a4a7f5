"""Turn the corpora into arrays: words, sentences, paragraphs, documents, and rows of pieces.

    prepare.py words CORPORA WORK         words of every source
    prepare.py rows MODEL_FOLDER WORK     rows for masked-word training

A row file holds ids [rows, length]; short texts are packed behind each other,
each from its own [CLS] on.
"""
import argparse
import re
from pathlib import Path

import numpy as np

from text import CLS, SEP, SOURCES, Tokenizer, fold, read_documents, sentences, WORD

# textbooks: dense exposition that a small model profits little from; take a part.
SHARE = {"textbooks": 0.5}


class Surface(dict):
    """Numbers for the words as written (with their case)."""

    def __missing__(self, word):
        self[word] = number = len(self)
        return number


def words(options):
    work = Path(options.work)
    work.mkdir(parents=True, exist_ok=True)
    surface = Surface()
    for source in SOURCES:
        flat, ends, starts_paragraph, document_of = [], [], [], []
        keep = SHARE.get(source, 1.0)
        for number, document in enumerate(read_documents(options.corpora, source)):
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


def pack(texts, length, seed):
    """First-fit packing of variable texts into rows of one length."""
    order = np.random.default_rng(seed).permutation(len(texts))
    rows, open_rows = [], []                # open: (room, index)
    for i in order:
        text = texts[i]
        for j, (room, row) in enumerate(open_rows):
            if room >= len(text):
                rows[row].append(text)
                open_rows[j] = (room - len(text), row)
                if room - len(text) < 7:
                    open_rows.pop(j)
                break
        else:
            rows.append([text])
            if length - len(text) >= 7:
                open_rows.append((length - len(text), len(rows) - 1))
            if len(open_rows) > 40:
                open_rows.pop(0)
    out = np.zeros((len(rows), length), np.uint16)
    for i, row in enumerate(rows):
        flat = np.concatenate(row)
        out[i, : len(flat)] = flat
    return out


def singles(source, length, share, rng):
    for i in np.flatnonzero(rng.random(len(source.ends)) < share):
        text = source.pieces[source.sentence_at[i] : source.sentence_end[i]]
        if 3 <= len(text) <= length - 2:
            yield np.concatenate([[CLS], text, [SEP]])


def pairs(source, length, share, rng):
    """Two neighbouring sentences of a document, [CLS] a [SEP] b [SEP]."""
    for i in np.flatnonzero(rng.random(len(source.ends) - 1) < share):
        size = source.sentence_end[i + 1] - source.sentence_at[i]
        if source.document[i] == source.document[i + 1] and size <= length - 3:
            a = source.pieces[source.sentence_at[i] : source.sentence_end[i]]
            b = source.pieces[source.sentence_at[i + 1] : source.sentence_end[i + 1]]
            yield np.concatenate([[CLS], a, [SEP], b, [SEP]])


def passages(source, length):
    """Whole sentences of one document, as many as fit."""
    i, last = 0, len(source.ends)
    while i < last:
        begin = source.sentence_at[i]
        j = i + 1
        while (j < last and source.document[j] == source.document[i]
               and source.sentence_end[j] - begin <= length - 2):
            j += 1
        text = source.pieces[begin : min(source.sentence_end[j - 1], begin + length - 2)]
        if len(text) >= 8:
            yield np.concatenate([[CLS], text, [SEP]])
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
        short.extend(pairs(source, 64, 1.0 if simple else 0.08, rng))
        middle.extend(passages(source, 128))
        if simple or name == "encyclopedia":
            long.extend(passages(source, 256))
        else:
            long.extend(t for t in passages(source, 256) if rng.random() < 0.15)
        print(name, len(short), len(middle), len(long), flush=True)
    for texts, length in ((short, 64), (middle, 128), (long, 256)):
        packed = pack(texts, length, options.seed)
        np.random.default_rng(options.seed + length).shuffle(packed)
        np.save(work / ("rows%d.npy" % length), packed)
        print(length, packed.shape, "filled", (packed > 0).mean(), flush=True)


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
