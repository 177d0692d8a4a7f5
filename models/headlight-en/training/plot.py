"""Draw a run as SVGs: its losses, when each pattern appeared in its best head, the losses of its further
parts, one after the other.

    plot.py log.csv patterns.csv log.svg patterns.svg [refine.svg refine.csv...]
"""
import csv
import math
import sys

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 376, 52, 68, 52, 44
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#5b5b5b", "#a03030", "#4b3f9e", "#e69f00")


def smooth(values, width=5):
    out = []
    for i in range(len(values)):
        part = values[max(0, i - width) : i + 1]
        out.append(sum(part) / len(part))
    return out


class Plot:
    def __init__(self, last, first=0.0, logarithmic=False):
        self.first, self.last, self.logarithmic = first, last, logarithmic
        self.names = 0
        self.out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" '
                    'font-size="12">' % (WIDTH, HEIGHT), '<rect width="100%" height="100%" fill="white"/>']

    def x(self, tokens):
        if self.logarithmic:
            part = math.log(max(tokens, self.first) / self.first) / math.log(self.last / self.first)
        else:
            part = tokens / self.last
        return LEFT + (WIDTH - LEFT - RIGHT) * part

    def y(self, value, high):
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(value, high) / high)

    def text(self, x, y, words, anchor="middle", colour="#444"):
        self.out.append('<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s">%s</text>' % (x, y, anchor, colour, words))

    def scale(self, steps, high, left, right=None):
        for i in range(steps + 1):
            y = self.y(high * i / steps, high)
            self.out.append('<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/>' % (LEFT, WIDTH - RIGHT, y, y))
            self.text(LEFT - 6, y + 4, left % (high * i / steps), "end")
            if right:
                self.text(WIDTH - RIGHT + 6, y + 4, right % (i / steps), "start")

    def ticks(self, tokens, words):
        for at, word in zip(tokens, words):
            self.text(self.x(at), HEIGHT - BOTTOM + 18, word)
        self.text(WIDTH / 2, HEIGHT - 6, "tokens")

    def line(self, name, tokens, values, high, columns):
        colour = COLOURS[self.names]
        self.out.append('<polyline fill="none" stroke="%s" stroke-width="1.8" points="%s"/>' % (
            colour, " ".join("%.1f,%.1f" % (self.x(t), self.y(v, high)) for t, v in zip(tokens, values))))
        self.text(LEFT + (WIDTH - LEFT) / columns * (self.names % columns), 18 + 16 * (self.names // columns), name,
                  "start", colour)
        self.names += 1

    def write(self, path):
        with open(path, "w", encoding="utf-8") as out:
            out.write("\n".join(self.out) + "\n</svg>\n")


def losses(rows, path, ends=()):
    """ends: tokens at which a part of the run ended; marked by a line."""
    tokens = [r["tokens"] for r in rows]
    plot = Plot(tokens[-1])
    plot.scale(4, 8.0, "%.0f", "%.2f")
    step = 10e6 if tokens[-1] > 25e6 else 2e6
    ticks = [step * i for i in range(int(tokens[-1] / step) + 1)]
    plot.ticks(ticks, ["%d M" % (t / 1e6) for t in ticks])
    more = (("neighbours of repeats (right scale)", "again_right", 1),
            ("length of a part (right scale)", "ends_right", 1),
            ("what [CLS] was told (right scale)", "told_right", 1)) if "again_right" in rows[0] else ()
    for name, column, high in (("masked-word loss", "masked_loss", 8), ("reference loss", "reference_loss", 8),
                               ("pair loss", "next_loss", 8), ("references right (right scale)", "reference_right", 1),
                               ("pairs right (right scale)", "next_right", 1)) + more:
        asked = [r for r in rows if r.get(column) is not None]
        plot.line(name, [r["tokens"] for r in asked], smooth([r[column] for r in asked]), high, columns=3)
    for end in ends:
        x = plot.x(end)
        plot.out.append('<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#999" stroke-dasharray="4 3"/>' % (
            x, x, TOP, HEIGHT - BOTTOM))
    plot.write(path)


def patterns(rows, path):
    rows = [r for r in rows if r["tokens"] > 0]
    tokens = [r["tokens"] for r in rows]
    plot = Plot(tokens[-1], tokens[0], logarithmic=True)
    plot.scale(4, 1.0, "%.2f")
    ticks = [t for t in (0.25e6, 0.5e6, 1e6, 2e6, 4e6, 8e6, 16e6, 32e6, 64e6, 128e6) if tokens[0] <= t <= tokens[-1]]
    plot.ticks(ticks, ["%g M" % (t / 1e6) for t in ticks])
    for name in [k for k in rows[0] if k != "tokens"]:
        plot.line(name, tokens, [r[name] for r in rows], 1.0, columns=5)
    plot.write(path)


def read(path):
    with open(path) as table:
        return [{k: float(v) for k, v in row.items() if not k.endswith("head")} for row in csv.DictReader(table)]


def main():
    log, heads, log_svg, heads_svg = sys.argv[1:5]
    losses(read(log), log_svg)
    patterns(read(heads), heads_svg)
    if len(sys.argv) > 6:
        rows, ends = [], []
        for path in sys.argv[6:]:
            before = rows[-1]["tokens"] if rows else 0
            ends.append(before)
            rows += [{**row, "tokens": row["tokens"] + before} for row in read(path)]
        losses(rows, sys.argv[5], ends[1:])


if __name__ == "__main__":
    main()
