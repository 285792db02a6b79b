"""The same orders on hftbacktest, the real package, over the same events.

The canonical events become its array: a message of depth is a row a level, prices and quantities
are the doubles of the same decimals. The strategy is compiled code that sends and takes back what
it is told at the times it is told, and writes down how each order stands after every millisecond.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import hftbacktest as hft
import numpy as np
from numba import njit

from tests.interop.engines.quoting import (
    E9, ENTRY_NS, MS, RESPONSE_NS, Asked, Filled, Outcome, market,
)  # fmt: skip
from tools.live.core.market_v1 import Bbo, DepthDiff, DepthSnapshot, Trade
from tools.live.core.words_v1 import BUY

TICK, LOT = 0.1, 0.001
BOTH = hft.EXCH_EVENT | hft.LOCAL_EVENT


def on_hftbacktest(
    asked: Sequence[Asked], queue: str, *, partial: bool, qty: int
) -> Outcome:
    """What its exchange makes of these orders; `queue` is "pessimistic" or "power:N"."""
    asset = (
        hft.BacktestAsset()
        .data(rows())
        .linear_asset(1.0)
        .constant_order_latency(ENTRY_NS, RESPONSE_NS)
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(TICK)
        .lot_size(LOT)
    )
    kind, _, n = queue.partition(":")
    asset = asset.power_prob_queue_model(float(n)) if n else asset.risk_adverse_queue_model()
    asset = asset.partial_fill_exchange() if partial else asset.no_partial_fill_exchange()
    seen = _lived(hft.HashMapMarketDepthBacktest([asset]), *_columns(asked), qty / E9)
    fills, refused = [], set()
    leaves = {one.number: qty for one in asked}
    for number, status, left, price_ticks, at_ns in seen:
        if not number:
            assert status == 1, f"hftbacktest stopped with its error {status}"
            continue
        if status == hft.EXPIRED:
            refused.add(int(number))
        left_e9 = round(left * 1000) * (E9 // 1000)
        if left_e9 < leaves[int(number)]:
            got = leaves[int(number)] - left_e9
            leaves[int(number)] = left_e9
            fills.append(Filled(int(number), int(at_ns) // MS, int(price_ticks) * E9 // 10, got))
    return Outcome(tuple(asked), tuple(sorted(fills)), frozenset(refused))


@cache
def rows() -> Any:
    """The market as hftbacktest's array."""
    return np.array(list(_rows()), dtype=hft.binding.event_dtype)


def _rows() -> Iterator[tuple[Any, ...]]:
    for event in market():
        assert not isinstance(event, Bbo), "the comparison goes by depth"
        at_ns, heard_ns = event.exchange_ns or 0, event.ts_ns
        if isinstance(event, Trade):
            side = hft.BUY_EVENT if event.side is BUY else hft.SELL_EVENT
            kind = BOTH | hft.TRADE_EVENT | side
            yield kind, at_ns, heard_ns, event.price / E9, event.qty / E9, 0, 0, 0.0
            continue
        if isinstance(event, DepthSnapshot):
            depth = hft.DEPTH_SNAPSHOT_EVENT
        else:
            assert isinstance(event, DepthDiff)
            depth = hft.DEPTH_EVENT
        for side, levels in ((hft.BUY_EVENT, event.bids), (hft.SELL_EVENT, event.asks)):
            for price, qty in levels:
                yield BOTH | depth | side, at_ns, heard_ns, price / E9, qty / E9, 0, 0, 0.0


def _columns(asked: Sequence[Asked]) -> tuple[Any, ...]:
    return (
        np.array([one.is_buy for one in asked]),
        np.array([one.price / E9 for one in asked]),
        np.array([one.submit_ns for one in asked], dtype=np.int64),
        np.array([one.cancel_ns for one in asked], dtype=np.int64),
    )


@njit  # type: ignore[misc]
def _lived(
    engine: Any, is_buy: Any, prices: Any, submit_ns: Any, cancel_ns: Any, qty: float
) -> Any:
    """Each change of an order: number, status, what is left, price in ticks, exchange time."""
    seen = []
    engine.elapse(1)  # its clock begins with the data
    for first in range(0, len(prices), 2):
        if engine.elapse(submit_ns[first] - engine.current_timestamp) != 0:
            break
        for one in range(first, first + 2):
            if is_buy[one]:
                engine.submit_buy_order(0, one + 1, prices[one], qty, 1, 0, False)
            else:
                engine.submit_sell_order(0, one + 1, prices[one], qty, 1, 0, False)
        left = np.full(2, qty)
        canceled = False
        ends_ns = cancel_ns[first] + 30_000_000
        said = 0
        while engine.current_timestamp < ends_ns and said == 0:
            step = 1_000_000
            if not canceled:
                step = min(step, cancel_ns[first] - engine.current_timestamp)
            said = engine.elapse(step)
            orders = engine.orders(0)
            for one in range(2):
                order = orders.get(first + 1 + one)
                if order is not None and (order.leaves_qty < left[one] or order.status == 2):
                    seen.append((
                        first + 1 + one, order.status, order.leaves_qty, order.price_tick,
                        order.exch_timestamp,
                    ))
                    left[one] = order.leaves_qty if order.status != 2 else -1.0
            if not canceled and engine.current_timestamp >= cancel_ns[first]:
                canceled = True
                for one in range(2):
                    order = orders.get(first + 1 + one)
                    if order is not None and order.cancellable:
                        engine.cancel(0, first + 1 + one, False)
        engine.clear_inactive_orders(0)
        if said != 0:
            seen.append((0, said, 0.0, 0, 0))
            break
    engine.close()
    return seen
