"""The state of the order store: orders, the order in which they ended, and the fills known of them.

An order is written by its number (7 is CLI00000007), and a fill by that of its order. One that was
adopted under another name, or out of its turn, is written by its name.
"""

from __future__ import annotations

from collections import deque
from typing import Any, TypeAlias

from ..adoptions import booked_e9
from ..core.contracts_v1 import Side
from ..core.errors import ContractError
from ..core.order import (
    CANCELED, FILLED, OPEN, PARTIALLY_FILLED, PENDING, REJECTED, TERMINAL, Order, OrderState,
    own_name, own_number,
)  # fmt: skip
from ..order_store import InMemoryOrderStore, RetiredOrders
from .plain import count, items, keys, number, one_of, optional, row, text, unique, wrong

SIDES = {side.value: side for side in Side}
_STATES = {state.value: state for state in OrderState}
_ENDS = sorted(TERMINAL)
Ref: TypeAlias = int | str  # what an order is written by
_STORE = ("ended", "fills", "next", "orders", "retired")
_RETIRED = ("counts", "fills", "sums")


def tell_store(store: InMemoryOrderStore) -> dict[str, Any]:
    """Everything in a store as plain data."""
    retired = store.retired
    refs = _refs(store)
    return {
        "next": store._next,
        "orders": [_tell_order(order, refs[name]) for name, order in store.orders.items()],
        "ended": [refs[order.client_order_id] for order in _ended(store)],
        "fills": [
            [fill_id, refs[order.client_order_id], str(qty), str(price)]
            for fill_id, (order, qty, price) in store._fills.items()
        ],
        "retired": {
            "counts": {state.value: retired.counts[state] for state in _ENDS},
            "fills": retired.fills,
            "sums": [
                [symbol, side.value, str(filled), str(retired.cost_e18[symbol, side])]
                for (symbol, side), filled in retired.filled_e9.items()
            ],
        },
    }


def read_store(told: Any, retain: int | None) -> InMemoryOrderStore:
    """A new store with what was told; ContractError when it contradicts itself."""
    keys(told, _STORE, "store")
    store = InMemoryOrderStore(retain)
    store._next = count(told["next"], "next", 1)
    store.next_id = own_name(store._next)
    by_ref = _read_orders(told["orders"], store)
    _read_ended(told["ended"], store, by_ref)
    _read_fills(told["fills"], store, by_ref)
    store.retired = _read_retired(told["retired"])
    if retain is None and store.retired.orders:
        raise wrong("retired orders", store.retired.orders, "0 where all orders are kept")
    return store


def _ended(store: InMemoryOrderStore) -> list[Order]:
    """Every ended order; those of one state and symbol are in the order in which they ended."""
    if store.retain is not None:
        return list(store._newest_ended)
    return [
        order
        for state in _ENDS
        for of_symbol in store._ended[state].values()
        for order in of_symbol
    ]


def _refs(store: InMemoryOrderStore) -> dict[str, Ref]:
    """What the orders are written by: numbers while they rise, else names."""
    refs: dict[str, Ref] = {}
    newest = 0
    for name in store.orders:
        number = own_number(name) or 0
        if number > newest:
            newest = refs[name] = number
        else:
            refs[name] = name
    return refs


def _tell_order(order: Order, ref: Ref) -> list[Any]:
    return [
        ref, order.symbol, order.side_of.value, str(order.qty_e9),
        str(order.price_e9), order.state.value, order.order_id, str(order.filled_e9),
        str(order.cost_e18), str(order.late_e9), str(order.created_ns), str(order.updated_ns),
        order.message, *([str(order.adopted_e9)] if order.adopted_e9 else ()),
    ]  # fmt: skip


def _read_orders(told: Any, store: InMemoryOrderStore) -> dict[Ref, Order]:
    """Put the orders where the store looks for them; they are returned by what names them."""
    by_ref: dict[Ref, Order] = {}
    newest = 0

    def read(one: Any) -> None:
        nonlocal newest
        adopted = isinstance(one, list) and len(one) == 14
        order = _read_order(row(one, 14 if adopted else 13))
        number = own_number(order.client_order_id) or 0
        if isinstance(one[0], int):
            newest, before = one[0], newest
            if not before < newest < store._next:
                raise wrong("number", newest, f"above {before} and below the next, {store._next}")
        elif number > newest or number >= store._next or one[0] in store.orders:
            raise wrong("name", one[0], "one that no number stands for, given once")
        by_ref[one[0]] = store.orders[order.client_order_id] = order
        if order.order_id is not None:
            if order.order_id in store.by_order_id:
                raise wrong("order_id", order.order_id, "the id of one order only")
            store.by_order_id[order.order_id] = order
        if order.state not in TERMINAL:
            store.live.setdefault(order.symbol, {})[order.client_order_id] = order

    items(told, "orders", read)
    return by_ref


def _read_order(one: list[Any]) -> Order:
    ref = one[0]
    order = Order(
        text(ref, "name") if isinstance(ref, str) else own_name(count(ref, "number", 1)),
        text(one[1], "symbol"),
        one_of(one[2], SIDES, "side"),
        1,  # the constructor takes human numbers; the exact ones follow
        1,
        one_of(one[5], _STATES, "state"),
        optional(one[6], "order_id", text),
        message=optional(one[12], "message", text),
    )
    order.qty_e9 = number(one[3], "qty", 1)
    order.price_e9 = number(one[4], "price", 1)
    order.filled_e9 = number(one[7], "filled", 0)
    order.cost_e18 = number(one[8], "cost", 0)
    order.late_e9 = number(one[9], "late", 0)
    order.created_ns = number(one[10], "created_ns")
    order.updated_ns = number(one[11], "updated_ns")
    if len(one) == 14:
        order.adopted_e9 = number(one[13], "adopted")
        if not order.adopted_e9:
            raise wrong("adopted", "0", "what is left unsaid")
    if not _can_be(order):
        raise wrong("state", order.state.value, f"what {order!r} late {order.late_e9} can be in")
    return order


def _can_be(order: Order) -> bool:
    """Whether an order that only the fold has moved can be in its state as it is."""
    filled, qty, late = order.filled_e9, order.qty_e9, order.late_e9
    unnamed = order.state is PENDING or order.state is REJECTED
    if unnamed is not (order.order_id is None) or (late and order.state is not CANCELED):
        return False
    if unnamed or order.state is OPEN:
        return filled == 0
    if order.state is FILLED:
        return filled == qty
    return filled + late <= qty and (0 if order.state is PARTIALLY_FILLED else -1) < filled < qty


def _ref(value: Any, what: str) -> Ref:
    return value if isinstance(value, str) else count(value, what)


def _read_ended(told: Any, store: InMemoryOrderStore, by_ref: dict[Ref, Order]) -> None:
    """File ended orders by state and symbol, and in the order in which they will be retired."""
    waiting = {ref: order for ref, order in by_ref.items() if order.state in TERMINAL}
    if store.retain is not None and len(waiting) > store.retain:
        raise wrong("ended orders", len(waiting), f"at most {store.retain}, which are retained")

    def read(one: Any) -> None:
        order = waiting.pop(_ref(one, "number"), None)
        if order is None:
            raise wrong("number", one, "that of an ended order, named once")
        store._ended[order.state].setdefault(order.symbol, deque()).append(order)
        if store.retain is not None:
            store._newest_ended.append(order)

    items(told, "ended", read)
    for order in waiting.values():
        raise ContractError(f"ended lacks {order.client_order_id}, which has ended")


def _read_fills(told: Any, store: InMemoryOrderStore, by_ref: dict[Ref, Order]) -> None:
    """The fills of the orders that are kept; together they are what these have filled."""
    missing = {ref: [booked_e9(order), order.cost_e18] for ref, order in by_ref.items()}

    def read(one: Any) -> tuple[str, tuple[Order, int, int]]:
        fill_id, of, qty_text, price_text = row(one, 4)
        order = by_ref.get(_ref(of, "order number"))
        if order is None:
            raise wrong("order number", of, "that of an order which is kept")
        qty, price = number(qty_text, "qty", 1), number(price_text, "price", 1)
        missing[of][0] -= qty
        missing[of][1] -= qty * price
        return text(fill_id, "fill id"), (order, qty, price)

    store._fills = unique(items(told, "fills", read), "fill id")
    if store.retain is not None:
        for fill_id, (order, _, _) in store._fills.items():
            store._fills_of.setdefault(order.client_order_id, []).append(fill_id)
    for of, (qty, cost) in missing.items():
        if qty or cost:
            name = by_ref[of].client_order_id
            raise ContractError(
                f"the fills of {name} are {qty} at a cost of {cost} short of what it filled"
            )


def _read_retired(told: Any) -> RetiredOrders:
    keys(told, _RETIRED, "retired")
    retired = RetiredOrders()
    counts = keys(told["counts"], [state.value for state in _ENDS], "retired counts")
    for state in _ENDS:
        retired.counts[state] = count(counts[state.value], f"retired {state.value}")
        retired.orders += retired.counts[state]
    retired.fills = count(told["fills"], "retired fills")
    sums = read_sums(told["sums"], "retired sums")
    retired.filled_e9 = {key: filled for key, (filled, _) in sums.items()}
    retired.cost_e18 = {key: cost for key, (_, cost) in sums.items()}
    return retired


def read_sums(told: Any, what: str) -> dict[tuple[str, Side], list[int]]:
    """Quantity and cost by symbol and side, as they are told of retired and of outside fills."""

    def read(one: Any) -> tuple[tuple[str, Side], list[int]]:
        symbol, side, qty, cost = row(one, 4)
        key = (text(symbol, "symbol"), one_of(side, SIDES, "side"))
        return key, [number(qty, "qty", 1), number(cost, "cost", 1)]

    return unique(items(told, what, read), what)
