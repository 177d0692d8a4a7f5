"""Draw the log of a run as an SVG: two losses and the showcase link over tokens.

    plot.py log.csv log.svg
"""
import csv
import sys

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 360, 52, 34, 52, 44


def polyline(points, colour):
    return '<polyline fill="none" stroke="%s" stroke-width="1.6" points="%s"/>' % (
        colour, " ".join("%.1f,%.1f" % p for p in points))


def main():
    rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(open(sys.argv[1]))]
    last = max(r["tokens"] for r in rows)
    x = lambda t: LEFT + (WIDTH - LEFT - RIGHT) * t / last
    high = 8.0
    y = lambda v, top: TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(v, top) / top)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">'
           % (WIDTH, HEIGHT), '<rect width="100%" height="100%" fill="white"/>']
    for v in range(0, 9, 2):
        out.append('<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/>'
                   % (LEFT, WIDTH - RIGHT, y(v, high), y(v, high)))
        out.append('<text x="%d" y="%.1f" text-anchor="end" fill="#444">%d</text>' % (LEFT - 6, y(v, high) + 4, v))
        out.append('<text x="%d" y="%.1f" fill="#444">%.2f</text>' % (WIDTH - RIGHT + 6, y(v, high) + 4, v / high))
    step = 10e6 if last > 25e6 else 2e6
    t = 0
    while t <= last:
        out.append('<text x="%.1f" y="%d" text-anchor="middle" fill="#444">%d M</text>'
                   % (x(t), HEIGHT - BOTTOM + 18, t / 1e6))
        t += step
    for i, (name, colour, top) in enumerate((
            ("masked_loss", "#1f6fb4", high), ("reference_loss", "#c2571a", high),
            ("reference_right", "#2e8540", 1.0), ("it_to_animal", "#8a3fa0", 1.0))):
        out.append(polyline([(x(r["tokens"]), y(r[name], top)) for r in rows], colour))
        out.append('<text x="%d" y="18" fill="%s">%s</text>' % (LEFT + 165 * i, colour, (
            "masked-word loss", "reference loss", "reference right", "it \u2192 animal")[i]))
    out.append('<text x="%d" y="%d" text-anchor="middle" fill="#444">tokens</text></svg>' % (WIDTH / 2, HEIGHT - 6))
    open(sys.argv[2], "w", encoding="utf-8").write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
