"""Orders, ours against the exchange's: who is whose, which side is behind, and what contradicts.

What the exchange says about an order of ours is a fact and is booked, whatever the policy. What
nobody of ours ordered, or with other terms, goes by the policy. An order that the list of open
orders leaves out is asked for by name before anything is concluded.
"""

from __future__ import annotations

from ..core.contracts_v1 import Input, OrderAccepted, OrderCanceled, OrderRejected
from ..core.money import text
from ..core.order import CANCELED, FILLED, OPEN, PARTIALLY_FILLED, OrderState
from ..exchange_query import Found
from .reconcile_facts import Answer, LocalOrder, Unanswered, VenueOrder
from .reconcile_findings import (
    Action, AdoptOrder, Cancel, Kind, Query, Take, fact_id, shown_local, shown_venue,
)  # fmt: skip
from .reconcile_judge import Judgement

LISTING = "list of open orders"
_NOT_LISTED = "not listed"


def judge_orders(desk: Judgement) -> list[VenueOrder]:
    """Judge every order; return the rows of the exchange that are nobody's."""
    rows = desk.venue.orders
    if isinstance(rows, Unanswered):
        desk.silent(LISTING, rows)
        for order in desk.local.orders:
            desk.leave_open(order)
        return []
    paired, strangers = pair_rows(desk.local.orders, rows)
    for order in desk.local.orders:
        row = paired.get(order.client_order_id)
        if desk.too_young(order):
            continue
        if row is not None:
            _listed(desk, order, row)
        elif order.ended:
            _ended_and_gone(desk, order)
        else:
            _not_listed(desk, order)
    for row in strangers:
        _stranger(desk, row)
    return strangers


def pair_rows(
    orders: tuple[LocalOrder, ...], rows: tuple[VenueOrder, ...]
) -> tuple[dict[str, VenueOrder], list[VenueOrder]]:
    """Rows to orders: by the exchange's id, or by our name while there is no id yet.

    Of several rows under one name, the one that filled most is ours.
    """
    by_order_id = {one.order_id: one for one in orders if one.order_id is not None}
    by_client_id = {one.client_order_id: one for one in orders}
    paired: dict[str, VenueOrder] = {}
    unnamed: list[VenueOrder] = []
    for row in rows:
        order = by_order_id.get(row.order_id)
        if order is None:
            unnamed.append(row)
        else:
            paired[order.client_order_id] = row
    strangers = []
    for row in sorted(unnamed, key=lambda one: (-one.filled, one.order_id)):
        order = by_client_id.get(row.client_order_id)
        if order is not None and order.order_id is None and order.client_order_id not in paired:
            paired[order.client_order_id] = row
        else:
            strangers.append(row)
    return paired, sorted(strangers, key=lambda one: one.order_id)


def _listed(desk: Judgement, order: LocalOrder, row: VenueOrder) -> None:
    """The exchange holds it open."""
    filled = desk.filled_at_venue(row)
    unbooked = order.ended and order.order_id is None and filled  # has no id to be booked under
    other = (row.symbol, row.side, row.qty) != (order.symbol, order.side, order.qty)
    if other or unbooked or not order.filled <= filled <= order.qty:
        return _contradiction(desk, Kind.QTY_MISMATCH, order, row, Found.OPEN)
    if row.price != order.price:
        return _contradiction(desk, Kind.PRICE_DIVERGENCE, order, row, Found.OPEN)
    facts: list[Action] = []
    if order.unacknowledged:
        facts.append(Take(OrderAccepted(order.client_order_id, row.order_id, desk.at_ns)))
    if not _add_fills(desk, order, row, filled, facts):
        return None
    if order.ended and order.state is not FILLED:
        facts.append(Cancel(row.order_id, order.client_order_id))
    kind = Kind.STALE if facts else Kind.MATCHED
    return _found(desk, kind, order, shown_venue(row), *facts)


def _add_fills(
    desk: Judgement, order: LocalOrder, row: VenueOrder, filled: int, facts: list[Action]
) -> bool:
    """Add the missing executions to the facts; False when they cannot be told."""
    missing = desk.missing(order, row, filled)
    if missing.lacking:
        if not desk.venue.complete:
            desk.put_off(order)
        else:
            desk.leave_open(order)
            what = "executions missing in its own list"
            _found(desk, Kind.QTY_MISMATCH, order, shown_venue(row, what))
        return False
    desk.book(missing.fills)
    facts += [Take(fill) for fill in missing.fills]
    return True


def _contradiction(
    desk: Judgement, kind: Kind, order: LocalOrder, row: VenueOrder, found: Found
) -> None:
    """The exchange has an order of ours otherwise than we do."""
    filled = desk.filled_at_venue(row)
    desk.leave_open(order, filled)
    remedies: list[Action] = []
    ended = order.ended and order.order_id is not None  # that is not taken up again
    kept = desk.adopts and not ended
    if kept and filled <= row.qty:  # no order can be kept that filled more than its size
        remedies.append(_adopt(desk, row, order.client_order_id, filled, found))
    elif found is Found.OPEN and (desk.cancels or (desk.adopts and ended)):
        remedies.append(Cancel(row.order_id, order.client_order_id))
    _found(desk, kind, order, shown_venue(row, found.value), *remedies)


def _adopt(
    desk: Judgement, row: VenueOrder, client_order_id: str, filled: int, found: Found
) -> AdoptOrder:
    taken = VenueOrder(
        row.order_id, client_order_id, row.symbol, row.side, row.qty, row.price, filled
    )
    state: OrderState = PARTIALLY_FILLED if filled else OPEN
    if filled == row.qty:
        state = FILLED
    elif found is not Found.OPEN:
        state = CANCELED
    name = fact_id("order", row.order_id, client_order_id, row.symbol, row.side.value, row.qty,
                   row.price, filled, state.value)  # fmt: skip
    told = desk.fills_of.get(row.order_id, ())
    unknown = tuple(fill for fill in told if fill.fill_id not in desk.known)
    return AdoptOrder(name, taken, state, unknown)


def _ended_and_gone(desk: Judgement, order: LocalOrder) -> None:
    """It has ended on both sides; executions that came later are booked."""
    if order.order_id is None or order.order_id not in desk.fills_of:
        return None
    row = _as_row(order, order.order_id)
    filled = desk.filled_at_venue(row)
    facts: list[Action] = []
    if filled > order.qty:
        desk.leave_open(order, filled)
        return _found(desk, Kind.QTY_MISMATCH, order, f"executions of {text(filled)} in all")
    if filled > order.filled and _add_fills(desk, order, row, filled, facts):
        return _found(desk, Kind.STALE, order, shown_venue(row, "later filled"), *facts)
    return None


def _as_row(order: LocalOrder, order_id: str) -> VenueOrder:
    """What our books know of an order, as if the exchange had said it."""
    return VenueOrder(
        order_id, order.client_order_id, order.symbol, order.side, order.qty, order.price,
        order.filled,
    )  # fmt: skip


def _not_listed(desk: Judgement, order: LocalOrder) -> None:
    """We take it for live, the exchange does not list it: its executions speak, or its answer."""
    if order.order_id in desk.fills_of:
        row = _as_row(order, str(order.order_id))
        filled = desk.filled_at_venue(row)
        facts: list[Action] = []
        if filled > order.qty:
            return _contradiction(desk, Kind.QTY_MISMATCH, order, row, Found.FILLED)
        if filled > order.filled:
            if _add_fills(desk, order, row, filled, facts):
                desk.leave_open(order)
                _found(desk, Kind.STALE, order, shown_venue(row, "filled"), *facts)
            return None
    answers = desk.answers(order)
    if not answers:
        return _ask(desk, order, _NOT_LISTED, desk.at_ns)
    return _answered(desk, order, answers)


def _ask(desk: Judgement, order: LocalOrder, said: str, not_before_ns: int) -> None:
    """A list proves nothing about one order: ask by name, or admit that nobody can know."""
    desk.leave_open(order)
    if desk.venue.can_ask:
        query = Query(order.client_order_id, max(not_before_ns, desk.at_ns))
        return _found(desk, Kind.VENUE_MISSING, order, said, query)
    return _found(desk, Kind.UNKNOWN, order, f"{said}, and cannot be asked about one order")


def _answered(desk: Judgement, order: LocalOrder, answers: list[Answer]) -> None:
    """What the exchange last said about the one order settles it, or does not."""
    answer = answers[-1]
    found, row = answer.found, answer.order
    if found is Found.UNKNOWN:
        return _denied(desk, order, answers)
    doubt = _doubt(order, answer)
    if doubt is not None or isinstance(found, Unanswered):
        desk.leave_open(order)
        query = Query(order.client_order_id, answer.at_ns + desk.policy.protection_ns)
        return _found(desk, Kind.UNKNOWN, order, str(doubt), query)
    if found is Found.OPEN:  # the list was read later: it has left it, or is not on it yet
        return _ask(desk, order, f"{_NOT_LISTED}, was open when asked", desk.at_ns)
    if row is None or (found is Found.REJECTED and not desk.filled_at_venue(row)):
        message = answer.message or "rejected by the exchange"
        rejected = OrderRejected(order.client_order_id, message, desk.at_ns)
        return _found(desk, Kind.STALE, order, found.value, Take(rejected))
    return _ended(desk, order, row, found)


def _doubt(order: LocalOrder, answer: Answer) -> str | None:
    """Why an answer cannot be believed, None when it can."""
    found, row = answer.found, answer.order
    if isinstance(found, Unanswered):
        return f"unanswered: {found.why}"
    if row is None:
        bare = found is Found.REJECTED and not answer.fills
        return None if bare else f"{found.value}, without the order"
    terms = (row.symbol, row.side) == (order.symbol, order.side)
    if order.order_id not in (None, row.order_id) or not terms:
        return f"answers with another order, {row.order_id}"
    if any(fill.order_id != row.order_id for fill in answer.fills):
        return "answers with the executions of another order"
    if found is Found.FILLED and row.filled != row.qty:
        return shown_venue(row, "filled, yet")
    return None


def _denied(desk: Judgement, order: LocalOrder, answers: list[Answer]) -> None:
    """The exchange has no such order; it is believed when it says so again after a while."""
    policy = desk.policy
    denials = 0
    for answer in reversed(answers):
        if answer.found is not Found.UNKNOWN:
            break
        denials += 1
    settled_ns = order.changed_ns + policy.settle_ns
    last_ns = answers[-1].at_ns
    said = f"no such order, said {denials} time{'s' if denials > 1 else ''}"
    if denials < policy.denials or last_ns < settled_ns:
        return _ask(desk, order, said, max(settled_ns, last_ns + policy.protection_ns))
    if order.order_id is None:
        gone: Input = OrderRejected(order.client_order_id, "abandoned: no such order", desk.at_ns)
    else:
        gone = OrderCanceled(order.order_id, desk.at_ns)
    cancel = Cancel(order.order_id, order.client_order_id)  # in case it is there after all
    return _found(desk, Kind.VENUE_MISSING, order, said, Take(gone), cancel)


def _ended(desk: Judgement, order: LocalOrder, row: VenueOrder, found: Found) -> None:
    """The exchange says that it has ended: book how."""
    filled = desk.filled_at_venue(row)
    if not order.filled <= filled <= order.qty:
        return _contradiction(desk, Kind.QTY_MISMATCH, order, row, found)
    facts: list[Action] = []
    if order.unacknowledged:
        facts.append(Take(OrderAccepted(order.client_order_id, row.order_id, desk.at_ns)))
    if not _add_fills(desk, order, row, filled, facts):
        return None
    if filled < order.qty:
        facts.append(Take(OrderCanceled(row.order_id, desk.at_ns)))
    return _found(desk, Kind.STALE, order, shown_venue(row, found.value), *facts)


def _stranger(desk: Judgement, row: VenueOrder) -> None:
    """The exchange holds an order open that is none of those in our books."""
    name, prefix = row.client_order_id, desk.policy.own_prefix
    number = name.removeprefix(prefix)
    kind, ours = Kind.ORPHAN, "never ours"
    if name in desk.by_client_id:
        kind, ours = Kind.DUPLICATE, shown_local(desk.by_client_id[name])
    elif name.startswith(prefix) and number.isascii() and number.isdigit():
        kind, ours = Kind.LOCAL_MISSING, "ours by its name, not in our books"
    remedies: list[Action] = []
    if desk.cancels or (desk.adopts and kind is Kind.DUPLICATE):
        remedies.append(Cancel(row.order_id, name))
    elif desk.adopts and desk.filled_at_venue(row) <= row.qty:
        kept = name or "VEN-" + fact_id("order", row.order_id)
        remedies.append(_adopt(desk, row, kept, desk.filled_at_venue(row), Found.OPEN))
    desk.add(kind, f"order {row.order_id}", ours, shown_venue(row), *remedies)


def _found(desk: Judgement, kind: Kind, order: LocalOrder, venue: str, *todo: Action) -> None:
    desk.add(kind, f"order {order.client_order_id}", shown_local(order), venue, *todo)
