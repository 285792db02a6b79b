"""Executions, positions and balances, ours against the exchange's.

Average entry prices are not compared: our ledger keeps lots, exchanges keep averages, and after a
part of a position is closed both are right and different.
"""

from __future__ import annotations

from ..core.money import cash_text, text
from .reconcile_facts import LocalOrder, Unanswered, VenueFill, VenueOrder
from .reconcile_findings import Action, AdoptBalance, AdoptFill, AdoptPosition, Kind, fact_id
from .reconcile_judge import Judgement


def judge_fills(desk: Judgement, strangers: list[VenueOrder]) -> None:
    """Executions that our books hold with other numbers, or of orders that nobody knows.

    Those of our own orders have been judged with the orders.
    """
    fills = desk.venue.fills
    if isinstance(fills, Unanswered):
        desk.silent("executions", fills)
    owned = {order.order_id for order in desk.local.orders}
    owned.update(row.order_id for row in strangers)
    if isinstance(desk.venue.orders, tuple):
        names = desk.by_client_id
        owned.update(row.order_id for row in desk.venue.orders if row.client_order_id in names)
    for answer in desk.venue.answers:
        if answer.order is not None:
            owned.add(answer.order.order_id)
    for fill in desk.executions.values():
        known = desk.known.get(fill.fill_id)
        if known is None:
            if fill.order_id not in owned and not desk.local.forgets:
                _stranger(desk, fill)
        elif known.qty != fill.qty:
            _otherwise(desk, Kind.QTY_MISMATCH, text(known.qty), fill)
        elif known.price != fill.price:
            _otherwise(desk, Kind.PRICE_DIVERGENCE, f"at {text(known.price)}", fill)


def _stranger(desk: Judgement, fill: VenueFill) -> None:
    """An execution of an order that is not in our books, or not under its id yet."""
    if any(_may_own(order, fill) for order in desk.local.orders):
        desk.unjudged.append(f"execution {fill.fill_id}")
    else:
        _otherwise(desk, Kind.ORPHAN, "of no order in our books", fill)


def _may_own(order: LocalOrder, fill: VenueFill) -> bool:
    unnamed = order.order_id is None and not order.ended
    return unnamed and (order.symbol, order.side) == (fill.symbol, fill.side)


def _otherwise(desk: Judgement, kind: Kind, ours: str, fill: VenueFill) -> None:
    remedies: tuple[Action, ...] = (AdoptFill(fill),) if desk.adopts else ()
    theirs = f"{fill.side.value} {text(fill.qty)} {fill.symbol} at {text(fill.price)}"
    desk.add(kind, f"execution {fill.fill_id}", ours, f"{theirs} ({fill.order_id})", *remedies)


def judge_positions(desk: Judgement) -> None:
    """Every symbol that either side holds, after the executions that are about to be booked.

    An exchange that lists nothing at all is never adopted: that may be an answer that went wrong.
    """
    theirs = desk.venue.positions
    if isinstance(theirs, Unanswered):
        return desk.silent("positions", theirs)
    ours = dict(desk.local.positions)
    for symbol, moved in desk.moved.items():
        ours[symbol] = ours.get(symbol, 0) + moved
    for symbol in sorted({*ours, *theirs}):
        held, said = ours.get(symbol, 0), theirs.get(symbol, 0)
        about = f"position {symbol}"
        if held == said:
            desk.add(Kind.MATCHED, about, text(held), text(said))
        elif desk.explains(symbol, said - held):
            desk.unjudged.append(about)
        else:
            remedies: list[Action] = []
            if theirs and desk.adopts and not desk.doubtful:
                name = fact_id("position", symbol, said)
                remedies.append(AdoptPosition(name, symbol, said, held))
            desk.add(Kind.QTY_MISMATCH, about, text(held), text(said), *remedies)


def judge_balances(desk: Judgement) -> None:
    """The currencies we keep count of, once no execution is on its way into the books.

    One that the exchange leaves out counts as 0, but is not adopted as that.
    """
    theirs, ours = desk.venue.balances, desk.local.cash
    if theirs is None or ours is None:
        return
    if isinstance(theirs, Unanswered):
        return desk.silent("balances", theirs)
    for currency in sorted(ours):
        expected, said = ours[currency], theirs.get(currency, 0)
        about = f"balance {currency}"
        if desk.moved or desk.leaves_open:
            desk.unjudged.append(about)
            continue
        close = abs(said - expected) <= desk.policy.cash_tolerance_e18
        remedies: list[Action] = []
        if currency in theirs and not close and desk.adopts and not desk.doubtful:
            name = fact_id("balance", currency, said)
            remedies.append(AdoptBalance(name, currency, said, expected))
        kind = Kind.MATCHED if close else Kind.QTY_MISMATCH
        desk.add(kind, about, cash_text(expected), cash_text(said), *remedies)
