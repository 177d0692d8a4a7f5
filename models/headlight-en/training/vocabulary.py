"""Learn the WordPiece vocabulary: count words, then join the most frequent pair of
neighbouring pieces again and again until the vocabulary is full.

    vocabulary.py CORPORA MODEL_FOLDER [--size 8192]
"""
import argparse
import heapq
import json
from collections import Counter, defaultdict
from pathlib import Path

from text import SOURCES, SPECIAL, read_documents, split_words

# Books are most of the text, everyday sentences are what people type: count those more.
WEIGHT = {"fiction": 1, "textbooks": 1, "encyclopedia": 1, "stories": 4, "news-simple": 4, "en-fr": 6}


def count_words(folder, every):
    """Word counts; of the large sources only one document in `every`."""
    counts = Counter()
    for source in SOURCES:
        step = every if WEIGHT[source] == 1 else 1
        mine = Counter()
        for number, document in enumerate(read_documents(folder, source)):
            if number % step == 0:
                for paragraph in document:
                    mine.update(split_words(paragraph))
        for word, count in mine.items():
            counts[word] += count * WEIGHT[source] * step
    return counts


def learn(counts, size, least):
    letters = Counter()
    for word, count in counts.items():
        for letter in word:
            letters[letter] += count
    alphabet = sorted(c for c, n in letters.items() if n >= least or 32 < ord(c) < 127)
    for code in range(33, 127):
        if not chr(code).isupper() and chr(code) not in alphabet:
            alphabet.append(chr(code))
    allowed = set(alphabet)
    pieces = list(SPECIAL) + alphabet + ["##" + c for c in alphabet if c.isalnum()]

    words, amounts = [], []
    for word, count in counts.most_common(120000):
        if len(word) <= 30 and set(word) <= allowed:
            words.append([word[0]] + ["##" + c for c in word[1:]])
            amounts.append(count)
    pairs, where = Counter(), defaultdict(set)
    for i, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pairs[pair] += amounts[i]
            where[pair].add(i)
    have = set(pieces)
    heap = [(-amount, pair) for pair, amount in pairs.items()]
    heapq.heapify(heap)
    while len(pieces) < size:
        amount, best = heapq.heappop(heap)
        if -amount != pairs.get(best, 0):           # its count has changed since
            continue
        joined = best[0] + best[1][2:]
        if joined not in have:
            have.add(joined)
            pieces.append(joined)
        touched = set()
        for i in where.pop(best):
            word, amount = words[i], amounts[i]
            touched.update(zip(word, word[1:]))
            for pair in zip(word, word[1:]):
                pairs[pair] -= amount
            new, at = [], 0
            while at < len(word):
                if at + 1 < len(word) and (word[at], word[at + 1]) == best:
                    new.append(joined)
                    at += 2
                else:
                    new.append(word[at])
                    at += 1
            words[i] = new
            touched.update(zip(new, new[1:]))
            for pair in zip(new, new[1:]):
                pairs[pair] += amount
                where[pair].add(i)
        pairs.pop(best, None)
        for pair in touched:
            if pairs.get(pair, 0) > 0:
                heapq.heappush(heap, (-pairs[pair], pair))
    return pieces


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("corpora")
    options.add_argument("model")
    options.add_argument("--size", type=int, default=8192)
    options.add_argument("--every", type=int, default=3)
    options.add_argument("--least", type=int, default=2000, help="rarer characters are [UNK]")
    options = options.parse_args()
    pieces = learn(count_words(options.corpora, options.every), options.size, options.least)
    folder = Path(options.model)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True,
        "model_max_length": 256, "tokenizer_class": "BertTokenizer", "unk_token": "[UNK]",
        "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"},
        indent=2) + "\n")


if __name__ == "__main__":
    main()
