"""Canceling: what is confirmed is gone, what was filled before stays, and nothing fills behind."""

from __future__ import annotations

from ..core.contracts_v1 import SELL
from .candidate import Fate
from .case import Case, CaseFailed, require
from .desk import Desk


def unknown_id(desk: Desk) -> str:
    kept = desk.place(desk.request())
    desk.settle()
    before = [one.order_id for one in desk.open_orders()]
    for stranger in ("no-such-order", "ORD999999", kept.request.client_order_id + "x"):
        require(not desk.cancel(stranger), f"the cancel of {stranger}, which nobody has, was True")
    after = [one.order_id for one in desk.open_orders()]
    require(before == after, f"canceling unknown ids changed what is open to {after!r:.80}")
    return "three unknown ids were answered no"


def open_order(desk: Desk) -> str:
    placed = desk.resting()
    order_id = placed.order_id or ""
    require(desk.cancel(order_id), f"the cancel of {order_id}, which is open, was answered no")
    still = [one for one in desk.open_orders() if one.order_id == order_id]
    require(not still, f"{order_id} is still open behind its confirmed cancel")
    return f"{order_id} was open and is not"


def twice(desk: Desk) -> str:
    order_id = desk.resting().order_id or ""
    desk.cancel(order_id)
    require(not desk.cancel(order_id), f"{order_id} was canceled twice, and both were True")
    return "the second cancel was answered no"


def filled_order(desk: Desk) -> str:
    order_id = desk.filling().order_id or ""
    require(not desk.cancel(order_id), f"the cancel of {order_id}, which has filled, was True")
    return "a filled order cannot be canceled"


def only_the_named(desk: Desk) -> str:
    kept = [desk.resting(), desk.resting(SELL), desk.resting(symbol=desk.stage.symbols[1])]
    named = desk.resting()
    desk.cancel(named.order_id or "")
    listed = [one.order_id for one in desk.open_orders()]
    for one in kept:
        there = one.order_id in listed
        require(there, f"{one.order_id} is gone with the cancel of {named.order_id}")
    return f"{len(kept)} other orders are still open"


def part_that_filled_stays(desk: Desk) -> str:
    request = desk.request()
    placed = desk.place(request, Fate.FILLS_IN_PART)
    order_id = placed.order_id or ""
    require(desk.cancel(order_id), f"the cancel of {order_id}, which filled in part, was no")
    filled = desk.filled(order_id)
    require(filled > 0, f"the part of {order_id} that filled before its cancel is not reported")
    held = desk.positions().get(request.symbol, 0)
    require(held == filled, f"{order_id} bought {filled} before its cancel, and {held} are held")
    return f"{filled} of {placed.qty} stay filled"


def nothing_fills_behind(desk: Desk) -> str:
    placed = desk.resting(qty=desk.stage.qty_e9 * 4)
    order_id = placed.order_id or ""
    desk.trade(order_id, desk.stage.qty_e9)
    desk.cancel(order_id)
    before = desk.positions()
    late = desk.trade(order_id, desk.stage.qty_e9)
    require(not late, f"{order_id} filled behind its confirmed cancel")
    require(desk.positions() == before, f"the position moved behind the cancel of {order_id}")
    return "no fill came behind the confirmed cancel"


def by_our_id(desk: Desk) -> str:
    placed = desk.resting()
    name = placed.request.client_order_id
    answers = [desk.exchange.cancel_client_order(word) for word in ("CLI99999999", name, name)]
    if desk.can.answers_later and answers[1] is None:
        desk.settle()
        answers = [False, placed.order_id in desk.canceled(), False]
    wanted = [False, True, False]
    if answers != wanted:
        raise CaseFailed(f"unknown, open, canceled were answered {answers!r}, not {wanted}")
    require(not desk.open_orders(), f"{name} is still open behind its cancel by that id")
    return "unknown no, open yes, canceled no"


CASES = (
    Case("cancel-001", "an unknown id is answered no", unknown_id, ("cancel",)),
    Case("cancel-002", "an open order is canceled, and then not open", open_order, ("cancel",),
         ("meets",)),
    Case("cancel-003", "a second cancel is answered no", twice, ("cancel",), ("meets",)),
    Case("cancel-004", "a filled order cannot be canceled", filled_order, ("cancel",), ("meets",)),
    Case("cancel-005", "only the named order is canceled", only_the_named, ("cancel",),
         ("meets",)),
    Case("cancel-006", "a cancel keeps what had filled", part_that_filled_stays, ("cancel",),
         ("meets",)),
    Case("cancel-007", "nothing fills behind a confirmed cancel", nothing_fills_behind,
         ("cancel",), ("meets", "fill")),
    Case("cancel-008", "an order can be canceled by our own id, once", by_our_id,
         ("cancel_by_client_id",), ("meets",)),
)  # fmt: skip
