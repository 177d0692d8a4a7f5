#!/usr/bin/python3
"""Makes tests/data/tokenizers/{bpe,bpe-old,unigram}: small vocabularies learned from the text below, and
what a plain implementation of the published rules makes of some texts. test_tokenizers compares ours.

    python3 tests/reference/make_tokenizers.py       from the repository root; standard library only

Byte-level BPE: Sennrich et al. 2016; Radford et al. 2019. Unigram: Kudo 2018.
"""
import json
import math
import os
import unicodedata
from collections import Counter

TEXT = """The old lighthouse keeper counted the ships, one by one, until the fog came in. He'd never seen so
many of them; they weren't fishing boats. We're told that it's the lamp that matters, but I'll say it is the
keeper's patience. In 1874 the tower was 31 metres high, and in 1901 they added 7 more. Where does the light
go when nobody's looking? Nowhere, she said, and that's the trouble with light. Ships don't ask. A caf\u00e9 stood
below the cliff; its na\u00efve owner sold coffee to the keeper, tea to the captain and lemonade to the children.
The children counted the steps: twenty, thirty, forty, and then they were too tired to count. The keeper was
tired too, and the lamp was lit. \u00dcber allem Licht. \u5149\u306f\u5149. """ * 2
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
TESTS = [
    "The keeper counted the ships.", "the lamp", " the lamp", "  the  lamp ", "He'd said they're tired, and I'll go; we've 'em.",
    "It'S CAPS: DON'T", "1874 and 1901, 7more", "abc123def 12ab", "caf\u00e9 na\u00efve \u00dcber", "cafe\u0301", "\u5149\u306f\u5149\u3060",
    "\U0001F600 smile\U0001F600\U0001F600", "a\tb\nc\r\nd", "line one\n\n  line two  \n", "\u00a0nbsp\u00a0there", "tabs\t\t\tthree",
    "x", "", " ", "   ", "\n", "'", "''s", "a's's", "'tis", "...", "!?;:", " .", "a . b", "(brackets) [and] {more}",
    "emoji \U0001F468\u200D\U0001F469\u200D\U0001F467 family", "\u0645\u0631\u062d\u0628\u0627 \u0628\u0643", "\u0928\u092e\u0938\u094d\u0924\u0947", "I <mask> light", "I<mask>light", "<mask>", "the  <mask>  lamp", "<s> </s> plain", "\u00bd \u00b2 \u2167 \uff11\uff12",
    "\ufb01sh \ufb02ow", "\uff26\uff35\uff2c\uff2c width", "wordwithoutanyblanksinit" * 8, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "The The The the the",
    "\u2581mark", "a\u2581b", "tired.Tired", "3.14 + 2.72 = 5.86", "e-mail: a@b.example", "\u201cquoted\u201d \u2018single\u2019 \u2014 dash", "\u0130stanbul \u0131", "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
    "\ud55c\uad6d\uc5b4", "Z\u0335a\u0336l\u0337g\u0338o\u0322", "a\u200cb", "\ufdfa", "soft\u00adhyphen", "a\u200bb", "\ufeffbom", "x\u0085y", "x\u000by\u000cz", "\u2028sep\u2029",
]


# ---- Byte-level BPE ----

def byte_characters():
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table, extra = {}, 0
    for byte in range(256):
        if byte in plain:
            table[byte] = chr(byte)
        else:
            table[byte] = chr(256 + extra)
            extra += 1
    return table


BYTES = byte_characters()


def is_space(c):
    return c in "\t\n\r\x0b\x0c\x85" or unicodedata.category(c) in ("Zs", "Zl", "Zp")


def kind(c):
    if is_space(c):
        return "s"
    major = unicodedata.category(c)[0]
    return major if major in "LN" else "o"


def pretokens(text):
    """'s|'t|'re|'ve|'m|'ll|'d| ?L+| ?N+| ?others+|blanks not before a word|blanks"""
    out, i = [], 0
    while i < len(text):
        for ending in ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d"):
            if text.startswith(ending, i):
                out.append(ending)
                i += len(ending)
                break
        else:
            j = i + 1 if text[i] == " " and i + 1 < len(text) and not is_space(text[i + 1]) else i
            if not is_space(text[j]):
                k = j
                while k < len(text) and kind(text[k]) == kind(text[j]):
                    k += 1
            else:
                k = i
                while k < len(text) and is_space(text[k]):
                    k += 1
                if k < len(text) and k - i > 1:
                    k -= 1
            out.append(text[i:k])
            i = k
    return out


def learn_bpe(merges):
    words = Counter(tuple(BYTES[b] for b in part.encode()) for part in pretokens(TEXT))
    learned = []
    for _ in range(merges):
        pairs = Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = max(sorted(pairs), key=pairs.get)
        learned.append(best)
        words = Counter({merge(word, best): count for word, count in words.items()})
    return learned


def merge(word, pair):
    out, i = [], 0
    while i < len(word):
        if i + 1 < len(word) and (word[i], word[i + 1]) == pair:
            out.append(word[i] + word[i + 1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


def encode_bpe(text, ranks):
    pieces = []
    for part in pretokens(text):
        word = tuple(BYTES[b] for b in part.encode())
        while len(word) > 1:
            pair = min(zip(word, word[1:]), key=lambda p: ranks.get(p, math.inf))
            if pair not in ranks:
                break
            word = merge(word, pair)
        pieces += word
    return pieces


# ---- Unigram ----

DROPPED = set(map(chr, [*range(1, 9), 0x0B, *range(0x0E, 0x20), 0x7F, 0x8F, 0x9F]))
BLANKS = set("\x0c\x85\u200b\u200c\u200e\u200f\u2581\ufeff\ufffd")


def normalise(text, lower):
    """NFKC, and the "nmt" rules of SentencePiece: some characters dropped, some taken for blanks."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(" " if c in BLANKS or is_space(c) else c for c in text if c not in DROPPED)
    return text.lower() if lower else text


def learn_unigram():
    counts = Counter()
    for word in normalise(TEXT, False).split():
        word = "\u2581" + word
        for i in range(len(word)):
            for j in range(i + 1, min(i + 9, len(word)) + 1):
                counts[word[i:j]] += 1
    pieces = [p for p, n in counts.items() if len(p) == 1]
    longer = sorted((p for p, n in counts.items() if len(p) > 1 and n > 3), key=lambda p: (-counts[p] * len(p), p))
    pieces = sorted(set(pieces)) + longer[:300]
    total = sum(counts[p] for p in pieces)
    return [(p, round(math.log(counts[p] / total), 6)) for p in pieces]


def encode_unigram(text, scores, unknown, lower):
    pieces, least = [], min(scores.values()) - 10
    longest = max(map(len, scores))
    for word in normalise(text, lower).split():
        word = "\u2581" + word
        best = [(0.0, None, None)] + [(-math.inf, None, None)] * len(word)
        for i in range(len(word)):
            for j in range(i + 1, min(i + longest, len(word)) + 1):
                piece = word[i:j]
                if piece in scores and best[i][0] + scores[piece] > best[j][0]:
                    best[j] = (best[i][0] + scores[piece], i, piece)
            if word[i] not in scores and best[i][0] + least > best[i + 1][0]:
                best[i + 1] = (best[i][0] + least, i, unknown)
        at, found = len(word), []
        while at > 0:
            found.append(best[at][2])
            at = best[at][1]
        for piece in reversed(found):
            if not (piece == unknown and pieces and pieces[-1] is unknown):
                pieces.append(piece)
        pieces.append(None)                                # the end of a word: unknowns do not join across it
    return [p for p in pieces if p is not None]


# ---- Files ----

def with_mask(text, encode):
    """<mask>, <s>, </s> stay whole; the mask takes the blanks before it along."""
    pieces, start, i = [], 0, 0
    while i < len(text):
        token = next((s for s in SPECIAL if text.startswith(s, i)), None)
        if token is None:
            i += 1
            continue
        before = text[start:i]
        pieces += encode(before.rstrip(" \t\r\n") if token == "<mask>" else before)
        pieces.append(token)
        i += len(token)
        start = i
    return pieces + encode(text[start:])


def write(folder, files, vocab, encode):
    os.makedirs(folder, exist_ok=True)
    for name, content in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
            out.write(content)
    with open(os.path.join(folder, "expected.jsonl"), "w", encoding="utf-8") as out:
        for text in TESTS:
            pieces = with_mask(text, encode)
            out.write(json.dumps({"text": text, "tokens": pieces, "ids": [vocab[p] for p in pieces]}) + "\n")


def main():
    base = os.path.join("tests", "data", "tokenizers")
    merges = learn_bpe(300)
    pieces = SPECIAL[:4] + [BYTES[b] for b in range(256)] + [a + b for a, b in merges] + SPECIAL[4:]
    vocab = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    ranks = {pair: i for i, pair in enumerate(merges)}
    added = [{"id": vocab[s], "content": s, "lstrip": s == "<mask>", "special": True} for s in SPECIAL]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    write(os.path.join(base, "bpe"), {"tokenizer.json": json.dumps({
        "added_tokens": added, "normalizer": None, "pre_tokenizer": level,
        "model": {"type": "BPE", "vocab": vocab, "merges": [list(m) for m in merges]}}, ensure_ascii=False)},
        vocab, lambda text: encode_bpe(text, ranks))
    write(os.path.join(base, "bpe-old"), {
        "vocab.json": json.dumps(vocab),
        "merges.txt": "#version: 0.2\n" + "".join("%s %s\n" % m for m in merges)},
        vocab, lambda text: encode_bpe(text, ranks))
    scores = learn_unigram()
    rows = [["<s>", 0], ["<pad>", 0], ["</s>", 0], ["<unk>", 0]] + [list(s) for s in scores]
    vocab = {row[0]: i for i, row in enumerate(rows)}
    vocab["<mask>"] = len(rows)
    table = dict(scores)
    added = [{"id": vocab[s], "content": s, "lstrip": s == "<mask>", "special": True} for s in SPECIAL]
    write(os.path.join(base, "unigram"), {"tokenizer.json": json.dumps({
        "added_tokens": added,
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "Precompiled", "precompiled_charsmap": ""},
                                                           {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "\u2581"}]},
        "model": {"type": "Unigram", "unk_id": 3, "vocab": rows}}, ensure_ascii=False)},
        vocab, lambda text: encode_unigram(text, table, "<unk>", False))


if __name__ == "__main__":
    main()
