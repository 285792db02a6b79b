"""Both sides read into plain values: the exchange through its client, ours from the live books.

Whatever fails on the way to the exchange, or does not make sense when it comes back, becomes an
`Unanswered` part. Positions may move while the rest is being read, so everything is read until two
readings in a row agree.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from ..adoptions import Execution
from ..core.clock import NS_PER_MS
from ..core.errors import ContractError, LiveError
from ..core.order import Order
from ..core.record import record
from ..exchange import FillEvent, IExchangeClient, OpenOrder
from ..exchange_query import QueryableExchange
from ..order_store import InMemoryOrderStore
from ..portfolio.ledger import Ledger
from .reconcile_facts import (
    Answer, KnownFill, LocalOrder, LocalState, Unanswered, VenueFill, VenueOrder,
    VenueState,
)  # fmt: skip
from .reconcile_findings import fact_id

READINGS = 4
_WORLD_FAILED = (OSError, LiveError, ValueError)  # ValueError: a reply that cannot be parsed
Part = TypeVar("Part")


def observe(
    exchange: IExchangeClient,
    at_ns: int,
    ask: Sequence[str] = (),
    earlier: Sequence[Answer] = (),
    unanswered_since_ns: int | None = None,
    drain: Callable[[], None] = lambda: None,
) -> VenueState:
    """What the exchange says now, the answers about the orders in `ask` included.

    `drain` books what its stream has told; it goes before every reading. Two equal readings in a
    row then mean that our books hold all that happened before them, and nothing did since.
    """
    venue = exchange if isinstance(exchange, QueryableExchange) else None
    answers = list(earlier)
    if venue is not None:
        answers += [_ask(venue, name, at_ns) for name in ask]

    def read() -> VenueState:
        drain()
        return VenueState(
            at_ns,
            _answer(lambda: _open_orders(exchange)),
            _answer(lambda: _positions(exchange)),
            None if venue is None else _answer(lambda: _executions(venue.get_fills())),
            None if venue is None else _answer(lambda: _balances(venue)),
            tuple(answers),
            venue is not None,
            unanswered_since_ns,
        )

    seen = read()
    for _ in range(READINGS - 1):
        again = read() if seen.complete else seen
        if again == seen:
            return seen
        seen = again
    moving = Unanswered(f"moved in each of {READINGS} readings")
    return VenueState(
        at_ns, moving, moving, seen.fills, seen.balances, seen.answers, seen.can_ask,
        unanswered_since_ns,
    )  # fmt: skip


def _answer(question: Callable[[], Part]) -> Part | Unanswered:
    try:
        return question()
    except _WORLD_FAILED as error:
        return Unanswered(str(error) or error.__class__.__name__)


def _open_orders(exchange: IExchangeClient) -> tuple[VenueOrder, ...]:
    """The list of open orders; a row that stands there twice counts once."""
    rows: dict[str, VenueOrder] = {}
    for listed in exchange.get_open_orders():
        row = venue_order(listed)
        if rows.setdefault(row.order_id, row) != row:
            raise ContractError(f"order {row.order_id} is listed twice, with other numbers")
    return tuple(rows.values())


def _positions(exchange: IExchangeClient) -> dict[str, int]:
    """Signed positions by symbol; an exchange may keep long and short apart."""
    held: dict[str, int] = {}
    for position in exchange.get_positions():
        held[position.symbol] = held.get(position.symbol, 0) + position.qty_e9
    return held


def _executions(listed: Sequence[FillEvent] | None) -> tuple[VenueFill, ...] | None:
    """The executions; one without an id is named by its facts, and its place among equals."""
    if listed is None:
        return None
    fills: dict[str, VenueFill] = {}
    unnamed: dict[str, int] = {}
    for fill in listed:
        fill_id = fill.fill_id
        if fill_id is None:
            name = fact_id(fill.order_id, fill.side.value, fill.qty_e9, fill.price_e9,
                           fill.timestamp_ms)  # fmt: skip
            unnamed[name] = unnamed.get(name, 0) + 1
            fill_id = f"recon-{name}-{unnamed[name]}"
        one = VenueFill(
            fill_id, fill.order_id, fill.symbol, fill.side, fill.qty_e9, fill.price_e9,
            fill.liquidity, fill.timestamp_ms * NS_PER_MS,
        )  # fmt: skip
        if fills.setdefault(fill_id, one) != one:
            raise ContractError(f"execution {fill_id} is listed twice, with other numbers")
    return tuple(fills.values())


def _balances(venue: QueryableExchange) -> dict[str, int] | None:
    balances = venue.get_balances()
    return None if balances is None else dict(balances)


def _ask(venue: QueryableExchange, client_order_id: str, at_ns: int) -> Answer:
    said = _answer(lambda: _about(venue, client_order_id, at_ns))
    return Answer(client_order_id, at_ns, said, None) if isinstance(said, Unanswered) else said


def _about(venue: QueryableExchange, client_order_id: str, at_ns: int) -> Answer:
    said = venue.get_order(client_order_id)
    row = None if said.order is None else venue_order(said.order)
    fills = _executions(said.fills) or ()
    return Answer(client_order_id, at_ns, said.found, row, fills, said.message)


def venue_order(listed: OpenOrder) -> VenueOrder:
    """The exchange's row as a plain value."""
    exact: Any = listed  # its published attributes are views of these slots
    return VenueOrder(
        listed.order_id, listed.client_order_id, listed.symbol, listed.side, exact.qty_e9,
        exact.price_e9, exact.filled_e9,
    )  # fmt: skip


def local_state(
    store: InMemoryOrderStore,
    ledger: Ledger,
    venue: VenueState,
    *,
    halted: bool = False,
    cash: dict[str, int] | None = None,
    held_before: Mapping[str, int] = MappingProxyType({}),
    in_doubt: Container[str] = (),
    adopted: Mapping[str, Execution] = MappingProxyType({}),
) -> LocalState:
    """Our books as values: every live order, and whatever else the exchange mentioned.

    `held_before` is what the exchange held for us before the ledger began, by symbol. An order
    `in_doubt` is being asked about by the loop itself, so it counts as changed just now. An
    execution that was `adopted` is known as it was told then.
    """
    found = {order.client_order_id: order for order in store.live_orders()}
    rows = venue.orders if isinstance(venue.orders, tuple) else ()
    fills = list(venue.fills) if isinstance(venue.fills, tuple) else []
    for answer in venue.answers:
        fills += answer.fills
    mentioned = [store.orders.get(row.client_order_id) for row in rows]
    mentioned += [store.by_order_id.get(row.order_id) for row in rows]
    mentioned += [store.by_order_id.get(fill.order_id) for fill in fills]
    for order in mentioned:
        if order is not None:
            found[order.client_order_id] = order
    booked = store.fills
    known = {
        fill.fill_id: booked[fill.fill_id][1:] for fill in fills if fill.fill_id in booked
    } | {fill.fill_id: adopted[fill.fill_id][3:] for fill in fills if fill.fill_id in adopted}
    return LocalState(
        tuple(
            local_order(found[name], venue.at_ns if name in in_doubt else None)
            for name in sorted(found)
        ),
        tuple(KnownFill(name, *numbers) for name, numbers in known.items()),
        positions(ledger, held_before),
        cash,
        halted,
        bool(store.retired.orders),
    )


def positions(ledger: Ledger, held_before: Mapping[str, int]) -> dict[str, int]:
    """What we hold in all, by symbol, flat ones left out."""
    held = {
        symbol: ledger.qty(symbol) + held_before.get(symbol, 0)
        for symbol in sorted({*ledger.holdings, *held_before})
    }
    return {symbol: qty for symbol, qty in held.items() if qty}


def local_order(order: Order, changed_ns: int | None = None) -> LocalOrder:
    """An order of the store as a plain value; fills after its end count as filled."""
    return LocalOrder(
        order.client_order_id, order.order_id, order.symbol, order.side_of, order.qty_e9,
        order.price_e9, order.filled_e9 + order.late_e9, order.state,
        order.updated_ns if changed_ns is None else changed_ns,
    )  # fmt: skip
