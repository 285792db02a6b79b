"""What must add up between the parts of a fold: the orders, the ledger, the gate, the counters.

The parts have been read one by one and are right in themselves. A state in which they disagree is
none that a run was ever in.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..adoptions import booked_e9
from ..core.contracts_v1 import BUY, SELL, Side
from ..core.errors import ContractError
from ..core.order import CANCELED, FILLED, REJECTED
from ..fold import Fold

_Sums = dict[tuple[str, Side], list[int]]


def check_books(fold: Fold) -> None:
    """ContractError at the first two accounts of one fact that differ."""
    for what, one, other in (*_of_counters(fold), *_of_positions(fold), *_of_open_orders(fold)):
        if one != other:
            raise ContractError(f"{what}: {one} on one side, {other} on the other")
    monitor, stats = fold.monitor, fold.stats
    for what, part, whole in (
        ("stats risk_blocks", stats["risk_blocks"], monitor.blocks_total),
        ("stats freeze_events", stats["freeze_events"], monitor.freezes_total),
        ("carried_out", fold._carried_out, monitor.freezes_total),
        ("stats orders_filled", stats["orders_filled"], _trades(fold)),
    ):
        if part > whole:
            raise ContractError(f"{what} is {part}, of {whole} in all")


def _of_counters(fold: Fold) -> Iterator[tuple[str, object, object]]:
    store, monitor, stats = fold.store, fold.monitor, fold.stats
    live = [order for orders in store.live.values() for order in orders.values()]
    accepted = len([order for order in live if order.order_id is not None])
    ended = store.count(FILLED) + store.count(CANCELED)
    adopted = fold.adoptions
    yield "orders that were accepted", ended + accepted, stats["orders_placed"] + adopted.unplaced
    yield "orders_canceled", store.count(CANCELED), stats["orders_canceled"] + adopted.canceled
    yield "orders_rejected", store.count(REJECTED), stats["orders_rejected"]
    yield "orders_filled", store.fill_count(), stats["orders_filled"]
    if not monitor.outside_fills:
        yield "trades", _trades(fold), stats["orders_filled"]
    acknowledged: int = sum(fold.ack_ns.values())
    yield "acknowledgements", acknowledged, stats["orders_placed"]
    refused: int = sum(monitor.refusals.values())
    yield "refusals", refused, monitor.blocks_total
    causes = (monitor.first_freeze is None, monitor.last_freeze is None)
    yield "causes of the freeze", *causes
    if monitor.frozen:
        yield "frozen without a cause", causes[0], False


def _trades(fold: Fold) -> int:
    holdings = fold.monitor.ledger.holdings.values()
    return sum(held.maker_fills + held.taker_fills for held in holdings)


def _of_positions(fold: Fold) -> Iterator[tuple[str, object, object]]:
    """What orders filled, plus what came from outside, is what the ledger has traded."""
    filled: _Sums = {}
    retired = fold.store.retired
    for key, qty in retired.filled_e9.items():
        _add(filled, key, qty, retired.cost_e18[key])
    for key, (qty, cost) in fold.monitor.outside_fills.items():
        _add(filled, key, qty, cost)
    for order in fold.store.orders.values():
        if order.cost_e18:
            key = (order.symbol, order.side_of)
            _add(filled, key, booked_e9(order), order.cost_e18)
    for symbol, held in fold.monitor.ledger.holdings.items():
        for side, traded in (
            (BUY, [held.bought, held.bought_e18]), (SELL, [held.sold, held.sold_e18]),
        ):  # fmt: skip
            yield f"{side.value} fills of {symbol}", filled.pop((symbol, side), [0, 0]), traded
        adopted = fold.adoptions.positions.get(symbol, 0)
        yield f"adopted quantity of {symbol}", adopted, held.adopted
    unheld = [one for one in fold.adoptions.positions if one not in fold.monitor.ledger.holdings]
    yield "fills of symbols that nobody holds", [*filled, *unheld], []


def _of_open_orders(fold: Fold) -> Iterator[tuple[str, object, object]]:
    """The gate has set aside exactly what open orders can still trade."""
    leaves: _Sums = {}
    for orders in fold.store.live.values():
        for order in orders.values():
            _add(leaves, (order.symbol, order.side_of), order.leaves_e9, 0)
    for symbol, exposure in fold.monitor.exposures.items():
        for side, reserved in ((BUY, exposure.buys), (SELL, exposure.sells)):
            still_open = leaves.pop((symbol, side), [0, 0])[0]
            yield f"open {side.value} orders of {symbol}", still_open, reserved
    yield "open orders without an exposure", list(leaves), []


def _add(sums: _Sums, key: tuple[str, Side], qty: int, cost: int) -> None:
    found = sums.setdefault(key, [0, 0])
    found[0] += qty
    found[1] += cost
