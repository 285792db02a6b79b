"""The orders that rested in life, put into the recorded market again to fit a queue model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .core.money import text
from .life.deals import MAKER, SILENT, Deal
from .life.match import Matched
from .market.importers.lines import Item
from .market.normalize.wire import WireRefused
from .sim.queue_fit import QueueFit, QueueReplay, Waited, in_words


def fit_queue(
    matched: Matched, way_ns: int, market: Iterable[Item], powers: Sequence[str], seed: int
) -> dict[str, Any]:
    """The form of the fit; `used` 0 when no order of life rested in this market.

    `way_ns` is how long an order takes to the exchange.
    """
    orders = waited(matched, way_ns)
    replay = QueueReplay(orders, powers)
    for event in market:
        if not isinstance(event, WireRefused):
            replay.hear(event)
    fit = replay.fit(seed)
    return {"used": 0, "left_out": len(orders), "tells": False} if fit is None else _form(fit)


def waited(matched: Matched, way_ns: int) -> list[Waited]:
    """The orders of the run as life had them: when each arrived, filled or left there.

    Where both sides share names, an order of the run that life does not know filled in nobody's
    life; without names nobody can say so.
    """
    found = []
    for life, run in matched.pairs:
        if life.liquidity in (MAKER, SILENT):
            found.append(_one(run, way_ns, life.first_ns))
    if matched.names_shared:
        found += [_one(run, way_ns, None) for run in matched.run_only]
    return [one for one in found if one is not None]


def _one(run: Deal, way_ns: int, filled_ns: int | None) -> Waited | None:
    if run.sent_ns is None or run.price is None or run.qty is None:
        return None
    arrived_ns = run.sent_ns + way_ns
    if filled_ns is not None and filled_ns <= arrived_ns:
        return None  # it took, or the clocks differ: nothing of a queue is in it
    name = run.client_order_id or run.order_id
    left_ns = run.ended_ns if filled_ns is None else None
    return Waited(
        name, run.symbol, run.side, run.qty, run.price, arrived_ns, left_ns, filled_ns
    )


def _form(fit: QueueFit) -> dict[str, Any]:
    return {
        "used": fit.used, "left_out": fit.left_out, "best": in_words(fit.best_e9),
        "low": text(fit.low_e9), "high": text(fit.high_e9), "tells": fit.tells,
        "models": {
            one.model: {"mean_loss_ns": one.mean_ns, "only_life": one.only_life,
                        "only_model": one.only_model}
            for one in fit.scores
        },
    }  # fmt: skip
