"""Mine references: a noun that comes again in a passage is replaced by the pronoun that
fits, and the noun becomes the answer to be given at the pronoun's place. Where a text names one man
(or woman) only, its own he, him, his (she, her) are asked for too; they and its likewise.

    mine.py WORK

No parser and no tagger: nouns, verbs, names and their gender are told by the words
around them, counted over all the text. Writes mined64.npy and mined128.npy with
labels (the noun's first piece at the pronoun's place, 0 elsewhere). After the idea of
mention reference prediction (CorefBERT, Ye et al. 2020; WikiCREM, Kocijan et al. 2019).
"""
import argparse
from pathlib import Path

import numpy as np

from prepare import Source, pack
from text import CLS, SEP, SOURCES

DEFINITE = "the this that these those his her my your our their its".split()
DETERMINER = DEFINITE + "a an every each some no another any".split()
PREPOSITION = ("of in to for with on at from by into about over after under through between against "
               "near behind upon before toward towards across around beside beyond inside like up down "
               "along off out without within onto above below past").split()
CONJUNCTION = ("and but or so because when while as since if that until though although for then "
               "where after before unless whether").split()
AUXILIARY = ("is was are were be been being has had have do does did will would can could shall should may "
             "might must").split()
OTHER_CLOSED = ("i you he she it we they me him us them who whom whose which what there here not never "
                "only also too again now just than nor yet still ' , . ; : ! ? \" ) ( - \u2014 \u2013 "
                "\u2019 \u201d \u201c \u2026").split()
SUBJECT = "he she they i we it who".split()

MALE = ("man boy king father son brother husband prince uncle gentleman lord emperor grandfather duke monk "
        "priest knight nephew fellow lad count knave butler farmer soldier sailor captain wizard bishop baron "
        "policeman fisherman hunter huntsman giant shepherd general colonel major landlord grandpa dad papa "
        "squire blacksmith headmaster postman waiter actor merchant sultan monarch sheriff abbot pope "
        "cowboy guy chap beggar sergeant lieutenant woodcutter miller").split()
FEMALE = ("woman girl queen mother daughter sister wife princess aunt lady empress grandmother duchess nun "
          "niece maiden maid countess witch widow bride nurse governess housekeeper hostess actress heroine "
          "goddess mistress landlady mama mamma mum mom grandma stepmother waitress baroness fairy "
          "washerwoman milkmaid seamstress").split()
PERSON = ("child doctor teacher friend stranger servant person baby student prisoner guest artist writer "
          "author president leader minister officer driver player singer scientist judge lawyer visitor boss "
          "manager owner neighbour neighbor thief poet painter master cook passenger patient traveller "
          "director professor editor engineer guard messenger pupil infant orphan speaker victim candidate "
          "worker customer clerk").split()
PEOPLE = "men women children people boys girls folk mice geese feet teeth wolves wives knives leaves".split()
# words that look like nouns here but name no thing that comes again
NOT_NOUN = ("other others first second third last next same latter former rest one ones two three lot kind "
            "sort way time moment day night morning evening afternoon hour week month year end beginning "
            "side part case fact point reason matter thing number while bit little few many more most "
            "own whole self time present past future left right top bottom middle place long following "
            "above whom great old young good poor dead rich sick latter only very less much north south "
            "east west chapter figure table section mr mrs miss else idea truth "
            "days years times hours things minutes ways parts sides hands eyes lips arms").split()
TITLE = "mr mrs miss sir lady lord captain dr doctor uncle aunt king queen prince princess saint st madame".split()

BOUND = set("of that which who whom whose they he she i we you where to in on at from".split())
QUOTES = set("\" \u201d ' \u2019 ,".split())
JOIN = ["because"] * 7 + "and and but but so when while as since until though after".split()
THING, PLURAL, HE, SHE, ANYONE = range(5)
REAL = {HE: ("he", "him", "his", "himself"), SHE: ("she", "her", "herself"),
        PLURAL: ("they", "them", "their", "themselves"), THING: ("its", "itself")}
FORMS = {THING: ("it", "it", "its"), PLURAL: ("they", "them", "their"),
         HE: ("he", "him", "his"), SHE: ("she", "her", "her")}


class Text:
    """All sources behind each other, and what the counts say about every word."""

    def __init__(self, work):
        self.names = (Path(work) / "words.txt").read_text(encoding="utf-8").split("\n")
        self.ids = {w: i for i, w in enumerate(self.names)}
        parts = [Source(work, s) for s in SOURCES if s != "en-fr"]
        self.words = np.concatenate([p.words for p in parts])
        self.capital = np.concatenate([p.capital for p in parts]) > 0
        self.pieces = np.concatenate([p.pieces for p in parts])
        lengths = np.concatenate([np.diff(p.piece_at) for p in parts])
        self.piece_at = np.concatenate([[0], np.cumsum(lengths)])
        shift = np.cumsum([0] + [len(p.words) for p in parts])
        self.ends = np.concatenate([p.ends + s for p, s in zip(parts, shift)])
        count = np.cumsum([0] + [p.document[-1] + 1 for p in parts])
        document = np.concatenate([p.document + c for p, c in zip(parts, count)])
        self.begins = np.concatenate([[0], self.ends[:-1]])
        self.sentence = np.repeat(np.arange(len(self.ends)), self.ends - self.begins)
        self.document = document[self.sentence]
        self.sentence_document = document
        self.learn()

    def some(self, words):
        return np.array([self.ids[w] for w in words if w in self.ids])

    def is_one_of(self, words):
        table = np.zeros(len(self.names), bool)
        table[self.some(words)] = True
        return table

    def learn(self):
        w, size = self.words, len(self.names)
        before, after = np.roll(w, 1), np.roll(w, -1)
        count = np.bincount(w, minlength=size) + 1e-9
        self.closed = self.is_one_of(PREPOSITION + CONJUNCTION + AUXILIARY + OTHER_CLOSED + DETERMINER)
        self.determiner = self.is_one_of(DETERMINER)
        self.definite = self.is_one_of(DEFINITE)
        subject = self.is_one_of(SUBJECT)[before]
        self.verb = (np.bincount(w[subject], minlength=size) / count > 0.15) & (count > 20)
        self.verb |= self.is_one_of(AUXILIARY)
        self.verb &= ~self.is_one_of(PREPOSITION + CONJUNCTION + DETERMINER + OTHER_CLOSED)
        self.relation = self.is_one_of(PREPOSITION)
        determined = self.determiner[before]
        closing = self.closed | self.verb
        with_d = np.bincount(w[determined], minlength=size)
        with_d_closed = np.bincount(w[determined & closing[after]], minlength=size)
        with_a = np.bincount(w[self.is_one_of(["a", "an"])[before]], minlength=size)
        inner = np.ones(len(w), bool)
        inner[self.begins] = False
        inner[np.minimum(self.begins + 1, len(w) - 1)] = False
        upper = np.bincount(w[self.capital & inner], minlength=size) / (np.bincount(w[inner], minlength=size) + 1e-9)
        alphabetic = np.array([n.isalpha() and len(n) > 1 for n in self.names])

        noun = ((with_d >= 25) & (with_d_closed > 0.55 * with_d) & (with_d > 0.12 * count) & (upper < 0.5)
                & alphabetic & ~self.closed & ~self.is_one_of(NOT_NOUN) & ~self.verb)
        self.kind = np.full(size, -1)
        for i in np.flatnonzero(noun):
            name = self.names[i]
            stems = [name[:-1], name[:-2], name[:-3] + "y"] if name.endswith("s") else []
            if name in PEOPLE or (with_a[i] < 0.03 * with_d[i]
                                  and any(s in self.ids and noun[self.ids[s]] for s in stems)):
                self.kind[i] = PLURAL
            else:
                self.kind[i] = THING
        who = self.is_one_of(["who", "whose", "whom"])[after]
        people = (np.bincount(w[who], minlength=size) > 0.012 * count) & (self.kind == THING)
        self.kind[people | (noun & self.is_one_of(PERSON))] = ANYONE
        for words, kind in ((MALE, HE), (FEMALE, SHE), (PEOPLE, PLURAL)):
            self.kind[self.is_one_of(words) & (count > 20)] = kind

        # names: always capital, followed by verbs, not places; the gender of the pronouns that follow
        follow = 15
        male = np.cumsum(np.concatenate([[0], self.is_one_of(["he", "him", "his"])[w], np.zeros(follow, bool)]))
        female = np.cumsum(np.concatenate([[0], self.is_one_of(["she", "her"])[w], np.zeros(follow, bool)]))
        at = np.arange(len(w)) + 1
        m = np.bincount(w, weights=male[at + follow - 1] - male[at], minlength=size)
        f = np.bincount(w, weights=female[at + follow - 1] - female[at], minlength=size)
        verb_after = np.bincount(w[self.verb[after]], minlength=size) / count
        place = self.is_one_of("in at from near the of to a an".split())[before]
        place = np.bincount(w[place], minlength=size) / count
        name = (upper > 0.97) & (count >= 40) & alphabetic & (verb_after > 0.10) & (place < 0.3) & (self.kind < 0)
        name &= (m + f > 0.35 * count) & ~self.closed & ~self.is_one_of(TITLE + ["god", "lord", "i"])
        self.name = name
        self.kind[name & (m > 0.82 * (m + f))] = HE
        self.kind[name & (f > 0.62 * (m + f))] = SHE
        self.name &= self.kind >= 0
        self.title = self.is_one_of(TITLE)
        for kind in range(5):
            found = np.flatnonzero((self.kind == kind) & ~self.name)
            print("kind", kind, len(found), [self.names[i] for i in found[np.argsort(-count[found])][:40:2]])
        for kind in (HE, SHE):
            found = np.flatnonzero((self.kind == kind) & self.name)
            print("names", kind, len(found), [self.names[i] for i in found[np.argsort(-count[found])][:60:2]])


def mentions(t):
    """Places of head nouns, where their phrases begin, and which may become pronouns."""
    w = t.words
    after = np.roll(w, -1)
    closing = t.closed | t.verb
    at = np.flatnonzero((t.kind[w] >= 0) & (closing[after] | t.name[w]))
    at = at[(at > 6) & (at < len(w) - 3)]
    begin, definite = np.full(len(at), -1), np.zeros(len(at), bool)
    open_ = np.ones(len(at), bool)              # only open-class words lie between
    for back in (1, 2, 3):
        word = w[at - back]
        hit = open_ & t.determiner[word] & (begin < 0) & ~t.name[w[at]]
        begin[hit] = at[hit] - back
        definite[hit] = t.definite[word[hit]]
        open_ &= ~closing[word]
    name = t.name[w[at]]
    begin[name] = at[name]
    for _ in range(2):
        word = w[begin - 1]
        more = name & (t.title[word] | (t.name[word] & t.capital[begin - 1]))
        begin[more] -= 1
    definite[name] = True
    bare = (begin < 0) & (t.kind[w[at]] == PLURAL)
    begin[bare] = at[bare]
    keep = begin >= 0
    keep &= t.sentence[np.maximum(begin, 0)] == t.sentence[at]
    return at[keep], begin[keep], definite[keep]


class Miner:
    def __init__(self, work, seed):
        self.t = Text(work)
        self.rng = np.random.default_rng(seed)
        t = self.t
        self.at, self.begin, self.definite = mentions(t)
        kinds = t.kind[t.words[self.at]]
        self.kinds = kinds
        # how many mentions of each kind lie before a word
        self.before = np.zeros((5, len(t.words) + 1), np.int32)
        for kind in range(5):
            flag = np.zeros(len(t.words), np.int32)
            flag[self.at[kinds == kind]] = 1
            np.cumsum(flag, out=self.before[kind, 1:])
        word_at, pieces = np.load(Path(work) / "pieces_at.npy"), np.load(Path(work) / "pieces.npy")
        self.pieces_of = lambda word: pieces[word_at[word] : word_at[word + 1]]
        self.point, self.quote = t.ids["."], set(t.some(["\"", "\u201c", "\u201d", "?", "!"]))
        self.leading = {t.ids[x]: x for x in ("but", "and", "so", "then", "for")}
        counts = np.bincount(t.words, minlength=len(t.names))
        self.names = {}
        for kind in (HE, SHE):
            names = np.flatnonzero(t.name & (t.kind == kind))
            chance = counts[names] ** 0.5
            self.names[kind] = names, chance / chance.sum()
        self.of_kind = [self.at[kinds == kind] for kind in range(5)]
        # words that may be somebody else: unknown capitals, "the doctor", whoever speaks in quotes
        inner = np.ones(len(t.words), bool)
        inner[t.begins] = False
        odd = t.capital & inner & ~t.name[t.words] & ~t.title[t.words] & ~t.closed[t.words]
        odd |= (t.capital & ~inner & (t.kind[t.words] < 0) & ~t.verb[t.words] & ~t.closed[t.words]
                & (np.bincount(t.words, minlength=len(t.names))[t.words] < 3000))
        named = t.name[t.words] & t.capital
        odd &= ~(np.roll(named, 1) | np.roll(named, -1))    # a family name
        odd &= ~t.is_one_of("in at from to near of".split())[np.roll(t.words, 1)]       # a place
        odd |= t.is_one_of(["\"", "\u201c", "\u201d", "i", "you", "we", "my", "me"])[t.words]
        odd |= (t.kind[t.words] == ANYONE)
        self.unclear = np.concatenate([[0], np.cumsum(odd)])
        self.pairs()

    def pairs(self):
        """A mention and the one before it of the same noun in the same document."""
        t = self.t
        order = np.lexsort((self.at, t.words[self.at], t.document[self.at]))
        a, b = order[:-1], order[1:]
        near = ((t.words[self.at[a]] == t.words[self.at[b]])
                & (t.document[self.at[a]] == t.document[self.at[b]])
                & (self.begin[b] - self.at[a] < 85) & (self.begin[b] > self.at[a] + 1) & self.definite[b])
        a, b = a[near], b[near]
        order = np.argsort(self.at[b])
        self.first, self.second = a[order], b[order]
        self.second_at = self.at[self.second]

    def pronoun(self, mention, kind):
        """The pronoun for a mention, and the word behind what it replaces; None if unclear."""
        t, end = self.t, int(self.at[mention]) + 1
        w, begin = t.words, int(self.begin[mention])
        subject, object_, possessive = FORMS[kind]
        if t.names[w[end]] in ("'", "\u2019"):
            return (possessive, end + 2) if t.names[w[end + 1]] == "s" else (None, end)
        if t.name[w[begin]] and t.capital[end] and not t.closed[w[end]]:
            end += 1                                        # a family name
        if t.names[w[end]] in BOUND:                        # "the top of ...", "the food they ..."
            return None, end
        previous = w[begin - 1]
        if t.verb[previous] and t.names[w[begin - 2]] in QUOTES and kind in (HE, SHE):
            return None, end                                # "...," said the king
        opens = t.begins[t.sentence[begin]] == begin or t.names[previous] in CONJUNCTION + [",", ";", "\""]
        if t.relation[previous] and not opens or (t.verb[previous] and not t.verb[w[end]]):
            return object_, end
        if t.verb[w[end]]:
            return subject, end
        return (subject, end) if kind == THING else (None, end)

    def gender(self, kind, begin, end):
        """He or she for a word like "doctor", if the passage itself says which."""
        if kind != ANYONE:
            return kind
        near = [self.t.names[x] for x in self.t.words[begin:end]]
        he = sum(x in ("he", "him", "his") for x in near)
        she = sum(x in ("she", "her") for x in near)
        return HE if he and not she else SHE if she and not he else None

    def renaming(self, begin, end):
        """In two texts of three every name becomes another one of the same gender, so that
        who is meant can be told from the text only."""
        t = self.t
        if self.rng.random() < 0.33:
            return {}
        old = sorted(set(t.words[begin:end][t.name[t.words[begin:end]] & t.capital[begin:end]].tolist()))
        new = {}
        for word in old:
            names, chance = self.names[t.kind[word]]
            other = int(self.rng.choice(names, p=chance))
            if other not in new.values() and other not in old:
                new[word] = other
        return new

    def first_piece(self, word, names):
        return self.pieces_of(names.get(int(word), word))[0]

    def plain(self, begin, end, names):
        """The pieces of words [begin, end)."""
        t = self.t
        if not any(int(x) in names for x in t.words[begin:end]):
            return t.pieces[t.piece_at[begin] : t.piece_at[end]]
        return np.concatenate([self.pieces_of(names.get(int(x), x)) for x in t.words[begin:end]])

    def render(self, begin, end, changes, names):
        """Pieces and labels of words [begin, end) with phrases replaced by pronouns."""
        pieces, labels, at = [], [], begin
        for start, stop, word, noun in sorted(changes):
            part = self.plain(at, start, names)
            pieces.append(part)
            labels.append(np.zeros(len(part), np.uint16))
            new = self.pieces_of(self.t.ids[word])
            pieces.append(new)
            labels.append(np.array([self.first_piece(noun, names)] + [0] * (len(new) - 1), np.uint16))
            at = stop
        part = self.plain(at, end, names)
        return np.concatenate(pieces + [part]), np.concatenate(labels + [np.zeros(len(part), np.uint16)])

    def change(self, pair, begin):
        mention = self.second[pair]
        kind = self.gender(self.kinds[mention], begin, self.at[mention])
        if kind is None:
            return None
        word, stop = self.pronoun(mention, kind)
        if word is None:
            return None
        return int(self.begin[mention]), int(stop), word, int(self.t.words[self.at[mention]])

    def sample(self, pair):
        """One text with its answers: (pieces, labels, pronoun), or None."""
        t, rng = self.t, self.rng
        p, q = int(self.at[self.first[pair]]), int(self.at[self.second[pair]])
        kind = self.kinds[self.second[pair]]
        between = self.before[kind, self.begin[self.second[pair]]] - self.before[kind, p + 1]
        sp, sq = t.sentence[p], t.sentence[q]
        begin = t.begins[sp]
        earlier = self.before[kind, p] - self.before[kind, begin]
        change = self.change(pair, begin)
        if change is None or change[0] <= p + 1:
            return None
        chance = 1.0 if between or earlier else 0.3
        if not t.verb[t.words[change[1]]] and kind == THING:
            chance *= 0.5                                   # as a subject it matters most
        if change[0] - t.begins[sq] > 1 and rng.random() > chance:
            return None
        end = int(t.ends[sq])
        change_end = change[1]
        if change_end >= end:
            return None

        joined = self.join(sp, sq, change, begin, end)
        if joined is not None:
            return joined + (change[2],)
        room = 61 if rng.random() < 0.75 else 125
        # sentences before for context, sentences whole where they fit
        for _ in range(int(rng.integers(0, 4))):
            s = t.sentence[begin] - 1
            if (s >= 0 and t.sentence_document[s] == t.sentence_document[sq]
                    and t.piece_at[end] - t.piece_at[t.begins[s]] <= room):
                begin = t.begins[s]
        if t.piece_at[end] - t.piece_at[begin] > room:
            end = int(np.searchsorted(t.piece_at, t.piece_at[begin] + room)) - 1
            if end < change_end + 3:
                return None
        changes = [change]
        lo, hi = np.searchsorted(self.second_at, [begin, change[0]])
        for other in range(lo, hi):
            if self.at[self.first[other]] >= begin and self.at[self.second[other]] != p and rng.random() < 0.3:
                extra = self.change(other, begin)
                source = self.at[self.first[other]]
                if (extra and extra[1] <= change[0]
                        and all(extra[1] <= c[0] or c[1] <= extra[0] for c in changes)
                        and all(not c[0] <= source < c[1] for c in changes)
                        and all(not extra[0] <= v < extra[1] for v in (p,))):
                    changes.append(extra)
        names = self.renaming(begin, end)
        pieces, labels = self.render(begin, end, changes, names)
        if self.forbidden(begin, end):
            return None
        if sq == sp + 1 and begin == t.begins[sp] and rng.random() < 0.25:      # as a pair
            cut, _ = self.render(begin, int(t.begins[sq]), [c for c in changes if c[1] <= t.begins[sq]],
                                 names)
            pieces = np.concatenate([[CLS], pieces[: len(cut)], [SEP], pieces[len(cut) :], [SEP]])
            labels = np.concatenate([[0], labels[: len(cut)], [0], labels[len(cut) :], [0]])
        else:
            pieces = np.concatenate([[CLS], pieces, [SEP]])
            labels = np.concatenate([[0], labels, [0]])
        return pieces, labels, change[2]

    def natural(self, mention):
        """A text as it stands whose he/him/his (she/her) can mean one person only, the one
        man (woman) that it names; they and its likewise. Real pronouns, the noun as the answer."""
        t, rng = self.t, self.rng
        kind, p = self.kinds[mention], int(self.at[mention])
        s = int(t.sentence[p])
        begin, last = int(t.begins[s]), s
        for _ in range(int(rng.integers(0, 4))):
            if last + 1 < len(t.ends) and t.sentence_document[last + 1] == t.sentence_document[s]:
                last += 1
        end = int(t.ends[last])
        if t.piece_at[end] - t.piece_at[begin] > 61:
            end = int(np.searchsorted(t.piece_at, t.piece_at[begin] + 61)) - 1
        if (end <= p + 2 or self.unclear[end] - self.unclear[p + 1] > 0
                or self.unclear[p] - self.unclear[begin] > 0):
            return None
        answers, names = {}, self.renaming(begin, end)
        inside = {k: self.of_kind[k][slice(*np.searchsorted(self.of_kind[k], [begin, end]))] for k in range(5)}
        for k, forms in REAL.items():
            at = inside[k]
            if len(at) and k == THING:                      # things named later do not matter
                at = at[at < next((x for x in range(begin, end) if t.names[t.words[x]] in forms), end)]
            if len(at) == 0 or len(set(t.words[at])) > 1 or (k == PLURAL and len(inside[HE]) + len(inside[SHE])):
                if k == kind:
                    return None
                continue
            answers.update({x: int(t.words[at[0]]) for x in range(int(at[0]) + 1, end) if t.names[t.words[x]] in forms})
        if not answers:
            return None
        changes = [(x, x + 1, t.names[t.words[x]], noun) for x, noun in answers.items()]
        pieces, labels = self.render(begin, end, changes, names)
        form = t.names[t.words[max(answers)]]
        return np.concatenate([[CLS], pieces, [SEP]]), np.concatenate([[0], labels, [0]]), form

    def join(self, sp, sq, change, begin, end):
        """Two short neighbours as one sentence: "The fox hid. The fox was wet." ->
        "the fox hid because it was wet." """
        t, rng = self.t, self.rng
        if sq != sp + 1 or end - begin > 48 or rng.random() < 0.12:
            return None
        middle = int(t.begins[sq])
        if t.words[middle - 1] != self.point or any(x in self.quote for x in t.words[begin:end]):
            return None
        word = JOIN[int(rng.integers(len(JOIN)))]
        at = middle
        if t.words[at] in self.leading and change[0] == at + 1:
            word, at = self.leading[t.words[at]], at + 1
        if change[0] != at or self.forbidden(begin, end):
            return None
        names = self.renaming(begin, end)
        one = self.plain(begin, middle - 1, names)
        link = list(self.pieces_of(t.ids[word]))
        if rng.random() < 0.25:
            link = list(self.pieces_of(t.ids[","])) + link
        two, labels = self.render(at, end, [change], names)
        if len(one) + len(link) + len(two) > 61:
            return None
        return (np.concatenate([[CLS], one, link, two, [SEP]]),
                np.concatenate([np.zeros(1 + len(one) + len(link), np.uint16), labels, [0]]))

    def forbidden(self, begin, end):
        """Nothing close to the sentence that the model is shown with."""
        words = set(self.t.words[begin:end])
        return self.t.ids["animal"] in words and self.t.ids["street"] in words


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("work")
    options.add_argument("--seed", type=int, default=2)
    options.add_argument("--most", type=int, default=4000, help="samples of one noun")
    options.add_argument("--rounds", type=int, default=2, help="times that a place is used, in other windows")
    options.add_argument("--limit", type=int, default=0, help="pairs to look at; 0: all")
    options = options.parse_args()
    miner = Miner(options.work, options.seed)
    print(len(miner.first), "pairs", flush=True)
    order = np.concatenate([miner.rng.permutation(len(miner.first)) for _ in range(options.rounds)])
    if options.limit:
        order = order[: options.limit]
    count, found, forms = {}, {64: [], 128: []}, {}
    for pair in order:
        noun = miner.t.words[miner.second_at[pair]]
        if count.get(noun, 0) >= options.most:
            continue
        result = miner.sample(pair)
        if result is None:
            continue
        pieces, labels, form = result
        if len(pieces) > 128:                               # names can have grown
            continue
        count[noun] = count.get(noun, 0) + 1
        forms[form] = forms.get(form, 0) + 1
        found[64 if len(pieces) <= 64 else 128].append((pieces, labels))
    print("repeated:", forms)
    count, forms = {}, {}
    for mention in miner.rng.permutation(np.flatnonzero(miner.kinds != ANYONE)):
        noun = miner.t.words[miner.at[mention]]
        most = options.most // (2 if miner.kinds[mention] in (HE, SHE) else 20)
        if count.get(noun, 0) < most:
            result = miner.natural(mention)
            if result is not None and len(result[0]) <= 128:
                pieces, labels, form = result
                count[noun] = count.get(noun, 0) + 1
                forms[form] = forms.get(form, 0) + 1
                found[64 if len(pieces) <= 64 else 128].append((pieces, labels))
    print("natural:", forms)
    for length in found:
        ids, labels = pack(found[length], length, options.seed, least=12)
        np.save(Path(options.work) / ("mined%d.npy" % length), ids)
        np.save(Path(options.work) / ("mined%d.labels.npy" % length), labels)
        print(length, len(found[length]), "texts", ids.shape, "filled", (ids > 0).mean(),
              "answers", (labels > 0).sum(), flush=True)


if __name__ == "__main__":
    main()
