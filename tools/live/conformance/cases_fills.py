"""Executions: each told once, incremental, of the right order, and never more than was ordered."""

from __future__ import annotations

from itertools import islice

from ..core.contracts_v1 import BUY, CancelFailed, OrderAccepted, OrderCanceled
from ..exchange import FillEvent
from .candidate import Fate
from .case import Case, CaseFailed, require
from .desk import ENDLESS, MOST_OF_A_STREAM, Desk, flow

_FIELDS = ("order_id", "symbol", "side", "price_e9", "qty_e9", "timestamp_ms", "liquidity")


def each_is_told_once(desk: Desk) -> str:
    flow(desk)
    told = len(desk.fills())
    again = desk.settle()
    require(not again, f"{len(again)} of {told} fills were handed out again by the next read")
    seen: list[FillEvent] = []
    for fill in desk.fills():
        require(fill.fill_id is None or fill not in seen, f"the fill {fill.fill_id} came twice")
        seen.append(fill)
    return f"{told} fills, each once"


def ids_are_unique(desk: Desk) -> str:
    flow(desk)
    seen: dict[str, FillEvent] = {}
    for fill in desk.fills():
        if not fill.fill_id:
            raise CaseFailed(f"a fill of {fill.order_id} has no id, and ids are declared")
        other = seen.setdefault(fill.fill_id, fill)
        same = other.order_id == fill.order_id
        require(same, f"{fill.fill_id} is a fill of {other.order_id} and of {fill.order_id}")
    return f"{len(seen)} ids"


def parts_add_up(desk: Desk) -> str:
    qty = desk.stage.qty_e9
    placed = desk.resting(qty=qty * 4)
    order_id = placed.order_id or ""
    parts = [sum_of(desk.trade(order_id, part)) for part in (qty, qty * 2)]
    listed = [one.filled_e9 for one in desk.open_orders() if one.order_id == order_id]
    wanted = [qty, qty * 2]
    require(parts == wanted, f"the world traded {wanted} with {order_id}, the fills say {parts}")
    require(listed == [qty * 3], f"{order_id} filled {qty * 3} and is listed with {listed}")
    return f"parts of {parts[0]} and {parts[1]} of {placed.qty}"


def never_too_much(desk: Desk) -> str:
    placed = flow(desk)
    for one in placed:
        filled = desk.filled(one.order_id) if one.order_id else 0
        require(filled <= one.qty, f"{one.order_id} filled {filled} of {one.qty}")
    if desk.stage.fill is None:
        return f"{len(placed)} orders"
    rest = desk.resting()
    desk.trade(rest.order_id or "", rest.qty * 3)
    filled = desk.filled(rest.order_id)
    require(filled <= rest.qty, f"{rest.order_id} filled {filled} of {rest.qty}")
    return f"{len(placed) + 1} orders"


def running_total_is_told(desk: Desk) -> str:
    qty = desk.stage.qty_e9
    placed = desk.resting(qty=qty * 4)
    for part in (qty, qty * 2, qty):
        desk.trade(placed.order_id or "", part)
    total = 0
    for fill in desk.fills(placed.order_id):
        total += fill.qty_e9
        told = fill.cum_e9
        require(told == total, f"{fill.fill_id} says {told} in all; its order filled {total}")
    return f"up to {total}"


def fills_are_of_their_order(desk: Desk) -> str:
    known = {one.order_id: one for one in flow(desk)}
    for fill in desk.fills():
        placed = known.get(fill.order_id)
        if placed is None:
            raise CaseFailed(f"{fill.fill_id} is a fill of {fill.order_id}, which nobody ordered")
        asked = placed.request
        same = (fill.symbol, fill.side) == (asked.symbol, asked.side)
        require(same, f"{fill.fill_id} is {fill.symbol} {fill.side.value}, its order is not")
        require(fill.qty_e9 > 0, f"{fill.fill_id} has the quantity {fill.qty_e9}")
    return f"{len(desk.fills())} fills"


def repeats_are_equal(desk: Desk) -> str:
    flow(desk)
    desk.settle()
    first: dict[str, FillEvent] = {}
    for fill in desk.reports():
        known = first.setdefault(fill.fill_id or "", fill)
        for name in _FIELDS:
            now, was = getattr(fill, name), getattr(known, name)
            other = f"with {name} {now!r:.40}, not {was!r:.40}"
            require(now == was, f"{fill.fill_id} came again {other}")
    return f"{len(desk.reports())} reports of {len(first)} fills"


def never_through_the_limit(desk: Desk) -> str:
    limits = {one.order_id: one.request.price_e9 for one in flow(desk)}
    for fill in desk.fills():
        limit = limits.get(fill.order_id, fill.price_e9)  # of a stranger fills-006 tells
        within = fill.price_e9 <= limit if fill.side is BUY else fill.price_e9 >= limit
        require(within, f"{fill.fill_id} is at {fill.price_e9}, its limit is {limit}")
        require(fill.price_e9 > 0, f"{fill.fill_id} has the price {fill.price_e9}")
    return f"{len(desk.fills())} fills within their limits"


def a_stream_left_early_loses_nothing(desk: Desk) -> str:
    for _ in range(3):
        desk.place(desk.request(), Fate.FILLS)
    streamed = list(islice(desk.exchange.stream_fills(), 1))
    rest = desk.read(desk.exchange.stream_fills())
    found = {fill.order_id for fill in (*streamed, *rest)}
    for placed in desk.placed:
        there = placed.order_id in found
        require(there, f"a reader stopped at the first fill, and that of {placed.order_id} is lost")
    return f"1 and then {len(rest)} fills"


def liquidity_is_told(desk: Desk) -> str:
    flow(desk)
    for fill in desk.fills():
        word = fill.liquidity
        require(word in ("maker", "taker"), f"{fill.fill_id} has the liquidity {word!r:.40}")
    return f"{len(desk.fills())} fills, each maker or taker"


def a_stream_ends(desk: Desk) -> str:
    for _ in range(3):
        desk.place(desk.request(), Fate.FILLS if desk.stage.meets is not None else None)
    told = 0
    for _ in desk.exchange.stream_fills():
        told += 1
        require(told <= MOST_OF_A_STREAM, ENDLESS)
    return f"behind {told} fills"


def an_end_comes_last(desk: Desk) -> str:
    flow(desk)
    begun: list[str] = []
    ended: list[str] = []
    for one in desk.heard:
        if isinstance(one, OrderAccepted):
            begun.append(one.order_id)
        elif isinstance(one, OrderCanceled):
            ended.append(one.order_id)
        elif isinstance(one, FillEvent):
            confirmed = one.order_id in begun
            require(confirmed, f"{one.fill_id} came before {one.order_id} was confirmed")
            require(one.order_id not in ended, f"{one.fill_id} came behind the end of its order")
    return f"{len(desk.heard)} answers in order"


def a_cancel_is_answered_once(desk: Desk) -> str:
    order_id = desk.resting().order_id or ""
    desk.cancel(order_id)
    desk.cancel(order_id)
    desk.settle()
    answers = [one for one in desk.heard if isinstance(one, (OrderCanceled, CancelFailed))]
    words = [type(one).__name__ for one in answers]
    wanted = ["OrderCanceled", "CancelFailed"]
    require(words == wanted, f"two cancels of one order were answered {words}")
    return "canceled, then failed"


def what_is_on_its_way_is_known(desk: Desk) -> str:
    require(desk.exchange.next_answer_ns() is None, "an answer is on its way before any request")
    request = desk.request()
    desk.exchange.place_limit(request)
    due = desk.exchange.next_answer_ns()
    early = desk.read(desk.exchange.stream_answers())
    if not early:
        require(type(due) is int, f"a request is out and the next answer comes at {due!r:.40}")
    desk.settle()
    require(desk.exchange.next_answer_ns() is None, "an answer stays on its way for ever")
    return "none, one, none"


def sum_of(fills: list[FillEvent]) -> int:
    """What some executions come to, at 10^9."""
    total: int = sum(fill.qty_e9 for fill in fills)
    return total


_DRIVEN = ("meets", "fill")
CASES = (
    Case("fills-001", "each fill is handed out once", each_is_told_once, ("not repeats_fills",)),
    Case("fills-002", "no two executions share an id", ids_are_unique, ("fill_ids",)),
    Case("fills-003", "fills are parts, and add up", parts_add_up, (), _DRIVEN),
    Case("fills-004", "no order fills more than was ordered", never_too_much),
    Case("fills-005", "the running total of a fill is right", running_total_is_told,
         ("cumulative_qty",), _DRIVEN),
    Case("fills-006", "a fill is of an order of ours, its symbol and side",
         fills_are_of_their_order),
    Case("fills-007", "a report that comes again is the same", repeats_are_equal,
         ("repeats_fills", "fill_ids")),
    Case("fills-008", "no fill is through the limit", never_through_the_limit),
    Case("fills-009", "a stream that is left early loses nothing",
         a_stream_left_early_loses_nothing, ("not answers_later",), ("meets",)),
    Case("fills-010", "a fill is the maker's or the taker's", liquidity_is_told, ("liquidity",)),
    Case("fills-011", "a stream of fills ends", a_stream_ends),
    Case("later-001", "a confirmation comes before its fills, an end behind them",
         an_end_comes_last, ("answers_later",)),
    Case("later-002", "each cancel is answered once", a_cancel_is_answered_once,
         ("answers_later", "cancel"), ("meets",)),
    Case("later-003", "what is on its way is known, and comes", what_is_on_its_way_is_known,
         ("answers_later",)),
)  # fmt: skip
