"""A heat map of a sweep: two settings across and down, the mean of a measure as colour and number.

One SVG file that stands alone: no script, no request, light and dark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .core.errors import ContractError
from .core.money import SCALE, divide_half_even
from .reports.html_numbers import brief, e9, fixed, safe
from .sweep_best import mean_of

MOST_CELLS = 60  # a side
_CELL = 62, 30
_LEFT, _TOP, _RIGHT, _BELOW = 110, 72, 20, 46
_LETTER_PX = 7
_STEPS = 1000
# From below zero through nothing to above; a measure of one sign uses its own half.
_LOSS, _NOTHING, _GAIN = (178, 58, 42), (236, 232, 224), (23, 115, 74)
_DARK_INK, _LIGHT_INK = "#1a1e23", "#ffffff"
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1a1e23}.soft{fill:#59616b}.title{font-weight:600;"
    "font-size:14px}.ground{fill:#fbfaf8}.none{fill:none;stroke:#8d8a85;stroke-dasharray:3 3}"
    "@media (prefers-color-scheme:dark){text{fill:#e6e8eb}.soft{fill:#9ca6b1}"
    ".ground{fill:#14171b}}"
)


def heat_map(
    rows: Sequence[Mapping[str, Any]], *, across: str, down: str, by: str
) -> str:
    """The SVG of the means of a measure over all that is varied besides."""
    cells = _cells(rows, across, down, by)
    columns = _values(rows, across)
    lines = _values(rows, down)
    if max(len(columns), len(lines)) > MOST_CELLS:
        raise ContractError(f"--heat has more than {MOST_CELLS} cells a side; vary fewer values")
    known = [value for value in cells.values() if value is not None]
    low, high = (min(known), max(known)) if known else (0, 0)
    left = max(_LEFT, 24 + _LETTER_PX * max(len(_label(value)) for value in lines))
    height = _TOP + len(lines) * _CELL[1] + _BELOW
    title = f"{by} by {across} and {down}"
    told = f"From {brief(low)} to {brief(high)}; means over all else that was varied."
    if not known:
        told = "Nothing of it is defined."
    width = max(left + len(columns) * _CELL[0] + _RIGHT, 32 + _LETTER_PX * len(told))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" aria-labelledby="heat-t heat-d">'
        f'<title id="heat-t">{safe(title)}</title><desc id="heat-d">{safe(told)}</desc>'
        f'<style>{_STYLE}</style><rect class="ground" width="{width}" height="{height}"/>'
        f'<text class="title" x="16" y="24">{safe(title)}</text>'
        f'<text class="soft" x="16" y="42">{safe(told)}</text>'
    ]
    for row, value in enumerate(lines):
        y = _TOP + row * _CELL[1]
        parts.append(
            f'<text class="soft" x="{left - 8}" y="{y + 19}" text-anchor="end">'
            f"{_label(value)}</text>"
        )
        for column, other in enumerate(columns):
            x = left + column * _CELL[0]
            parts.append(_cell(cells.get((other, value)), x, y, low, high))
    below = _TOP + len(lines) * _CELL[1] + 17
    for column, value in enumerate(columns):
        x = left + column * _CELL[0] + _CELL[0] // 2
        parts.append(
            f'<text class="soft" x="{x}" y="{below}" text-anchor="middle">{_label(value)}</text>'
        )
    middle = left + len(columns) * _CELL[0] // 2
    parts.append(f'<text x="{middle}" y="{below + 19}" text-anchor="middle">{safe(across)}</text>')
    parts.append(f'<text x="16" y="{_TOP - 8}">{safe(down)}</text></svg>\n')
    return "".join(parts)


def _cells(
    rows: Sequence[Mapping[str, Any]], across: str, down: str, by: str
) -> dict[tuple[Any, Any], int | None]:
    groups: dict[tuple[Any, Any], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["varied"][across], row["varied"][down]), []).append(row)
    means = {place: mean_of(group, by) for place, group in groups.items()}
    return {place: None if mean is None else e9(mean) for place, mean in means.items()}


def _values(rows: Sequence[Mapping[str, Any]], key: str) -> list[Any]:
    """The values of a setting, in the order in which they come first."""
    return list(dict.fromkeys(row["varied"][key] for row in rows))


def _cell(value: int | None, x: int, y: int, low: int, high: int) -> str:
    wide, tall = _CELL[0] - 2, _CELL[1] - 2
    box = f'x="{x}" y="{y}" width="{wide}" height="{tall}"'
    if value is None:
        return f'<rect class="none" {box}/>'
    red, green, blue = _colour(value, low, high)
    ink = _DARK_INK if 299 * red + 587 * green + 114 * blue > 128_000 else _LIGHT_INK
    return (
        f'<rect {box} fill="#{red:02x}{green:02x}{blue:02x}"/>'
        f'<text x="{x + wide // 2}" y="{y + 19}" text-anchor="middle" style="fill:{ink}">'
        f"{_short(value)}</text>"
    )


def _colour(value: int, low: int, high: int) -> tuple[int, int, int]:
    """Between nothing and the far end of its sign; without both signs from the lowest up."""
    if low < 0 < high:
        end = _GAIN if value > 0 else _LOSS
        share = abs(value) * _STEPS // max(high, -low)
    else:
        end = _GAIN if high > 0 else _LOSS
        share = (value - low) * _STEPS // (high - low) if high > low else _STEPS // 2
        if end is _LOSS:
            share = _STEPS - share
    red, green, blue = (
        divide_half_even(near * (_STEPS - share) + far * share, _STEPS)
        for near, far in zip(_NOTHING, end, strict=True)
    )
    return red, green, blue


def _short(value: int) -> str:
    """What fits into a cell: the larger, the fewer decimals."""
    units = abs(value) // SCALE
    return fixed(value, SCALE, 0 if units >= 1000 else 1 if units >= 100 else 2 if units else 4)


def _label(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return safe(brief(e9(value)) if isinstance(value, float) else value)
