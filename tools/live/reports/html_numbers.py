"""Numbers as the page prints them: from integers only, so that they read the same everywhere.

It owns rounding to a number of decimals, grouping, signs, spans of time, and the round values at
which an axis is labelled. It knows nothing of HTML but how to make a foreign text harmless.
"""

from __future__ import annotations

import html
import re

from ..core.clock import NS_PER_MS, NS_PER_S
from ..core.money import SCALE, divide_half_even
from ..core.record import record

MINUS = "\N{MINUS SIGN}"
NONE = "\N{EN DASH}"
LONGEST_TEXT = 240

_MINUTE_NS = 60 * NS_PER_S
_HOUR_NS = 60 * _MINUTE_NS
_DAY_NS = 24 * _HOUR_NS
# Clocks are not decimal: the steps between a second and a day at which a time axis is labelled.
_CLOCK_STEPS = tuple(
    count * unit
    for unit, counts in (
        (NS_PER_S, (1, 2, 5, 10, 20, 30)),
        (_MINUTE_NS, (1, 2, 5, 10, 20, 30)),
        (_HOUR_NS, (1, 2, 3, 6, 12)),
    )
    for count in counts
)
_UNITS = ((_DAY_NS, "d"), (_HOUR_NS, "h"), (_MINUTE_NS, "min"))

# Controls, lone surrogates and marks that reorder text: shown as what they are, never obeyed.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufffe\uffff]"
)


@record
class Ticks:
    """An axis: its ends, and the labelled values between them, in the unit of the data."""

    low: int
    high: int
    values: tuple[int, ...]
    labels: tuple[str, ...]


def safe(text: object) -> str:
    """A text of the data as harmless HTML: bounded, controls spelled out, markup escaped."""
    shown = str(text)
    if len(shown) > LONGEST_TEXT:
        shown = shown[: LONGEST_TEXT - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return html.escape(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", shown))


def fixed(value: int, scale: int, decimals: int, *, signed: bool = False) -> str:
    """`value / scale` to so many decimals, ties to even, thousands grouped."""
    unit = 10**decimals
    rounded = divide_half_even(abs(value) * unit, scale)
    sign = "" if not rounded else MINUS if value < 0 else "+" if signed else ""
    whole, fraction = divmod(rounded, unit)
    return f"{sign}{whole:,}.{fraction:0{decimals}d}" if decimals else f"{sign}{whole:,}"


def exact(value: int, scale: int = SCALE) -> str:
    """All the digits of `value / scale`, without trailing zeros."""
    shown = fixed(value, scale, len(str(scale)) - 1)
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def money(value: int, scale: int, *, signed: bool = False) -> str:
    """Cents, and for less than ten cents four decimals."""
    return fixed(value, scale, 4 if 0 < abs(value) * 10 < scale else 2, signed=signed)


def counted(count: int, noun: str) -> str:
    """A number of things, such as 1 step or 2 steps."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def brief(value: int, scale: int = SCALE) -> str:
    """The digits of `value / scale` that fit beside a chart: the larger it is, the fewer."""
    decimals = 2 if abs(value) >= 100 * scale else 4 if abs(value) >= scale else 6
    shown = fixed(value, scale, decimals)
    return shown.rstrip("0").rstrip(".")


def e9(value: float) -> int:
    """A number of the report as the nearest 10^9 integer, whatever its size."""
    numerator, denominator = value.as_integer_ratio()
    return divide_half_even(numerator * SCALE, denominator)


def elapsed(ns: int) -> str:
    """A span of time in its two largest units, such as 14.2 s or 3 min 20 s."""
    if ns < _MINUTE_NS:
        return f"{exact(ns // NS_PER_MS, 1000)} s"
    if ns < _HOUR_NS:
        return f"{ns // _MINUTE_NS} min {ns % _MINUTE_NS // NS_PER_S} s"
    if ns < _DAY_NS:
        return f"{ns // _HOUR_NS} h {ns % _HOUR_NS // _MINUTE_NS} min"
    return f"{ns // _DAY_NS} d {ns % _DAY_NS // _HOUR_NS} h"


def nice_step(span: int, count: int) -> int:
    """The smallest of 1, 2, 5, 10, 20 ... that needs at most `count` steps for the span."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power * count >= span:
                return digit * power
        power *= 10


def value_ticks(low: int, high: int, scale: int, count: int = 5) -> Ticks:
    """An axis a little wider than its values, but not past zero where they end at zero."""
    if low == high:
        margin = max(abs(low) // 1000, scale)
        low, high = low - margin, high + margin
    margin = (high - low) // 25
    first = low - margin if low else low
    last = high + margin if high else high
    step = nice_step(high - low, count)
    values = tuple(range(-(-first // step) * step, last + 1, step))
    decimals = _decimals(step, scale)
    labels = tuple(fixed(value, scale, decimals) for value in values)
    return Ticks(first, last, values, labels)


def count_ticks(high: int, count: int = 4) -> Ticks:
    """An axis from nothing to a number of things; only whole ones are labelled."""
    step = nice_step(max(high, 1), count)
    values = tuple(range(0, max(high, 1) + 1, step))
    return Ticks(0, max(high, 1), values, tuple(f"{value:,}" for value in values))


def time_ticks(span: int, count: int = 10) -> Ticks:
    """An axis of time from 0 to exactly `span` nanoseconds; a span of nothing becomes a second."""
    span = span or NS_PER_S
    step = _time_step(span, count)
    unit, name = next(((size, name) for size, name in _UNITS if step >= size), (NS_PER_S, "s"))
    values = tuple(range(0, span + 1, step))
    decimals = _decimals(step, unit) if unit == NS_PER_S else 0
    labels = tuple(f"{fixed(value, unit, decimals)} {name}" for value in values)
    return Ticks(0, span, values, labels)


def _time_step(span: int, count: int) -> int:
    if span <= NS_PER_S * count // 2:
        return nice_step(span, count)
    for step in _CLOCK_STEPS:
        if step * count >= span:
            return step
    return nice_step(-(-span // _DAY_NS), count) * _DAY_NS


def _decimals(step: int, scale: int) -> int:
    """How many decimals a multiple of `step` needs, both being of a decimal scale."""
    decimals = 0
    while step * 10**decimals % scale:
        decimals += 1
    return decimals
