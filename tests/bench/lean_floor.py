"""The lean floor: W1 with the least bookkeeping that can be called by that name.

Integers, order records, both id maps, counts by state, worst-case exposure of open orders, FIFO
lots, fill dedupe and the same draws; no cash, no fees, no times, no books of the exchange, and so
no report. It says how far Python is from the loop when nobody asks what was earned.
"""

from __future__ import annotations

import random
from collections import deque
from typing import Any

SCALE = 10**9
PENDING, OPEN, PARTIAL, FILLED, CANCELED, REJECTED = range(6)
CID, OID, SYMBOL, SIDE, QTY, PRICE, STATE, DONE, COST, MADE, MOVED = range(11)


def run_lean_floor(
    quotes: int,
    symbols: tuple[str, ...] = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"),
    *,
    fill_rate: float = 0.5,
    reject_rate: float = 0.05,
    partial_rate: float = 0.1,
    seed: int = 42,
    qty: int = SCALE // 100,
    spread_bps: int = 5 * SCALE,
    max_symbol: int = 10**9 * SCALE * SCALE,
    max_total: int = 10**9 * SCALE * SCALE,
) -> dict[str, int]:
    """Run W1 and return its counts, which equal the product's."""
    draw = random.Random(seed).random
    orders: dict[str, list[Any]] = {}
    by_order_id: dict[str, list[Any]] = {}
    counts = [0] * 6
    seen_fills: dict[str, tuple[Any, ...]] = {}
    position = dict.fromkeys(symbols, 0)
    buys = dict.fromkeys(symbols, 0)
    sells = dict.fromkeys(symbols, 0)
    marks = dict.fromkeys(symbols, 0)
    worst_of = dict.fromkeys(symbols, 0)
    worst_total = 0
    lots: dict[str, deque[list[int]]] = {symbol: deque() for symbol in symbols}
    realised = dict.fromkeys(symbols, 0)
    cost_of = dict.fromkeys(symbols, 0)
    resting: dict[str, dict[str, list[Any]]] = {symbol: {} for symbol in symbols}
    queued: deque[tuple[Any, ...]] = deque()
    bases = [(s, (50_000 if "BTC" in s else 3_000) * SCALE) for s in symbols]
    next_order = next_exchange = next_fill = 1
    placed = filled = rejected = canceled = blocks = 0
    below = 2 * 10**4 * SCALE - spread_bps
    above = 2 * 10**4 * SCALE + spread_bps
    full = 4 * 10**4 * SCALE
    for step in range(quotes // len(symbols)):
        now = 1_735_689_600 * SCALE + step * SCALE
        for symbol, base in bases:
            mid = base * (1000 + step % 10) // 1000
            bid = mid * 9995 // 10_000
            ask = mid * 10_005 // 10_000
            rest = resting[symbol]
            if rest:
                for order in list(rest.values()):
                    state = order[STATE]
                    counts[state] -= 1
                    counts[CANCELED] += 1
                    order[STATE] = CANCELED
                    order[MOVED] = now
                    canceled += 1
                    left = order[QTY] - order[DONE]
                    if order[SIDE]:
                        buys[symbol] -= left
                    else:
                        sells[symbol] -= left
                rest.clear()
            marks[symbol] = mark = (bid + ask) >> 1
            held = position[symbol]
            up = held + buys[symbol]
            down = sells[symbol] - held
            worst = (up if up > down else down) * mark
            worst_total += worst - worst_of[symbol]
            worst_of[symbol] = worst
            for is_buy in (True, False):
                if is_buy:
                    price = (bid + ask) * below // full
                    after = held + buys[symbol] + qty
                    other = sells[symbol] - held
                    reducing = held < 0 and after <= 0
                else:
                    price = -(-(bid + ask) * above // full)
                    after = sells[symbol] - held + qty
                    other = held + buys[symbol]
                    reducing = held > 0 and after <= 0
                worst = (after if after > other else other) * mark
                if not reducing and (
                    after * price > max_symbol
                    or worst_total - worst_of[symbol] + worst > max_total
                ):
                    blocks += 1
                    continue
                worst_total += worst - worst_of[symbol]
                worst_of[symbol] = worst
                if is_buy:
                    buys[symbol] += qty
                else:
                    sells[symbol] += qty
                cid = "CLI%08d" % next_order
                next_order += 1
                order = [cid, None, symbol, is_buy, qty, price, PENDING, 0, 0, now, now]
                orders[cid] = order
                counts[PENDING] += 1
                if draw() < reject_rate:
                    counts[PENDING] -= 1
                    counts[REJECTED] += 1
                    order[STATE] = REJECTED
                    if is_buy:
                        buys[symbol] -= qty
                    else:
                        sells[symbol] -= qty
                    rejected += 1
                    continue
                oid = "ORD%06d" % next_exchange
                next_exchange += 1
                order[OID] = oid
                by_order_id[oid] = order
                counts[PENDING] -= 1
                counts[OPEN] += 1
                order[STATE] = OPEN
                rest[cid] = order
                placed += 1
                if draw() < fill_rate:
                    part = qty
                    if draw() < partial_rate:
                        steps = int(draw() * 2**53)
                        part = qty * (5 * 2**53 + 4 * steps) // (10 * 2**53)
                    queued.append(("FIL%06d" % next_fill, oid, part, price))
                    next_fill += 1
        while queued:
            fill_id, oid, part, price = queued.popleft()
            order = by_order_id[oid]
            if fill_id in seen_fills:
                continue
            seen_fills[fill_id] = (order, part, price)
            done = order[DONE] + part
            if done > order[QTY]:
                raise ValueError("overfill")
            counts[order[STATE]] -= 1
            state = FILLED if done == order[QTY] else PARTIAL
            counts[state] += 1
            order[STATE] = state
            order[DONE] = done
            order[COST] += part * price
            order[MOVED] = now
            symbol = order[SYMBOL]
            if state == FILLED:
                del resting[symbol][order[CID]]
            filled += 1
            signed = part if order[SIDE] else -part
            if order[SIDE]:
                buys[symbol] -= part
            else:
                sells[symbol] -= part
            held = position[symbol]
            position[symbol] = held + signed
            queue = lots[symbol]
            while signed and queue and (queue[0][0] > 0) is not (signed > 0):
                lot = queue[0]
                left = lot[0] + signed
                if left and (left > 0) is (lot[0] > 0):
                    realised[symbol] -= signed * (price - lot[1])
                    cost_of[symbol] += signed * lot[1]
                    lot[0] = left
                    signed = 0
                else:
                    realised[symbol] += lot[0] * (price - lot[1])
                    cost_of[symbol] -= lot[0] * lot[1]
                    queue.popleft()
                    signed = left
            if signed:
                queue.append([signed, price])
                cost_of[symbol] += signed * price
            held = position[symbol]
            up = held + buys[symbol]
            down = sells[symbol] - held
            worst = (up if up > down else down) * marks[symbol]
            worst_total += worst - worst_of[symbol]
            worst_of[symbol] = worst
    return {
        "placed": placed,
        "filled": filled,
        "rejected": rejected,
        "canceled": canceled,
        "risk_blocks": blocks,
        "filled_full": counts[FILLED],
        "open": counts[OPEN] + counts[PARTIAL],
    }
