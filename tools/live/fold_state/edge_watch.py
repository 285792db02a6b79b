"""The state of the edge watch: by symbol its markouts, the decision about them, and the would-be.

The sums over the samples of a decision are not told; they are added up anew, exactly.
"""

from __future__ import annotations

from typing import Any

from ..portfolio.edge_counterfactual import Standing, WouldBe
from ..portfolio.edge_decision import Decision
from ..portfolio.edge_markouts import HORIZONS_NS, MOST_WAITING, Horizon, Markouts, Waiting
from ..portfolio.edge_watch import EdgeWatch, Watched
from .orders import SIDES
from .plain import count, flag, items, keys, number, one_of, optional, pairs, row, text, wrong

_WATCHED = ("decision", "markouts", "would_be")
_MARKOUTS = ("fills", "horizons", "mid")
_SUMS = ("notional", "capture", "fee", "adverse")
_COUNTS = ("fills", "unmeasured")
_HORIZON = ("waiting", *_COUNTS, *_SUMS)
_FLAGS = ("armed", "fired", "fresh")
_DECISION = ("samples", "since_ns", *_FLAGS)
_MONEY = ("mark", "qty", "cash", "fees", "volume")
_WOULD_BE = ("asked_ns", "markouts", "standing", *_MONEY)


def tell_watch(watch: EdgeWatch) -> list[Any]:
    """Everything in a watch as plain data."""
    return [
        [
            symbol,
            {
                "decision": _tell_decision(one.decision),
                "markouts": _tell_markouts(one.markouts),
                "would_be": None if one.would_be is None else _tell_would_be(one.would_be),
            },
        ]
        for symbol, one in watch.symbols.items()
    ]


def read_watch(told: Any) -> EdgeWatch:
    """A new watch with what was told; ContractError when its fills do not add up."""
    watch = EdgeWatch()

    def read(one: Any, what: str) -> Watched:
        keys(one, _WATCHED, what)
        watched = Watched(watch.policy)
        _read_decision(one["decision"], watched.decision)
        _read_markouts(one["markouts"], watched.markouts)
        watched.would_be = optional(one["would_be"], "would_be", _read_would_be)
        return watched

    watch.symbols = pairs(told, "edge_watch", text, read)
    return watch


def _tell_decision(decision: Decision) -> dict[str, Any]:
    return {
        "samples": [list(map(str, sample)) for sample in decision.evidence.rows],
        "since_ns": str(decision.since_ns),
        **{name: getattr(decision, name) for name in _FLAGS},
    }


def _read_decision(told: Any, decision: Decision) -> None:
    keys(told, _DECISION, "decision")
    evidence, recent = decision.evidence, decision.recent

    def read(one: Any) -> tuple[int, int, int]:
        first_ns, net, notional = row(one, 3)
        return number(first_ns, "time"), number(net, "net"), number(notional, "notional", 1)

    samples = items(told["samples"], "samples", read)
    if len(samples) > evidence.window:
        raise wrong("samples", len(samples), f"at most {evidence.window}")
    evidence.put_back(samples)
    recent.put_back(samples[-recent.window :])
    decision.since_ns = number(told["since_ns"], "since_ns", -1)
    for name in _FLAGS:
        setattr(decision, name, flag(told[name], name))


def _tell_markouts(markouts: Markouts) -> dict[str, Any]:
    return {
        "mid": str(markouts.mid),
        "fills": markouts.fills,
        "horizons": [_tell_horizon(horizon) for horizon in markouts.horizons],
    }


def _tell_horizon(horizon: Horizon) -> dict[str, Any]:
    return {
        "waiting": [list(map(str, fill)) for fill in horizon.waiting],
        **{name: getattr(horizon, name) for name in _COUNTS},
        **{name: str(getattr(horizon, name)) for name in _SUMS},
    }


def _read_markouts(told: Any, markouts: Markouts) -> None:
    keys(told, _MARKOUTS, "markouts")
    markouts.mid = number(told["mid"], "mid", 0)
    markouts.fills = count(told["fills"], "fills")
    for horizon, one in zip(
        markouts.horizons, row(told["horizons"], len(HORIZONS_NS)), strict=True
    ):
        _read_horizon(one, horizon)
        if horizon.heard != markouts.fills:
            raise wrong("fills", markouts.fills, f"those of the horizon, {horizon.heard}")


def _read_horizon(told: Any, horizon: Horizon) -> None:
    keys(told, _HORIZON, "horizon")
    horizon.waiting.extend(items(told["waiting"], "waiting", _read_waiting))
    if len(horizon.waiting) > MOST_WAITING:
        raise wrong("waiting", len(horizon.waiting), f"at most {MOST_WAITING}")
    for name in _COUNTS:
        setattr(horizon, name, count(told[name], name))
    for name in _SUMS:
        setattr(horizon, name, number(told[name], name))
    if (horizon.notional > 0) != (horizon.fills > 0):
        raise wrong("notional", horizon.notional, f"that of {horizon.fills} fills")


def _read_waiting(one: Any) -> Waiting:
    fill_ns, signed, mid, price, fee = (number(value, "value") for value in row(one, 5))
    if not signed or mid <= 0:
        raise wrong("waiting", one, "a quantity at a middle above 0")
    return fill_ns, signed, mid, price, fee


def _tell_would_be(one: WouldBe) -> dict[str, Any]:
    return {
        "asked_ns": str(one.asked_ns),
        "markouts": _tell_markouts(one.markouts),
        "standing": [
            [side.value, str(qty), str(price), str(fee)] for side, qty, price, fee in one.standing
        ],
        **{name: str(getattr(one, name)) for name in _MONEY},
    }


def _read_would_be(told: Any, what: str) -> WouldBe:
    keys(told, _WOULD_BE, what)
    would_be = WouldBe()
    would_be.asked_ns = number(told["asked_ns"], "asked_ns", -1)
    _read_markouts(told["markouts"], would_be.markouts)
    would_be.standing = tuple(items(told["standing"], "standing", _read_standing))
    for name in _MONEY:
        setattr(would_be, name, number(told[name], name))
    return would_be


def _read_standing(one: Any) -> Standing:
    side, qty, price, fee = row(one, 4)
    return (
        one_of(side, SIDES, "side"), number(qty, "qty", 1), number(price, "price", 1),
        number(fee, "fee"),
    )  # fmt: skip
