"""The full floor: workload W1 with the house's bookkeeping, written as one function.

Everything that the report needs is kept, and the bench asserts that both sides report the same:
integers, order records, both id maps, counts by state, worst-case exposure of open orders, FIFO
lots, cash, fees and volumes, fill dedupe, acknowledgement times, the sampled risk ratio, the last
edge, and on the exchange's side its own open orders, queued fills and positions; with the same
draws, but no events, no layers and no calls. That is what Python itself costs. Nobody would
maintain code like this; it is here to say how much the design costs.
"""

from __future__ import annotations

import random
from collections import deque
from typing import Any

SCALE = 10**9
PENDING, OPEN, PARTIAL, FILLED, CANCELED, REJECTED = range(6)
CID, OID, SYMBOL, SIDE, QTY, PRICE, STATE, DONE, COST, MADE, MOVED = range(11)


def run_floor(
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
    latency_ms: int = 100,
    maker_bps: int = SCALE,
) -> dict[str, Any]:
    """Run W1 and return its counts, which must equal the product's."""
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
    venue_open: dict[str, tuple[Any, ...]] = {}
    venue_position: dict[str, list[int]] = {}
    cash = dict.fromkeys(symbols, 0)
    fees = dict.fromkeys(symbols, 0)
    bought = {symbol: [0, 0] for symbol in symbols}
    sold = {symbol: [0, 0] for symbol in symbols}
    held_of = dict.fromkeys(symbols, 0)
    held_total = 0
    ratios: dict[int, int] = {}
    ack_ns: dict[int, int] = {}
    edges: dict[str, int] = {}
    clock = 1_735_689_600 * SCALE
    bases = [(s, (50_000 if "BTC" in s else 3_000) * SCALE) for s in symbols]
    next_order = next_exchange = next_fill = 1
    placed = filled = rejected = canceled = blocks = 0
    below = 2 * 10**4 * SCALE - spread_bps
    above = 2 * 10**4 * SCALE + spread_bps
    full = 4 * 10**4 * SCALE
    steps_all = quotes // len(symbols)
    for step in range(steps_all):
        due = 1_735_689_600 * SCALE + step * SCALE
        for symbol, base in bases:
            if due > clock:
                clock = due
            now = clock
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
                    venue_open.pop(order[OID])
                    left = order[QTY] - order[DONE]
                    if order[SIDE]:
                        buys[symbol] -= left
                    else:
                        sells[symbol] -= left
                rest.clear()
            marks[symbol] = mark = (bid + ask) >> 1
            held = position[symbol]
            value = (held if held >= 0 else -held) * mark
            held_total += value - held_of[symbol]
            held_of[symbol] = value
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
                clock += latency_ms * 10**6
                if draw() < reject_rate:
                    order[MOVED] = clock
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
                order[MOVED] = clock
                waited = clock - now
                ack_ns[waited] = ack_ns.get(waited, 0) + 1
                rest[cid] = order
                placed += 1
                part = 0
                if draw() < fill_rate:
                    part = qty
                    if draw() < partial_rate:
                        steps = int(draw() * 2**53)
                        part = qty * (5 * 2**53 + 4 * steps) // (10 * 2**53)
                    queued.append(("FIL%06d" % next_fill, oid, symbol, is_buy, part, price, clock))
                    next_fill += 1
                    venue = venue_position.get(symbol)
                    if venue is None:
                        venue = venue_position[symbol] = [0, 0]
                    signed = part if is_buy else -part
                    there = venue[0]
                    if there == 0 or (there > 0) is (signed > 0):
                        venue[1] += signed * price
                    elif abs(signed) < abs(there):
                        venue[1] += venue[1] * signed // there
                    else:
                        venue[1] = (there + signed) * price
                    venue[0] = there + signed
                if part != qty:
                    venue_open[oid] = (oid, cid, symbol, is_buy, qty, part, price)
        while queued:
            fill_id, oid, symbol, is_buy, part, price, stamp = queued.popleft()
            if stamp > clock:
                clock = stamp
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
            order[MOVED] = clock
            if state == FILLED:
                del resting[symbol][order[CID]]
            filled += 1
            notional = part * price
            numerator = notional * maker_bps
            fee, rest_of = divmod(numerator, 10**4 * SCALE)
            if 2 * rest_of > 10**4 * SCALE or (2 * rest_of == 10**4 * SCALE and fee & 1):
                fee += 1
            fees[symbol] += fee
            if is_buy:
                signed = part
                buys[symbol] -= part
                side = bought[symbol]
                cash[symbol] -= notional + fee
            else:
                signed = -part
                sells[symbol] -= part
                side = sold[symbol]
                cash[symbol] += notional - fee
            side[0] += part
            side[1] += notional
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
            value = (held if held >= 0 else -held) * marks[symbol]
            held_total += value - held_of[symbol]
            held_of[symbol] = value
            ratio = held_total * 10**5 // max_total
            ratios[ratio] = ratios.get(ratio, 0) + 1
            up = held + buys[symbol]
            down = sells[symbol] - held
            worst = (up if up > down else down) * marks[symbol]
            worst_total += worst - worst_of[symbol]
            worst_of[symbol] = worst
        net_bps = 10 * SCALE - step * 8 * SCALE // steps_all
        for symbol in symbols:
            edges[symbol] = net_bps
    return {
        "placed": placed,
        "filled": filled,
        "rejected": rejected,
        "canceled": canceled,
        "risk_blocks": blocks,
        "filled_full": counts[FILLED],
        "open": counts[OPEN] + counts[PARTIAL],
        "position": position,
        "venue": {symbol: held for symbol, (held, _) in venue_position.items()},
        "cash": cash,
        "fees": fees,
        "realised": realised,
        "cost": cost_of,
        "bought": bought,
        "sold": sold,
        "risk_ratio_p95": _p95(ratios),
        "ack_ns": ack_ns,
    }


def _p95(counts: dict[int, int]) -> float:
    rank = -(-sum(counts.values()) * 95 // 100)
    for step in sorted(counts):
        rank -= counts[step]
        if rank <= 0:
            return step / 10**5
    return 0.0
