"""The published door: `reconcile_orders_fills_positions`, one call with one small report.

It works on what an order store alone knows. Positions are the sums of its fills, so it is for a
run that began flat. Nothing is changed and nothing is halted; that is `ready_or_halted`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..core.clock import NS_PER_MS
from ..core.contracts_v1 import BUY
from ..core.errors import ContractError, LiveError
from ..core.money import Number, bps_e9, fee_e18, not_negative_e9, to_e9, view, view_cash
from ..core.record import record
from ..exchange import IExchangeClient
from ..order_store import InMemoryOrderStore
from ..portfolio.ledger import Ledger
from .reconcile_facts import Unanswered, VenueState
from .reconcile_orders import pair_rows
from .reconcile_venue import local_state, observe


@record
class ReconReport:
    """What differs, in human numbers; `position_deltas` is the exchange's minus ours."""

    timestamp_ms: int
    symbols: list[str]
    orders_local_only: list[str]
    orders_remote_only: list[str]
    position_deltas: dict[str, float]
    fees_report: dict[str, float | int] | None
    divergence_count: int


class FeeSchedule:
    """What a venue charges makers and takers, and pays makers, in basis points of the notional."""

    def __init__(
        self, maker_bps: Number = 0, taker_bps: Number = 0, maker_rebate_bps: Number = 0
    ) -> None:
        self.maker_bps_e9 = to_e9(maker_bps, "maker_bps")
        self.taker_bps_e9 = to_e9(taker_bps, "taker_bps")
        self.maker_rebate_bps_e9 = not_negative_e9(maker_rebate_bps, "maker_rebate_bps")


def reconcile_orders_fills_positions(
    exchange: IExchangeClient,
    store: InMemoryOrderStore,
    clock: Callable[[], int],
    symbols: Sequence[str],
    fee_schedule: FeeSchedule | None,
) -> ReconReport:
    """Hold the store's orders and fills against the exchange; `clock` gives milliseconds.

    An exchange that does not answer is a LiveError, never a report of an empty exchange.
    """
    if isinstance(symbols, str):
        raise ContractError(f"symbols {symbols!r} is one text; give a list of symbols")
    wanted = sorted(set(symbols))
    now_ms = clock()
    venue = observe(exchange, now_ms * NS_PER_MS)
    if isinstance(venue.orders, Unanswered) or isinstance(venue.positions, Unanswered):
        silent = [part for part in (venue.orders, venue.positions) if isinstance(part, Unanswered)]
        raise LiveError(f"the exchange did not answer: {silent[0].why}; reconcile again")
    ours = local_state(store, Ledger(), venue).orders
    paired, strangers = pair_rows(ours, venue.orders)
    local_only = [
        order.client_order_id
        for order in ours
        if order.symbol in wanted and not order.ended and order.client_order_id not in paired
    ]
    ended = [paired[one.client_order_id] for one in ours if one.ended and one.client_order_id in
             paired]  # fmt: skip
    remote_only = sorted(row.order_id for row in strangers + ended if row.symbol in wanted)
    held = _net_fills(store)
    deltas = {
        symbol: view(venue.positions.get(symbol, 0) - held.get(symbol, 0))
        for symbol in wanted
        if venue.positions.get(symbol, 0) != held.get(symbol, 0)
    }
    fees = None if fee_schedule is None else _fees(store, venue, wanted, fee_schedule)
    count = len(local_only) + len(remote_only) + len(deltas)
    return ReconReport(now_ms, wanted, local_only, remote_only, deltas, fees, count)


def _net_fills(store: InMemoryOrderStore) -> dict[str, int]:
    """Signed filled quantity by symbol, of all orders that ever were."""
    net: dict[str, int] = {}
    for (symbol, side), filled in store.retired.filled_e9.items():
        net[symbol] = net.get(symbol, 0) + (filled if side is BUY else -filled)
    for order in store.orders.values():
        filled = order.filled_e9 + order.late_e9
        signed = filled if order.side_of is BUY else -filled
        net[order.symbol] = net.get(order.symbol, 0) + signed
    return net


def _fees(
    store: InMemoryOrderStore, venue: VenueState, wanted: Sequence[str], schedule: FeeSchedule
) -> dict[str, float | int]:
    """Fees and rebates of the executions that the store still keeps, each rounded on its own.

    Our orders rest, so an execution is a maker's unless the exchange calls it a taker's.
    """
    listed = venue.fills if isinstance(venue.fills, tuple) else ()
    takers = {fill.fill_id for fill in listed if fill.liquidity == "taker"}
    maker = taker = maker_count = taker_count = fees = rebates = 0
    for fill_id, (order, qty, price) in store.fills.items():
        if order.symbol not in wanted:
            continue
        notional = qty * price
        if fill_id in takers:
            taker, taker_count = taker + notional, taker_count + 1
            fees += fee_e18(notional, schedule.taker_bps_e9)
        else:
            maker, maker_count = maker + notional, maker_count + 1
            fees += fee_e18(notional, schedule.maker_bps_e9)
            rebates += fee_e18(notional, schedule.maker_rebate_bps_e9)
    gross = maker + taker
    per = gross or 1  # without executions all sums are 0, and so are their shares
    return {
        "gross_notional": view_cash(gross),
        "maker_notional": view_cash(maker),
        "taker_notional": view_cash(taker),
        "maker_count": maker_count,
        "taker_count": taker_count,
        "fees_absolute": view_cash(fees),
        "rebates_absolute": view_cash(rebates),
        "net_absolute": view_cash(fees - rebates),
        "fees_bps": view(bps_e9(fees, per)),
        "rebates_bps": view(bps_e9(rebates, per)),
        "net_bps": view(bps_e9(fees - rebates, per)),
        "maker_taker_ratio": maker / per,
    }
