"""A chart as inline SVG that keeps its type size at every width, without a script.

Paths live in a square of 10,000 by 10,000 that stretches to the box, with strokes that do not;
labels and markers are placed in percent of the box and so are never distorted. Every coordinate
is an integer. Colours are the classes of html_style.py; this file knows no meaning, only shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from .html_numbers import Ticks, safe

SIDE = 10_000
Points: TypeAlias = Sequence[tuple[int, int]]

MARKERS = {
    "up": "M0-4.5 4 3H-4z",
    "down": "M0 4.5 4-3H-4z",
    "dot": "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
}

_LABEL_PX = 13
_THIN = 60
_DIGIT_PX = 7
_CAPITAL_PX = 8
_WIDEST_LABEL = 12


class Plot:
    """One chart being drawn: axes first, then layers from the back to the front."""

    def __init__(self, *, key: str, time: Ticks, value: Ticks, height: int) -> None:
        self._key = key
        self._time = time
        self._value = value
        self._height = height
        self._back: list[str] = []
        self._paths: list[str] = []
        self._front: list[str] = []
        self._ends: list[tuple[int, str, str]] = []
        self._gutters = (0, 0)
        self.time_labels = True
        self.thins = True  # whether every other label goes where there is little room

    # Places.

    def across(self, time: int) -> int:
        """Where an instant is, from the left."""
        return (time - self._time.low) * SIDE // (self._time.high - self._time.low)

    def down(self, value: int) -> int:
        """Where a value is, from the top."""
        return (self._value.high - value) * SIDE // (self._value.high - self._value.low)

    # Layers.

    def line(self, points: Points, style: str) -> None:
        """Straight from point to point of (time, value)."""
        self._paths.append(f'<path class="line {style}" d="{self._trace(points)}"/>')

    def steps(self, points: Points, style: str) -> None:
        """A value that holds until the next point, and the last one to the end of the time."""
        self._paths.append(f'<path class="line {style}" d="{self._stairs(points)}"/>')

    def steps_area(self, points: Points, base: int, style: str) -> None:
        """The surface between steps and a level."""
        first, level = self.across(points[0][0]), self.down(base)
        path = f"{self._stairs(points)}V{level}H{first}z"
        self._paths.append(f'<path class="area {style}" d="{path}"/>')

    def bar(self, left: int, right: int, since: int, until: int, style: str) -> None:
        """A filled box between two times and two values; one of no height is a thin line."""
        top, bottom = sorted((self.down(since), self.down(until)))
        x, y = self.across(left), min(top, SIDE - _THIN)
        path = f"M{x} {y}H{self.across(right)}V{max(bottom, y + _THIN)}H{x}z"
        self._paths.append(f'<path class="area {style}" d="{path}"/>')

    def steps_band(self, low: Points, high: Points, style: str) -> None:
        """The surface between two rows of steps that change at the same times."""
        back = [f"V{self.down(low[-1][1])}"]
        for number in range(len(low) - 1, 0, -1):
            back.append(f"H{self.across(low[number][0])}V{self.down(low[number - 1][1])}")
        path = f"{self._stairs(high)}{''.join(back)}H{self.across(low[0][0])}z"
        self._paths.append(f'<path class="area {style}" d="{path}"/>')

    def level(self, value: int, style: str) -> None:
        """A line at one value over the whole time."""
        y = _percent(self.down(value))
        self._back.append(f'<line class="{style}" x1="0" x2="100%" y1="{y}" y2="{y}"/>')

    def shade(self, since: int, until: int, label: str) -> None:
        """A stretch of time set apart, named where it begins."""
        left, right = self.across(since), self.across(until)
        x, width = _percent(left), _percent(right - left)
        self._back.append(f'<rect class="frozen" x="{x}" y="0" width="{width}" height="100%"/>')
        self._front.append(f'<line class="freeze" x1="{x}" x2="{x}" y1="0" y2="100%"/>')
        if label:
            turn, shift = ("end", -5) if left > SIDE * 6 // 10 else ("start", 5)
            self._front.append(
                f'<text class="freeze" x="{x}" y="0" dx="{shift}" dy="12"'
                f' text-anchor="{turn}">{safe(label)}</text>'
            )

    def marker(self, time: int, value: int, shape: str, style: str, title: str) -> None:
        """A small shape at a point; its title shows when the pointer rests on it."""
        x, y = _percent(self.across(time)), _percent(self.down(value))
        named = f"<title>{safe(title)}</title>" if title else ""
        self._front.append(
            f'<svg x="{x}" y="{y}"><path class="{style}" d="{MARKERS[shape]}">{named}</path></svg>'
        )

    def end_label(self, value: int, text: str, style: str) -> None:
        """A name beside the right end, level with a value."""
        if len(text) > _WIDEST_LABEL:
            text = text[: _WIDEST_LABEL - 1] + "\N{HORIZONTAL ELLIPSIS}"
        self._ends.append((self.down(value), text, style))

    def render(self, title: str, description: str) -> str:
        """The chart; its title and description are what a screen reader says."""
        left, right = self.gutters()
        below = 24 if self.time_labels else 6
        box = f"padding:8px {right}px {below}px {left}px"
        return (
            f'<div class="plot" style="{box}"><svg role="img" style="height:{self._height}px"'
            f' width="100%" aria-labelledby="{self._key}-t {self._key}-d">'
            f'<title id="{self._key}-t">{safe(title)}</title>'
            f'<desc id="{self._key}-d">{safe(description)}</desc>'
            f"{self._grid()}{''.join(self._back)}"
            f'<svg width="100%" height="100%" viewBox="0 0 {SIDE} {SIDE}"'
            f' preserveAspectRatio="none">{"".join(self._paths)}</svg>'
            f"{''.join(self._front)}{self._end_labels()}</svg></div>"
        )

    def gutters(self) -> tuple[int, int]:
        """The room to the left and the right that the labels need, or that was asked for."""
        left, right = self._gutters
        ends = [text for _, text, _ in self._ends]
        left = max(left, _width(self._value.labels, _DIGIT_PX))
        return left, max(right, _width(ends, _CAPITAL_PX))

    def keep(self, left: int, right: int) -> None:
        """Take at least this room, so that charts above one another share their time axis."""
        self._gutters = (left, right)

    # Parts.

    def _trace(self, points: Points) -> str:
        places = [f"{self.across(time)} {self.down(value)}" for time, value in points]
        return "M" + "L".join(places) + ("h1" if len(places) == 1 else "")

    def _stairs(self, points: Points) -> str:
        time, value = points[0]
        parts = [f"M{self.across(time)} {self.down(value)}"]
        for time, value in points[1:]:
            parts.append(f"H{self.across(time)}V{self.down(value)}")
        return "".join(parts) + f"H{SIDE}"

    def _grid(self) -> str:
        parts = []
        for value, label in zip(self._value.values, self._value.labels, strict=True):
            y = _percent(self.down(value))
            style = "zero" if value == 0 else "grid"
            parts.append(f'<line class="{style}" x1="0" x2="100%" y1="{y}" y2="{y}"/>')
            parts.append(f'<text x="0" y="{y}" dx="-8" dy="4" text-anchor="end">{label}</text>')
        for number, time in enumerate(self._time.values):
            place = self.across(time)
            odd = "grid odd" if number % 2 and self.thins else "grid"
            x = _percent(place)
            parts.append(f'<line class="{odd}" x1="{x}" x2="{x}" y1="0" y2="100%"/>')
            if self.time_labels:
                anchor = "start" if place < 200 else "end" if place > 9800 else "middle"
                parts.append(
                    f'<text class="{odd}" x="{x}" y="100%" dy="17" text-anchor="{anchor}">'
                    f"{self._time.labels[number]}</text>"
                )
        parts.append('<line class="base" x1="0" x2="100%" y1="100%" y2="100%"/>')
        return "".join(parts)

    def _end_labels(self) -> str:
        ends = sorted(self._ends, key=lambda end: end[0])
        wanted = [place * self._height // SIDE for place, _, _ in ends]
        placed = spread(wanted, gap=_LABEL_PX, room=self._height)
        return "".join(
            f'<text class="end {style}" x="100%" y="{y}" dx="8" dy="4">{safe(text)}</text>'
            for y, (_, text, style) in zip(placed, ends, strict=True)
        )


def share_axis(*plots: Plot) -> None:
    """Give charts that stand above one another the same room at their sides."""
    rooms = [plot.gutters() for plot in plots]
    left, right = max(room[0] for room in rooms), max(room[1] for room in rooms)
    for plot in plots:
        plot.keep(left, right)


def spread(wanted: Sequence[int], *, gap: int, room: int) -> list[int]:
    """Places near the wanted ones (in order), at least a gap apart, inside the room if it goes."""
    placed: list[int] = []
    for place in wanted:
        placed.append(max(place, placed[-1] + gap) if placed else place)
    ceiling = room
    for number in range(len(placed) - 1, -1, -1):
        placed[number] = min(placed[number], ceiling)
        ceiling = placed[number] - gap
    return placed


def bars(rows: Sequence[tuple[str, int]], style: str) -> str:
    """Names with a bar each, the longest being the largest; for counts above zero."""
    largest = max(count for _, count in rows)
    parts = []
    for name, count in rows:
        width = _percent(count * SIDE // largest)
        parts.append(
            f'<tr><th scope="row">{safe(name)}</th><td>{count:,}</td>'
            f'<td class="bar"><svg width="100%" style="height:12px" aria-hidden="true">'
            f'<rect class="{style}" width="{width}" height="12"/></svg></td></tr>'
        )
    return f'<table class="bars"><tbody>{"".join(parts)}</tbody></table>'


def _percent(place: int) -> str:
    return f"{place // 100}.{place % 100:02d}%"


def _width(labels: Sequence[str], character_px: int) -> int:
    return max((len(label) for label in labels), default=0) * character_px + 12
