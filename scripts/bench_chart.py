# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Charts as SVG text, to be put into a page: dots and lines over two axes, 360 units wide.

Colours are classes (s0 ... s5, "bound") that the page defines for light and dark. Each mark carries what it
stands for in data-name and data-value, and a tooltip; each tick its value in data-tick.
"""

import html
import math

WIDTH = 360
RIGHT = 16
ROW = 14  # height of a row of a strip


def quoted(text):
    return html.escape(str(text), quote=True)


class Axis:
    """From values to places, linear or logarithmic; values beyond the ends are drawn at the ends."""

    def __init__(self, low, high, start, end, logarithmic=False):
        self.low, self.high, self.start, self.end, self.logarithmic = low, high, start, end, logarithmic

    def place(self, value):
        value = min(max(value, self.low), self.high)
        if self.logarithmic:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def inside(self, value):
        return self.low <= value <= self.high


def powers(low, high, base):
    """The powers of base in [low, high]."""
    first, last = (math.log(v, base) for v in (low, high))
    return [base ** e for e in range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)]


def text(x, y, label, anchor="middle", kind="label"):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{quoted(label)}</text>'


def line(x1, y1, x2, y2, kind="grid", extra=""):
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{extra}/>'


def dot(x, y, kind, name, value, tip):
    """A mark. `value` is what it shows; the tooltip says it in words."""
    return (f'<circle class="mark {kind}" cx="{x:.2f}" cy="{y:.2f}" r="3" data-name="{quoted(name)}" '
            f'data-value="{value!r}"><title>{quoted(tip)}</title></circle>')


def ticks_x(axis, values, top, bottom, show=str, strong=()):
    parts = []
    for value in values:
        x = axis.place(value)
        kind = "strong" if value in strong else "grid"
        parts.append(line(x, top, x, bottom, kind, f' data-tick="{value!r}"'))
        parts.append(text(x, bottom + 13, show(value)))
    return parts


def ticks_y(axis, values, left, right, show=str):
    parts = []
    for value in values:
        y = axis.place(value)
        parts.append(line(left, y, right, y, "grid", f' data-tick="{value!r}"'))
        parts.append(text(left - 5, y + 3.5, show(value), "end"))
    return parts


def chart(title, height, parts, legend=()):
    """The figure: title, key, drawing. `legend` is [(class, label)]."""
    keys = "".join(f'<span class="key"><i class="{kind}"></i>{quoted(label)}</span>' for kind, label in legend)
    return (f'<figure><figcaption>{quoted(title)}</figcaption>'
            f'{f"<div>{keys}</div>" if keys else ""}'
            f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{quoted(title)}">'
            + "".join(parts) + "</svg></figure>")


def strips(title, rows, axis_of, ticks, label, legend=(), strong=(), show=str, left=130):
    """A strip per row: rows are [(label, [(value, class, name, tip)])], a dot per value, the median as a bar
    where there are many."""
    bottom = 4 + len(rows) * ROW
    axis = axis_of(left, WIDTH - RIGHT)
    parts = ticks_x(axis, ticks, 2, bottom, show, strong)
    parts.append(text((left + WIDTH - RIGHT) / 2, bottom + 27, label))
    for index, (name, values) in enumerate(rows):
        y = 4 + (index + 0.5) * ROW
        parts.append(text(left - 6, y + 3.5, name, "end"))
        for i, (value, kind, mark, tip) in enumerate(values):
            # Dots of the same value side by side: a few in their order, many scattered.
            spread = (i * 0.618 % 1 - 0.5) * ROW * 0.6 if len(values) > 8 else (i - (len(values) - 1) / 2) * 1.8
            parts.append(dot(axis.place(value), y + spread, kind, mark, value, tip))
        if len(values) > 8:
            x = axis.place(sorted(v[0] for v in values)[len(values) // 2])
            parts.append(line(x, y - ROW / 2 + 1, x, y + ROW / 2 - 1, "median"))
    return chart(title, bottom + 34, parts, legend)


def curves(title, x, x_ticks, y, y_ticks, series, labels, legend=(), show=str, height=210, extra=()):
    """Lines through dots: series are [(class, label, [(x, y, name, tip)])]; a line per series unless its class
    says "points"; the label is written at its start unless the legend has its colour."""
    left, top, bottom = 46, 8, height - 34
    x_axis, y_axis = x(left, WIDTH - RIGHT), y(bottom, top)
    parts = ticks_x(x_axis, x_ticks, top, bottom, show) + ticks_y(y_axis, y_ticks, left, WIDTH - RIGHT, show)
    parts.append(text((left + WIDTH - RIGHT) / 2, height - 6, labels[0]))
    parts.append(f'<text class="label" transform="translate(10 {(top + bottom) / 2:.0f}) rotate(-90)" '
                 f'text-anchor="middle">{quoted(labels[1])}</text>')
    for kind, label, anchor, (x1, y1), (x2, y2) in extra:  # roofs
        parts.append(line(x_axis.place(x1), y_axis.place(y1), x_axis.place(x2), y_axis.place(y2), kind))
        parts.append(text(x_axis.place(x2) - 3, y_axis.place(y2) - 4, label, anchor, "label small"))
    for kind, label, points in series:
        if kind == "other":
            parts.append(text(x_axis.place(points[0][0]) + 4, y_axis.place(points[0][1]) - 5, label, "start",
                              "label small"))
        if "points" not in kind:
            path = " ".join(f"{x_axis.place(p[0]):.1f},{y_axis.place(p[1]):.1f}" for p in points)
            parts.append(f'<polyline class="{kind}" points="{path}"/>')
        parts += [dot(x_axis.place(p[0]), y_axis.place(p[1]), kind, p[2], p[1], p[3]) for p in points]
    return chart(title, height, parts, legend)
