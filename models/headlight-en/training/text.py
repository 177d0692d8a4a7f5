"""Text to words to pieces: BERT's uncased tokenization, and reading of the corpora.

Words are split as BERT does it (control characters removed, lower case,
accents stripped, punctuation and CJK characters on their own); a word is then
cut into the longest pieces of the vocabulary from left to right, pieces that
continue a word carrying "##".
"""
import lzma
import re
import sys
import unicodedata
from pathlib import Path

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)

CJK_RANGES = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
              (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))


def _is_punctuation(code):
    if 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126:
        return True
    return unicodedata.category(chr(code)).startswith("P")


def _character_class(test):
    """The characters that pass the test, as the inside of a regex class."""
    ranges, start = [], None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and test(code)
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            ranges.append("\\U%08x-\\U%08x" % (start, code - 1))
            start = None
    return "".join(ranges)


_ALONE = _character_class(lambda c: _is_punctuation(c) or any(a <= c <= b for a, b in CJK_RANGES))
_CONTROL = _character_class(lambda c: c in (0, 0xFFFD) or (
    chr(c) not in "\t\n\r" and unicodedata.category(chr(c)).startswith("C")))
_MARKS = _character_class(lambda c: unicodedata.category(chr(c)) == "Mn")
_SPACES = _character_class(lambda c: unicodedata.category(chr(c)) == "Zs")
WORD = re.compile("[%s]|[^\\s%s%s]+" % (_ALONE, _ALONE, _SPACES))
CONTROL = re.compile("[%s]" % _CONTROL)
MARKS = re.compile("[%s]" % _MARKS)


def fold(text, lower=True):
    """Remove control characters and accents, and lower the case if asked to."""
    if not text.isascii():
        text = CONTROL.sub("", text)
        if lower:
            text = text.lower()
        return MARKS.sub("", unicodedata.normalize("NFD", text))
    text = CONTROL.sub("", text)
    return text.lower() if lower else text


def split_words(text, lower=True):
    return WORD.findall(fold(text, lower))


class Tokenizer:
    def __init__(self, pieces):
        self.pieces = list(pieces)
        self.ids = {piece: i for i, piece in enumerate(self.pieces)}
        self._cache = {}

    @classmethod
    def load(cls, path):
        return cls(Path(path).read_text(encoding="utf-8").splitlines())

    def word_ids(self, word):
        known = self._cache.get(word)
        if known is None:
            known = self._cache[word] = self._cut(word)
        return known

    def _cut(self, word):
        if len(word) > 100:
            return [UNK]
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = self.ids.get(("##" if start else "") + word[start:end])
                if piece is not None:
                    break
            else:
                return [UNK]
            found.append(piece)
            start = end
        return found

    def encode(self, text):
        """The ids of a text, without [CLS] and [SEP]; "[MASK]" stays one piece."""
        ids = []
        for i, part in enumerate(text.split("[MASK]")):
            if i:
                ids.append(MASK)
            for word in split_words(part):
                ids.extend(self.word_ids(word))
        return ids


# -- reading ---------------------------------------------------------------------

SOURCES = ("fiction", "textbooks", "encyclopedia", "stories", "news-simple", "en-fr")
STRAIGHT = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})


def read_documents(folder, source):
    """Documents of a source, each a list of paragraphs.

    Typed text has straight quotation marks, books have curly ones: six
    documents of seven are straightened.
    """
    name = "en-fr.tsv.xz" if source == "en-fr" else source + ".txt.xz"
    with lzma.open(Path(folder) / name, "rt", encoding="utf-8") as lines:
        if source == "en-fr":
            before = None
            for line in lines:
                english = line.split("\t")[0].strip()
                if english != before:
                    yield [english]
                before = english
            return
        document, count = [], 0
        for line in lines:
            line = line.strip()
            if line:
                document.append(line if count % 7 == 3 else line.translate(STRAIGHT))
            elif document:
                yield document
                document, count = [], count + 1
        if document:
            yield document


_ABBREVIATION = "".join("(?<!\\b%s\\.)" % a for a in (
    "Mr", "Mrs", "Ms", "Dr", "St", "Mt", "No", "Jr", "Sr", "vs", "Prof", "Col", "Gen",
    "Capt", "Rev", "Hon", "Esq", "[A-Z]"))
SENTENCE_END = re.compile(
    "(?:(?<=[.!?])%s|(?<=[.!?][\"'\u201d\u2019)]))\\s+(?=[\"'\u201c\u2018(]?[A-Z0-9])" % _ABBREVIATION)


def sentences(paragraph):
    return SENTENCE_END.split(paragraph)
