"""Conservation laws: what must add up whenever a report is made.

Each law compares two accounts of the same fact that were kept apart: orders with the ledger, the
ledger with its own lots, both with the exchange, the counters with the recorded events. A report
whose laws do not hold is never handed out as a success.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..adoptions import Adoptions
from ..connectivity import Connectivity
from ..core.contracts_v1 import (
    BUY, SELL, Approved, Entry, Executed, FeedLost, FeedStale, Fill, FillAdopted, FillRefused,
    Frozen, FundingPaid, GapDetected, IntentRefused, LateFill, OrderAccepted, OrderAdopted,
    OrderCanceled, OrderRejected, ResyncFinished, ResyncStarted, Side, Unfrozen,
)  # fmt: skip
from ..core.errors import InvariantBroken
from ..core.market_v1 import MARKET_FACTS
from ..core.order import CANCELED, FILLED, OPEN, PARTIALLY_FILLED, REJECTED, Order, OrderState
from ..core.record import record
from ..order_store import InMemoryOrderStore
from ..portfolio.ledger import Ledger
from ..risk_monitor import RuntimeRiskMonitor

LAWS = (
    "cash",
    "lots",
    "fills_are_positions",
    "exchange_positions",
    "orders_balance",
    "order_quantities",
    "reservations",
    "frozen_is_quiet",
)
# These need the recorded line, and are checked as well when there is one.
LAWS_OF_THE_LINE = ("counters_are_events", "nothing_after_the_end")

Sums = dict[tuple[str, Side], int]


@record
class Violation:
    """A law that does not hold, and the two sides that differ."""

    law: str
    detail: str


class LawsBroken(InvariantBroken):
    """The books do not add up; `violations` says where."""

    def __init__(self, violations: list[Violation]) -> None:
        self.violations = violations
        shown = "; ".join(f"{found.law}: {found.detail}" for found in violations[:3])
        super().__init__(f"{len(violations)} conservation law(s) broken: {shown}")


def check(
    *,
    store: InMemoryOrderStore,
    monitor: RuntimeRiskMonitor,
    stats: dict[str, int],
    unresolved: dict[str, str],
    refused_fills: int,
    duplicate_fills: int,
    exchange_moved: dict[str, int],
    held_before: dict[str, int],
    entries: Iterable[Entry] | None,
    in_doubt: Iterable[Order] = (),
    adoptions: Adoptions | None = None,
    feed: Connectivity | None = None,
) -> list[Violation]:
    """Every violation, in the order of the laws; an empty list means that the books add up."""
    orders = _OrderSums(store)
    adopted = Adoptions() if adoptions is None else adoptions
    found = [
        *_cash(monitor.ledger),
        *_lots(monitor.ledger),
        *_fills_are_positions(orders, monitor, adopted),
        *_exchange_positions(monitor.ledger, exchange_moved, held_before, in_doubt),
        *_orders_balance(store, stats, adopted),
        *orders.violations,
        *_reservations(orders, monitor),
        *_frozen_is_quiet(store, monitor, unresolved),
    ]
    if entries is not None:
        fundings: int = sum(held.fundings for held in monitor.ledger.holdings.values())
        feed_counts = (Connectivity() if feed is None else feed).counts()
        counters = {**stats, **feed_counts, "fundings": fundings}
        found += _events(entries, counters, refused_fills, duplicate_fills)
    return found


class _OrderSums:
    """One pass over the orders: what they filled and still may, by symbol and side."""

    def __init__(self, store: InMemoryOrderStore) -> None:
        self.filled: Sums = dict(store.retired.filled_e9)
        self.cost: Sums = dict(store.retired.cost_e18)
        self.leaves: Sums = {}
        self.violations: list[Violation] = []
        for state in OrderState:
            for symbol, orders in store.by_symbol(state):
                self._add(state, symbol, orders)
        for order in store.live_orders():
            _put(self.leaves, (order.symbol, order.side_of), order.leaves_e9)

    def _add(self, state: OrderState, symbol: str, orders: Iterable[Order]) -> None:
        """Sum one bucket; what is neither untouched nor filled whole is looked at closely."""
        complete = state is FILLED
        bought = bought_e18 = sold = sold_e18 = 0
        for order in orders:
            done = order.filled_e9
            if done != (order.qty_e9 if complete else 0) or order.late_e9 or order.adopted_e9:
                self._look_closely(state, order)
                done += order.late_e9 - order.adopted_e9
            if done:
                if order.side_of is BUY:
                    bought += done
                    bought_e18 += order.cost_e18
                else:
                    sold += done
                    sold_e18 += order.cost_e18
        _put(self.filled, (symbol, BUY), bought)
        _put(self.cost, (symbol, BUY), bought_e18)
        _put(self.filled, (symbol, SELL), sold)
        _put(self.cost, (symbol, SELL), sold_e18)

    def _look_closely(self, state: OrderState, order: Order) -> None:
        filled, qty = order.filled_e9, order.qty_e9
        if state is FILLED:
            right = filled == qty
        elif state is PARTIALLY_FILLED:
            right = 0 < filled < qty
        elif state is CANCELED:
            right = 0 <= filled < qty
        else:
            right = filled == 0
        if not right or filled + order.late_e9 > qty:
            self.violations.append(_wrong_quantity(order))


def _put(sums: Sums, key: tuple[str, Side], amount: int) -> None:
    sums[key] = sums.get(key, 0) + amount


def _wrong_quantity(order: Order) -> Violation:
    filled = f"{order.filled_e9} and late {order.late_e9} of {order.qty_e9}"
    what = f"{order.client_order_id} is {order.state.value} with {filled}"
    return Violation("order_quantities", what)


def _cash(ledger: Ledger) -> Iterator[Violation]:
    """Cash is what was sold less what was bought, and also profit less cost; each less charges.

    What was adopted is in the profit or the cost at what it was worth then, and cost no cash.
    """
    for symbol in sorted(ledger.holdings):
        held = ledger.holdings[symbol]
        charged = held.fees_e18 - held.funding_e18
        traded = held.sold_e18 - held.bought_e18 - charged
        earned = held.realised_e18 - held.cost_e18 - charged + held.adopted_e18
        if not held.cash_e18 == traded == earned:
            yield Violation("cash", f"{symbol}: {held.cash_e18}, {traded}, {earned}")


def _lots(ledger: Ledger) -> Iterator[Violation]:
    """The lots are the position, and cost what the ledger says."""
    for symbol in sorted(ledger.holdings):
        held = ledger.holdings[symbol]
        qty = cost = 0
        for lot_qty, lot_price in held.lots:
            qty += lot_qty
            cost += lot_qty * lot_price
        if (qty, cost) != (held.qty, held.cost_e18):
            yield Violation("lots", f"{symbol}: lots {qty} at {cost}, position {held.qty}")


def _fills_are_positions(
    orders: _OrderSums, monitor: RuntimeRiskMonitor, adoptions: Adoptions
) -> Iterator[Violation]:
    """What orders filled, plus what came from outside, is what the ledger bought and sold.

    That, and what was adopted, is the position.
    """
    for symbol in sorted(monitor.ledger.holdings):
        held = monitor.ledger.holdings[symbol]
        booked = {BUY: (held.bought, held.bought_e18), SELL: (held.sold, held.sold_e18)}
        for side in (BUY, SELL):
            key = (symbol, side)
            qty, cost = monitor.outside_fills.get(key, (0, 0))
            filled = (orders.filled.get(key, 0) + qty, orders.cost.get(key, 0) + cost)
            if filled != booked[side]:
                yield Violation(
                    "fills_are_positions",
                    f"{symbol} {side.value}: orders {filled}, ledger {booked[side]}",
                )
        adopted = adoptions.positions.get(symbol, 0)
        if not held.qty - held.bought + held.sold == held.adopted == adopted:
            yield Violation("fills_are_positions", f"{symbol}: position {held.qty}")


def _exchange_positions(
    ledger: Ledger,
    exchange_moved: dict[str, int],
    held_before: dict[str, int],
    in_doubt: Iterable[Order],
) -> Iterator[Violation]:
    """The exchange's positions moved by as much as ours, but for what an order in doubt may do."""
    may: Sums = {}
    for order in in_doubt:
        key = (order.symbol, order.side_of)
        may[key] = may.get(key, 0) + order.qty_e9
    for symbol in sorted({*ledger.holdings, *exchange_moved}):
        ours = ledger.qty(symbol) - held_before.get(symbol, 0)
        theirs = exchange_moved.get(symbol, 0)
        if not -may.get((symbol, SELL), 0) <= theirs - ours <= may.get((symbol, BUY), 0):
            yield Violation("exchange_positions", f"{symbol}: ours {ours}, exchange {theirs}")


def _orders_balance(
    store: InMemoryOrderStore, stats: dict[str, int], adoptions: Adoptions
) -> Iterator[Violation]:
    """Placed and adopted orders are filled, canceled or open; nothing is lost between them."""
    working = store.count(OPEN) + store.count(PARTIALLY_FILLED)
    ended = store.count(FILLED) + store.count(CANCELED)
    if stats["orders_placed"] + adoptions.unplaced != ended + working:
        what = f"placed {stats['orders_placed']}, but {ended} ended and {working} are open"
        yield Violation("orders_balance", what)
    for name, counted in (
        ("orders_canceled", store.count(CANCELED) - adoptions.canceled),
        ("orders_rejected", store.count(REJECTED)),
        ("orders_filled", store.fill_count()),
    ):
        if stats[name] != counted:
            yield Violation("orders_balance", f"{name} {stats[name]}, in the store {counted}")


def _reservations(orders: _OrderSums, monitor: RuntimeRiskMonitor) -> Iterator[Violation]:
    """The gate has set aside exactly what open orders can still trade."""
    for symbol in sorted(monitor.exposures):
        exposure = monitor.exposures[symbol]
        for side, reserved in ((BUY, exposure.buys), (SELL, exposure.sells)):
            leaves = orders.leaves.get((symbol, side), 0)
            if reserved != leaves:
                what = f"{symbol} {side.value}: reserved {reserved}, open {leaves}"
                yield Violation("reservations", what)


def _frozen_is_quiet(
    store: InMemoryOrderStore, monitor: RuntimeRiskMonitor, unresolved: dict[str, str]
) -> Iterator[Violation]:
    """While frozen no order may trade but those whose cancel the exchange did not confirm.

    Nor may one of a symbol whose market is not to be used.
    """
    exposures = monitor.exposures
    if not monitor.frozen and not any(one.stale for one in exposures.values()):
        return
    for order in store.live_orders():
        if not monitor.frozen and not exposures[order.symbol].stale:
            continue
        if (order.order_id or order.client_order_id) not in unresolved:
            still = f"{order.client_order_id} is still {order.state.value}"
            yield Violation("frozen_is_quiet", still)


class _Counted:
    """What the recorded events say happened, order by order."""

    def __init__(self) -> None:
        self.by_class: dict[type, int] = {}
        self.violations: list[Violation] = []
        self._frozen = False
        self._stale: dict[str, str] = {}
        self._sent_frozen: dict[str, Entry] = {}
        self._client_of: dict[str, str] = {}
        self._leaves: dict[str, int] = {}
        self._ended: dict[str, str] = {}
        self._fills: dict[str, None] = {}
        self._late: dict[str, Entry] = {}
        self.idle_cancels = 0  # of what had ended already, or was never ours

    def add(self, entry: Entry) -> None:
        event = entry.event
        kind = event.__class__
        self.by_class[kind] = self.by_class.get(kind, 0) + 1
        if isinstance(event, (Frozen, Unfrozen)):
            self._frozen = isinstance(event, Frozen)
        elif isinstance(event, Approved):
            self._leaves[event.client_order_id] = event.qty_e9
            if self._frozen:
                self._sent_frozen[event.client_order_id] = entry
            if event.symbol in self._stale:
                what = f"{event.client_order_id} sent behind {self._stale[event.symbol]}"
                self._report("frozen_is_quiet", entry, what)
        elif isinstance(event, OrderAccepted):
            self._client_of[event.order_id] = event.client_order_id
            self._alive(entry, event.client_order_id)
        elif isinstance(event, OrderRejected):
            self._sent_frozen.pop(event.client_order_id, None)  # it was withheld
            self._end(entry, event.client_order_id)
        elif isinstance(event, OrderCanceled):
            self._canceled(entry, event)
        elif isinstance(event, (Fill, Executed)):
            self._fill(entry, event)
        elif isinstance(event, (LateFill, FillRefused)):
            self._late.pop(event.fill_id, None)
        elif isinstance(event, OrderAdopted):
            self._adopted(event)
        elif isinstance(event, FillAdopted):
            self._fills[event.fill_id] = None
        elif isinstance(event, ResyncFinished):
            self._stale.pop(event.symbol, None)
        elif isinstance(event, MARKET_FACTS):
            self._stale.setdefault(event.symbol, event.kind)

    def _fill(self, entry: Entry, fill: Fill | Executed) -> None:
        """A first report uses up the order; after its end it must be called late or be refused."""
        if fill.fill_id in self._fills:
            return
        self._fills[fill.fill_id] = None
        client_order_id = self._client_of.get(fill.order_id, fill.order_id)
        if client_order_id in self._ended:
            self._late[fill.fill_id] = entry
            return
        left = self._leaves.get(client_order_id, 0) - fill.qty
        self._leaves[client_order_id] = left
        if left == 0:
            self._ended[client_order_id] = fill.kind

    def _canceled(self, entry: Entry, event: OrderCanceled) -> None:
        """A cancel that no command of ours led to may be of anything that the exchange held."""
        client_order_id = self._client_of.get(event.order_id)
        if not entry.cause and (client_order_id is None or client_order_id in self._ended):
            self.idle_cancels += 1
        else:
            self._end(entry, client_order_id or event.order_id)

    def _adopted(self, event: OrderAdopted) -> None:
        """From here on it is as the exchange had it."""
        self._client_of[event.order_id] = event.client_order_id
        self._leaves[event.client_order_id] = event.qty - event.filled
        if event.state in (FILLED, CANCELED):
            self._ended[event.client_order_id] = event.kind

    def close(self) -> list[Violation]:
        """Everything found, once the last event is counted."""
        for client_order_id, entry in self._sent_frozen.items():
            self._report("frozen_is_quiet", entry, f"{client_order_id} sent while frozen")
        for fill_id, entry in self._late.items():
            self._report("nothing_after_the_end", entry, f"fill {fill_id} of an ended order")
        return self.violations

    def _alive(self, entry: Entry, client_order_id: str) -> None:
        if client_order_id in self._ended:
            before = self._ended[client_order_id]
            self._report("nothing_after_the_end", entry, f"{client_order_id} had {before}")

    def _end(self, entry: Entry, client_order_id: str) -> None:
        self._alive(entry, client_order_id)
        self._ended[client_order_id] = entry.event.kind

    def _report(self, law: str, entry: Entry, detail: str) -> None:
        self.violations.append(Violation(law, f"at seq {entry.seq}: {detail}"))


def _events(
    entries: Iterable[Entry], counters: dict[str, int], refused_fills: int, duplicate_fills: int
) -> list[Violation]:
    """The counters of the report are the counts of the events."""
    counted = _Counted()
    for entry in entries:
        counted.add(entry)
    by_class = counted.by_class.get
    reported = by_class(Fill, 0) + by_class(Executed, 0)
    booked = reported - by_class(FillRefused, 0) - duplicate_fills
    found = []
    for name, events in (
        ("orders_placed", by_class(OrderAccepted, 0)),
        ("orders_rejected", by_class(OrderRejected, 0)),
        ("orders_canceled", by_class(OrderCanceled, 0) - counted.idle_cancels),
        ("orders_filled", booked),
        ("risk_blocks", by_class(IntentRefused, 0)),
        ("freeze_events", by_class(Frozen, 0)),
        ("gaps", by_class(GapDetected, 0)),
        ("resyncs_started", by_class(ResyncStarted, 0)),
        ("resyncs_finished", by_class(ResyncFinished, 0)),
        ("losses", by_class(FeedLost, 0)),
        ("silences", by_class(FeedStale, 0)),
        ("fundings", by_class(FundingPaid, 0)),
    ):
        if counters[name] != events:
            what = f"{name} {counters[name]}, events {events}"
            found.append(Violation("counters_are_events", what))
    if refused_fills != by_class(FillRefused, 0):
        found.append(Violation("counters_are_events", f"refused fills {refused_fills}"))
    return found + counted.close()
