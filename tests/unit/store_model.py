"""A naive order store: one list, no index, nothing forgotten. The real one must answer alike.

It keeps every order for ever and computes each answer from the whole list; with a retention it
says which orders the real store still has and what the sums of the others must be.
"""

from __future__ import annotations

from typing import Any

from tools.live.core.contracts_v1 import Side
from tools.live.order_store import InMemoryOrderStore, Order, OrderState

# Written out again, so that a slip in the product's table is seen here.
LEGAL = {
    "pending": ("open", "partially_filled", "filled", "canceled", "rejected"),
    "open": ("partially_filled", "filled", "canceled", "rejected"),
    "partially_filled": ("partially_filled", "filled", "canceled"),
    "filled": (),
    "canceled": (),
    "rejected": (),
}
KEPT = (
    "client_order_id", "symbol", "side_of", "qty_e9", "price_e9", "state", "order_id", "filled_e9",
    "cost_e18", "late_e9", "created_ns", "updated_ns", "message",
)  # fmt: skip
FILL_IDS = tuple(f"F{number}" for number in range(12))
ORDER_IDS = tuple(f"ORD{number:06d}" for number in range(8))


class ModelOrder:
    """One order as plain attributes."""

    def __init__(
        self, number: int, symbol: str, side: Side, qty: int, price: int, ns: int
    ) -> None:
        self.client_order_id = f"CLI{number:08d}"
        self.symbol, self.side_of, self.qty_e9, self.price_e9 = symbol, side, qty, price
        self.state = OrderState.PENDING
        self.order_id: str | None = None
        self.filled_e9 = self.cost_e18 = self.late_e9 = 0
        self.created_ns = self.updated_ns = ns
        self.message: str | None = None
        self.fills: dict[str, tuple[int, int]] = {}

    @property
    def is_live(self) -> bool:
        return bool(LEGAL[self.state.value])

    @property
    def is_open(self) -> bool:
        return self.state.value in ("open", "partially_filled")


class ModelStore:
    """Answers every question by looking through everything; refuses by name."""

    def __init__(self, retain: int | None) -> None:
        self.retain = retain
        self.orders: list[ModelOrder] = []
        self.ended: list[ModelOrder] = []

    def retired(self) -> list[ModelOrder]:
        return [] if self.retain is None else self.ended[: max(0, len(self.ended) - self.retain)]

    def kept(self) -> list[ModelOrder]:
        retired = self.retired()
        return [order for order in self.orders if order not in retired]

    def create(self, symbol: str, side: Side, qty: int, price: int, ns: int) -> str:
        self.orders.append(ModelOrder(len(self.orders) + 1, symbol, side, qty, price, ns))
        return "done"

    def move(
        self, order: ModelOrder, state: str, ns: int, order_id: str | None, message: str | None
    ) -> str:
        if state not in LEGAL[order.state.value]:
            return "IllegalTransition"
        if order_id is not None and order_id != order.order_id:
            taken = [other for other in self.kept() if other.order_id == order_id]
            if taken or order.order_id is not None:
                return "ContractError"
            order.order_id = order_id
        order.message = order.message if message is None else message
        self._enter(order, state, ns)
        return "done"

    def accept(self, order: ModelOrder, order_id: str, ns: int) -> str:
        if [other for other in self.kept() if other.order_id == order_id]:
            return "ContractError"
        if order.state is not OrderState.PENDING:
            return "IllegalTransition"
        order.order_id = order_id
        self._enter(order, "open", ns)
        return "done"

    def fill(self, order: ModelOrder, fill_id: str, qty: int, price: int, ns: int) -> str:
        for other in self.kept():
            if fill_id in other.fills:
                same = other is order and other.fills[fill_id] == (qty, price)
                return "duplicate" if same else "FillConflict"
        if order.filled_e9 + order.late_e9 + qty > order.qty_e9:
            return "Overfill"
        order.fills[fill_id] = (qty, price)
        order.cost_e18 += qty * price
        if not order.is_live:
            order.late_e9 += qty
            order.updated_ns = ns
            return "late"
        self._filled_to(order, order.filled_e9 + qty, ns)
        return "applied"

    def update_fill(self, order: ModelOrder, filled: int, average: int, ns: int) -> str:
        if (filled, filled * average) == (order.filled_e9, order.cost_e18):
            return "done"
        if filled <= order.filled_e9:
            return "FillConflict"
        if filled > order.qty_e9:
            return "Overfill"
        if not order.is_live:
            return "IllegalTransition"
        order.cost_e18 = filled * average
        self._filled_to(order, filled, ns)
        return "done"

    def _filled_to(self, order: ModelOrder, filled: int, ns: int) -> None:
        order.filled_e9 = filled
        self._enter(order, "filled" if filled == order.qty_e9 else "partially_filled", ns)

    def _enter(self, order: ModelOrder, state: str, ns: int) -> None:
        order.state, order.updated_ns = OrderState(state), ns
        if not order.is_live:
            self.ended.append(order)


def numbers(order: Order | ModelOrder) -> list[Any]:
    """Everything that the two kinds of order have in common."""
    return [getattr(order, name) for name in KEPT]


def ids(orders: list[Order] | list[ModelOrder]) -> list[str]:
    return [order.client_order_id for order in orders]


def assert_alike(store: InMemoryOrderStore, model: ModelStore, symbols: tuple[str, ...]) -> None:
    """Every question that can be asked gets the same answer from both."""
    kept, retired = model.kept(), model.retired()
    live = [order for order in kept if order.is_live]
    assert [numbers(order) for order in store.get_all()] == [numbers(order) for order in kept]
    assert ids(store.get_open_orders()) == ids([order for order in kept if order.is_open])
    assert ids(store.live_orders()) == ids(live)
    assert store.has_live() is bool(live)
    for state in OrderState:
        assert ids(store.get_by_state(state)) == ids([o for o in kept if o.state is state]), state
        assert store.count(state) == len([o for o in model.orders if o.state is state]), state
        groups: dict[str, list[str]] = {}
        for symbol, group in store.by_symbol(state):
            groups.setdefault(symbol, []).extend(ids(list(group)))
        for symbol in symbols:
            wanted = ids([o for o in kept if o.state is state and o.symbol == symbol])
            assert sorted(groups.get(symbol, [])) == wanted, (state, symbol)
    for symbol in symbols:
        assert ids(store.get_by_symbol(symbol)) == ids([o for o in kept if o.symbol == symbol])
        of_symbol = [order for order in live if order.symbol == symbol]
        assert ids(store.live_orders(symbol)) == ids(of_symbol)
        assert store.has_live(symbol) is bool(of_symbol)
    for order in model.orders:
        found = store.get(order.client_order_id)
        assert (found is None) is (order in retired), order.client_order_id
    for order_id in ORDER_IDS:
        bound = [order for order in kept if order.order_id == order_id]
        known = store.get_by_order_id(order_id)
        assert ([] if known is None else ids([known])) == ids(bound), order_id
    shown = store.to_dict()
    assert (shown["count"], len(shown["orders"])) == (len(kept), len(kept))
    assert shown["count_by_state"] == store.count_by_state()
    assert store.fill_count() == sum(len(order.fills) for order in model.orders)
    assert_sums(store, retired)


def assert_sums(store: InMemoryOrderStore, retired: list[ModelOrder]) -> None:
    """What the store no longer keeps is in its sums, by symbol and side."""
    assert store.retired.orders == len(retired)
    assert store.retired.fills == sum(len(order.fills) for order in retired)
    filled: dict[tuple[str, Side], int] = {}
    cost: dict[tuple[str, Side], int] = {}
    for order in retired:
        key = (order.symbol, order.side_of)
        filled[key] = filled.get(key, 0) + order.filled_e9 + order.late_e9
        cost[key] = cost.get(key, 0) + order.cost_e18
    traded = [key for key in filled if filled[key]]  # what never traded has no sums
    assert store.retired.filled_e9 == {key: filled[key] for key in traded}
    assert store.retired.cost_e18 == {key: cost[key] for key in traded}
    ended = [state for state in OrderState if not LEGAL[state.value]]
    counts = {state: len([o for o in retired if o.state is state]) for state in ended}
    assert store.retired.counts == counts


def an_order_in(store: InMemoryOrderStore, state: OrderState) -> Order:
    """An order of quantity 4 at 100, led into a state by the published methods."""
    order = store.create("BTCUSDT", "Buy", 4, 100, 1000)
    key = order.client_order_id
    if state is OrderState.REJECTED:
        store.update_state(key, state, 1001, message="no")
    elif state is not OrderState.PENDING:
        store.update_state(key, OrderState.OPEN, 1001, order_id="ORD000001")
    if state is OrderState.PARTIALLY_FILLED:
        store.update_fill(key, 1, 100, 1002)
    elif state is OrderState.FILLED:
        store.update_fill(key, 4, 100, 1002)
    elif state is OrderState.CANCELED:
        store.update_state(key, state, 1002)
    assert order.state is state
    return order


def picture(store: InMemoryOrderStore) -> dict[str, Any]:
    """Everything that can be asked of a store, and every number of its orders."""
    return {
        "orders": [numbers(order) for order in store.get_all()],
        "states": {state: ids(store.get_by_state(state)) for state in OrderState},
        "open": ids(store.get_open_orders()),
        "live": ids(store.live_orders()),
        "by_symbol": ids(store.get_by_symbol("BTCUSDT")),
        "by_order_id": {
            key: getattr(store.get_by_order_id(key), "client_order_id", None)
            for key in ("ORD000001", "ORD000002", "ORD000009")
        },
        "dict": store.to_dict(),
        "fills": store.fill_count(),
        "retired": store.retired.orders,
    }
