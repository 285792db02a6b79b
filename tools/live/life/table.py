"""A drift for eyes: what was compared, how it differs, and what life's terms were."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..core.money import cash_text, text
from .form import Found, hundredths, sentence
from .intervals import Estimate
from .measure import PERMILLES, Part, Spread

_NAMES = tuple(PERMILLES)
_CENT_E18 = 10**16


def drift_table(found: Found) -> str:
    """All of it, in lines."""
    file, drift, matched = found.file, found.drift, found.matched
    refused = ", ".join(f"{count} {code}" for code, count in file.refusals().items()) or "none"
    lines = [
        f"life   {file.form}: {file.rows} rows, {len(file.fills)} fills of {found.life_orders}"
        f" orders, {file.passed_over} passed over, refused: {refused}",
        f"run    {found.run_orders} orders, {found.run_filled} of them filled",
        f"pairs  {matched.by_name} by name, {len(matched.pairs) - matched.by_name} by place",
        "",
        _row("orders", ("life", "run", "matched", "missed", "ghosts")),
    ]
    groups: list[tuple[str, Sequence[Part]]] = [("", (drift.whole,)), *drift.parts]
    lines += [_counts(part) for _, parts in groups for part in parts]
    lines += ["", _row("value", ("life", "run", "matched", "missed", "ghosts"))]
    lines.append(_values(drift.whole))
    for title, field, shown in _SPREADS:
        lines += ["", _row(title, ("count", *_NAMES))]
        lines += [_quantiles(part.name, getattr(part, field), shown) for _, parts in groups
                  for part in parts]  # fmt: skip
    lines += ["", "above zero the simulation was kinder", *_fitted(found), "", sentence(drift)]
    return "".join(_printable(line) + "\n" for line in lines)


def _printable(line: str) -> str:
    """Names come from files: what could move a cursor or break a line is written out."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in line
    )


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name:<12}" + "".join(f"{cell:>14}" for cell in cells)


def _counts(part: Part) -> str:
    sums = part.sums
    counts = (sums.life, sums.run, sums.matched, sums.missed, sums.ghosts)
    return _row(part.name, [str(count) for count in counts])


def _values(part: Part) -> str:
    sums = part.sums
    values = (
        sums.life_value_e18, sums.run_value_e18, sums.matched_value_e18, sums.missed_value_e18,
        sums.ghost_value_e18,
    )  # fmt: skip
    return _row(part.name, [cash_text(value // _CENT_E18 * _CENT_E18) for value in values])


def _quantiles(name: str, spread: Spread, shown: Callable[[int], str]) -> str:
    return _row(name, [str(spread.count), *(shown(one) for one in spread.quantiles)])


def _bps(bps_e9: int) -> str:
    return text(hundredths(bps_e9))


def _ms(ns: int) -> str:
    return text(ns * 1000)  # nanoseconds at 10^6 are milliseconds at 10^9


_SPREADS: tuple[tuple[str, str, Callable[[int], str]], ...] = (
    ("price, bps", "price_bps_e9", _bps), ("time, ms", "time_ns", _ms),
    ("fee, bps", "fee_bps_e9", _bps),
)  # fmt: skip


def _fitted(found: Found) -> list[str]:
    """What the fills show of life's own terms."""
    lines = [""]
    for name, one in (("submit delay", found.latency), ("round trip", found.round_trip)):
        if one is None:
            continue
        told = ", ".join(f"{name} {_with_ends(e, _ms)}" for name, e in one.quantiles)
        lines.append(f"fitted {name}, ms, of {one.count} orders: {told}")
        if one.negative:
            lines.append(f"  {one.negative} of them ended before they began: see the clocks")
    for rate in found.fees:
        if rate.rate_bps_e9 is not None:
            told = _with_ends(rate.rate_bps_e9, _bps)
            lines.append(f"fitted {rate.liquidity} fee, bps, of {rate.fills} fills: {told}")
    if found.queue is not None and found.queue["used"]:
        queue = found.queue
        told = f"{queue['best']} (95 %: {queue['low']} to {queue['high']})"
        if not queue["tells"]:
            told = "none, as they fill alike with every power that was tried"
        lines.append(f"fitted queue, of {queue['used']} orders: {told}")
    return lines if lines[1:] else []


def _with_ends(one: Estimate, shown: Callable[[int], str]) -> str:
    low, high = ("?" if end is None else shown(end) for end in (one.low, one.high))
    return f"{shown(one.value)} ({low} to {high})"


