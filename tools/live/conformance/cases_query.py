"""Asking what became of one order by our own id: the way out of every doubt."""

from __future__ import annotations

from ..exchange import FillEvent
from ..exchange_query import Found, OrderAnswer
from .candidate import Fate
from .case import Case, CaseFailed, require
from .desk import Desk, Placed, flow


def ask(desk: Desk, name: str) -> OrderAnswer:
    """The exchange's word on one order."""
    answer = desk.exchange.get_order(name)
    if not isinstance(answer, OrderAnswer) or not isinstance(answer.found, Found):
        raise CaseFailed(f"get_order gave {answer!r:.60}, not an OrderAnswer")
    return answer


def nobody_knows_a_stranger(desk: Desk) -> str:
    desk.place(desk.request())
    answer = ask(desk, "CLI99999999")
    require(answer.found is Found.UNKNOWN, f"an id that nobody sent is {answer.found.value}")
    require(answer.order is None and not answer.fills, "an unknown order is shown")
    return "unknown, with nothing to show"


def what_is_open_is_shown(desk: Desk) -> str:
    placed = desk.resting()
    answer = _shown(desk, placed, Found.OPEN)
    require(not answer.fills, f"{placed.order_id} has not filled and is shown with fills")
    return f"{placed.request.client_order_id} is {placed.order_id}, open"


def what_filled_is_shown(desk: Desk) -> str:
    placed = desk.filling()
    answer = _shown(desk, placed, Found.FILLED)
    _same_fills(desk, placed, answer)
    return f"{placed.order_id} filled, with {len(answer.fills)} fill"


def what_filled_in_part_is_shown(desk: Desk) -> str:
    placed = desk.arranged(desk.request(), Fate.FILLS_IN_PART)
    answer = _shown(desk, placed, Found.OPEN)
    _same_fills(desk, placed, answer)
    return f"{placed.order_id} open, with {len(answer.fills)} fill"


def what_was_canceled_is_shown(desk: Desk) -> str:
    placed = desk.arranged(desk.request(), Fate.FILLS_IN_PART)
    desk.cancel(placed.order_id or "")
    answer = _shown(desk, placed, Found.CANCELED)
    _same_fills(desk, placed, answer)
    return f"{placed.order_id} canceled, with the fill before it"


def what_was_rejected_is_not_there(desk: Desk) -> str:
    placed = desk.arranged(desk.request(), Fate.REJECTED)
    found = ask(desk, placed.request.client_order_id).found
    fits = found in (Found.REJECTED, Found.UNKNOWN)
    require(fits, f"an order that was rejected is {found.value}")
    return found.value


def asking_changes_nothing(desk: Desk) -> str:
    placed = desk.place(desk.request(), Fate.FILLS)
    before = [repr(desk.open_orders()), repr(desk.positions())]
    answers = [ask(desk, placed.request.client_order_id) for _ in range(3)]
    require(answers[0] == answers[2], "the third answer differs from the first")
    after = [repr(desk.open_orders()), repr(desk.positions())]
    require(before == after, "asking changed the books")
    desk.settle()
    told = len(desk.fills(placed.order_id))
    require(told > 0, f"the fill of {placed.order_id} was not told: asking for it took it away")
    return "three questions, one answer, and the fill was told after them"


def none_that_exists_is_unknown(desk: Desk) -> str:
    taken = [placed for placed in flow(desk) if placed.order_id is not None]
    for placed in taken:
        found = ask(desk, placed.request.client_order_id).found
        known = found in (Found.OPEN, Found.FILLED, Found.CANCELED)
        require(known, f"{placed.order_id} was taken and is {found.value}")
    return f"{len(taken)} orders"


def _shown(desk: Desk, placed: Placed, wanted: Found) -> OrderAnswer:
    """The answer about an order that was taken, which has to be shown as it was ordered."""
    answer = ask(desk, placed.request.client_order_id)
    is_ = answer.found
    require(is_ is wanted, f"{placed.order_id} is {wanted.value}, the answer says {is_.value}")
    shown, asked = answer.order, placed.request
    if shown is None:
        raise CaseFailed(f"{placed.order_id} is {is_.value} and not shown")
    theirs = (shown.order_id, shown.client_order_id, shown.symbol, shown.side)
    ours = (placed.order_id, asked.client_order_id, asked.symbol, asked.side)
    require(theirs == ours, f"{placed.order_id} is shown as {theirs!r:.80}")
    numbers = (shown.qty_e9, shown.price_e9) == (asked.qty_e9, asked.price_e9)
    require(numbers, f"{placed.order_id} is shown with another quantity or price")
    return answer


def _same_fills(desk: Desk, placed: Placed, answer: OrderAnswer) -> None:
    told: list[FillEvent] = desk.fills(placed.order_id)
    total: int = sum(fill.qty_e9 for fill in answer.fills)
    wanted = desk.filled(placed.order_id)
    require(total == wanted, f"{placed.order_id} filled {wanted}, the answer's fills are {total}")
    ids = [fill.fill_id for fill in answer.fills]
    streamed = [fill.fill_id for fill in told]
    same = sorted(map(str, ids)) == sorted(map(str, streamed))
    require(same or desk.can.repeats_fills, f"one fill is {streamed} in the stream and {ids} here")


CASES = (
    Case("query-001", "an id that nobody sent is unknown", nobody_knows_a_stranger, ("query",)),
    Case("query-002", "an open order is shown as it was ordered", what_is_open_is_shown,
         ("query",), ("meets",)),
    Case("query-003", "a filled order is shown with its fills", what_filled_is_shown, ("query",),
         ("meets",)),
    Case("query-004", "an order that filled in part is open, with its fills",
         what_filled_in_part_is_shown, ("query",), ("meets",)),
    Case("query-005", "a canceled order stays known", what_was_canceled_is_shown,
         ("query", "cancel"), ("meets",)),
    Case("query-006", "a rejected order is rejected, or unknown", what_was_rejected_is_not_there,
         ("query",), ("meets",)),
    Case("query-007", "asking changes nothing", asking_changes_nothing, ("query",), ("meets",)),
    Case("query-008", "no order that was taken is ever unknown", none_that_exists_is_unknown,
         ("query",)),
)  # fmt: skip
