"""A drift as JSON: exact decimal texts, whole nanoseconds, one order; and the sentence about it."""

from __future__ import annotations

from typing import Any

from ..core.money import SCALE, cash_text, divide_half_even, text
from ..core.record import fields_of, record
from .fit import FeeRate, Latency
from .intervals import Estimate
from .match import Matched, Window
from .measure import PERMILLES, Drift, Kindness, Part, Spread, Sums
from .read import FillsFile

VERSION = 1
_HUNDREDTH = SCALE // 100


@record
class Found:
    """Everything that a comparison found; `queue` is the form of a fit of queues, or None."""

    file: FillsFile
    life_orders: int
    run_orders: int
    run_filled: int
    window: Window
    matched: Matched
    drift: Drift
    latency: Latency | None
    round_trip: Latency | None
    fees: tuple[FeeRate, ...]
    queue: dict[str, Any] | None


def drift_form(found: Found) -> dict[str, Any]:
    """The report."""
    file, matched, drift = found.file, found.matched, found.drift
    return {
        "version": VERSION,
        "life": {
            "form": file.form, "rows": file.rows, "fills": len(file.fills),
            "passed_over": file.passed_over, "refused": file.refusals(),
            "orders": found.life_orders,
        },
        "run": {"orders": found.run_orders, "filled": found.run_filled},
        "matching": {
            "by_name": matched.by_name, "by_place": len(matched.pairs) - matched.by_name,
            "within_ns": found.window.ns, "within_bps": text(found.window.bps_e9),
        },
        "kinder": None if drift.kindness is None else _kindness(drift.kindness),
        "sentence": sentence(drift),
        "all": _part(drift.whole),
        "by": {group: {one.name: _part(one) for one in parts} for group, parts in drift.parts},
        "unfilled_in_both": drift.unfilled,
        "fit": {
            "submit": None if found.latency is None else _latency(found.latency),
            "round_trip": None if found.round_trip is None else _latency(found.round_trip),
            "fees": {one.liquidity: _fee(one) for one in found.fees},
            "queue": found.queue,
        },
    }  # fmt: skip


def sentence(drift: Drift) -> str:
    """How much kinder the simulation was, with the number."""
    sums = drift.whole.sums
    if drift.kindness is None:
        return f"Nothing can be said: no order filled in both ({sums.missed} missed," \
               f" {sums.ghosts} ghosts)."  # fmt: skip
    total = drift.kindness.total
    amount = hundredths(abs(total.value))
    word = "kinder than life" if total.value > 0 else "harder than life"
    how = f"{text(amount)} bps {word}" if amount else "as kind as life"
    low, high = (None if end is None else text(hundredths(end)) for end in (total.low, total.high))
    sure = f" (95 %: {low} to {high})" if low is not None else " (too few orders for an interval)"
    return (
        f"The simulation was {how}{sure} on what both filled; it missed"
        f" {_percent(sums.missed_value_e18, sums.life_value_e18)} % of what life filled, and"
        f" {_percent(sums.ghost_value_e18, sums.run_value_e18)} % of what it filled never happened."
    )


def hundredths(bps_e9: int) -> int:
    """Basis points rounded to hundredths."""
    return divide_half_even(bps_e9, _HUNDREDTH) * _HUNDREDTH


def percent_e9(part: int, whole: int) -> int:
    """A share in percent at 10^9; of nothing it is nothing."""
    return divide_half_even(part * 100 * SCALE, whole) if whole else 0


def _percent(part: int, whole: int) -> str:
    tenth = SCALE // 10
    return text(divide_half_even(percent_e9(part, whole), tenth) * tenth)


def estimate_form(one: Estimate | None, *, scaled: bool = True) -> dict[str, Any] | None:
    """A number with the ends of its interval; an end that nobody knows is null."""
    if one is None:
        return None
    ends = {"value": one.value, "low": one.low, "high": one.high}
    return {name: text(end) if scaled and end is not None else end for name, end in ends.items()}


def _kindness(kind: Kindness) -> dict[str, Any]:
    return {
        "price_bps": estimate_form(kind.price), "fee_bps": estimate_form(kind.fee),
        "total_bps": estimate_form(kind.total), "gain": cash_text(kind.gain_e18),
    }  # fmt: skip


def _part(part: Part) -> dict[str, Any]:
    return {
        **_sums(part.sums),
        "price_bps": _spread(part.price_bps_e9, scaled=True),
        "time_ns": _spread(part.time_ns, scaled=False),
        "fee_bps": _spread(part.fee_bps_e9, scaled=True),
    }


def _sums(sums: Sums) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in fields_of(sums):
        value = getattr(sums, name)
        if name.endswith("_e18"):
            told[name.removesuffix("_e18")] = cash_text(value)
        else:
            told[name] = text(value) if name.endswith("_qty") else value
    return told


def _spread(spread: Spread, *, scaled: bool) -> dict[str, Any]:
    shown = [text(one) if scaled else one for one in spread.quantiles]
    return {"count": spread.count, **dict(zip(PERMILLES, shown))}


def _latency(one: Latency) -> dict[str, Any]:
    return {
        "orders": one.count, "negative": one.negative, "too_long": one.too_long,
        "resolution_ns": one.resolution_ns,
        **{name: estimate_form(found, scaled=False) for name, found in one.quantiles},
    }  # fmt: skip


def _fee(one: FeeRate) -> dict[str, Any]:
    rate = estimate_form(one.rate_bps_e9)
    return {"fills": one.fills, "unknown": one.unknown, "rate_bps": rate}
