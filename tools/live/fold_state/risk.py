"""The state of the gate and of the ledger that it owns.

What the gate adds up from its exposures, and which of these sums are only upper bounds, is not
told: a restored gate has added up anew, and that decides alike.
"""

from __future__ import annotations

from typing import Any

from ..core.contracts_v1 import RefusalReason
from ..core.errors import ContractError
from ..portfolio.ledger import Holding, Ledger
from ..risk.exposure import Exposure
from ..risk.freeze import FreezeCause
from ..risk_monitor import RuntimeRiskMonitor
from .orders import read_sums
from .plain import count, flag, items, keys, number, one_of, optional, pairs, row, text, unique

_REASONS = {reason.value: reason for reason in RefusalReason}
_AMOUNTS = (
    "qty", "cost_e18", "realised_e18", "cash_e18", "fees_maker_e18", "fees_taker_e18", "bought",
    "sold", "bought_e18", "sold_e18",
)  # fmt: skip
_FILLS = ("maker_fills", "taker_fills")
# Told only where there is something to tell: how often, and what that came to.
_ADOPTIONS = "adoptions"
_ADOPTED = ("adopted", "adopted_e18")
_FUNDINGS, _FUNDING = "fundings", "funding_e18"
_HOLDING = ("symbol", "lots", *_AMOUNTS, *_FILLS)
_QUOTED = ("buys", "sells", "bid", "ask", "mark")
_TOTALS = ("blocks_total", "freezes_total")
_MONITOR = (
    "exposures", "first_freeze", "frozen", "last_freeze", "last_unfreeze", "outside_fills",
    "ratio_counts", "refusals", *_TOTALS,
)  # fmt: skip
_TAKEN = (
    "frozen", "first_freeze", "last_freeze", "last_unfreeze", "exposures", "outside_fills",
    "refusals", "_loose", "_worst_total_e18", "_held_total_e18", "_ratio_counts", *_TOTALS,
)  # fmt: skip


def tell_ledger(ledger: Ledger) -> list[dict[str, Any]]:
    """Everything in a ledger as plain data."""
    return [_tell_holding(held) for held in ledger.holdings.values()]


def read_ledger(told: Any) -> Ledger:
    """A new ledger with what was told; ContractError when its own books do not add up."""

    def read(one: Any) -> tuple[str, Holding]:
        held = _read_holding(one)
        return held.symbol, held

    ledger = Ledger()
    ledger.holdings = unique(items(told, "ledger", read), "ledger symbol")
    return ledger


def tell_monitor(monitor: RuntimeRiskMonitor) -> dict[str, Any]:
    """Everything in a gate as plain data, but for the ledger."""
    unfrozen = monitor.last_unfreeze
    return {
        "exposures": [
            [symbol, *(str(getattr(one, name)) for name in _QUOTED), one.plain]
            for symbol, one in monitor.exposures.items()
        ],
        "outside_fills": [
            [symbol, side.value, str(qty), str(cost)]
            for (symbol, side), (qty, cost) in monitor.outside_fills.items()
        ],
        "ratio_counts": [[step, seen] for step, seen in monitor._ratio_counts.items()],
        "refusals": [[reason.value, seen] for reason, seen in monitor.refusals.items()],
        "frozen": monitor.frozen,
        "first_freeze": _tell_cause(monitor.first_freeze),
        "last_freeze": _tell_cause(monitor.last_freeze),
        "last_unfreeze": None if unfrozen is None else list(unfrozen),
        **{name: getattr(monitor, name) for name in _TOTALS},
    }


def read_monitor(told: Any, ledger: Ledger) -> RuntimeRiskMonitor:
    """A gate without limits that is in the state that was told; it owns the ledger."""
    keys(told, _MONITOR, "monitor")
    monitor = RuntimeRiskMonitor(
        max_inventory_usd_per_symbol=0,
        max_total_notional_usd=0,
        edge_freeze_threshold_bps=0,
        ledger=ledger,
    )
    for name in _TOTALS:
        setattr(monitor, name, count(told[name], name))
    monitor.frozen = flag(told["frozen"], "frozen")
    monitor.first_freeze = optional(told["first_freeze"], "first_freeze", _read_cause)
    monitor.last_freeze = optional(told["last_freeze"], "last_freeze", _read_cause)
    monitor.last_unfreeze = optional(told["last_unfreeze"], "last_unfreeze", _read_unfreeze)
    monitor.refusals = pairs(told["refusals"], "refusals", _read_reason, count)
    monitor._ratio_counts = pairs(told["ratio_counts"], "ratio_counts", count, count)
    monitor.outside_fills = read_sums(told["outside_fills"], "outside_fills")

    def read(one: Any) -> tuple[str, Exposure]:
        return _read_exposure(row(one, 7), ledger)

    monitor.exposures = unique(items(told["exposures"], "exposures", read), "exposure of")
    for exposure in monitor.exposures.values():
        monitor._revalue(exposure)
    return monitor


def take_over(monitor: RuntimeRiskMonitor, read: RuntimeRiskMonitor) -> None:
    """Put a gate into the state of another, whose ledger it takes; its limits stay."""
    monitor.ledger.holdings = read.ledger.holdings
    for name in _TAKEN:
        setattr(monitor, name, getattr(read, name))


def _tell_holding(held: Holding) -> dict[str, Any]:
    adopted = {name: str(getattr(held, name)) for name in _ADOPTED}
    return {
        "symbol": held.symbol,
        "lots": [[str(qty), str(price)] for qty, price in held.lots],
        **{name: str(getattr(held, name)) for name in _AMOUNTS},
        **{name: getattr(held, name) for name in _FILLS},
        **({_ADOPTIONS: held.adoptions, **adopted} if held.adoptions else {}),
        **({_FUNDINGS: held.fundings, _FUNDING: str(held.funding_e18)} if held.fundings else {}),
    }


def _read_holding(told: Any) -> Holding:
    adopted = isinstance(told, dict) and _ADOPTIONS in told
    funded = isinstance(told, dict) and _FUNDINGS in told
    rare = [*((_ADOPTIONS, *_ADOPTED) if adopted else ())]
    rare += (_FUNDINGS, _FUNDING) if funded else ()
    keys(told, (*_HOLDING, *rare), "holding")
    held = Holding(text(told["symbol"], "symbol"))
    if adopted:
        held.adoptions = count(told[_ADOPTIONS], _ADOPTIONS, 1)
    if funded:
        held.fundings = count(told[_FUNDINGS], _FUNDINGS, 1)
        held.funding_e18 = number(told[_FUNDING], _FUNDING)
    for name in (*_AMOUNTS, *_ADOPTED) if adopted else _AMOUNTS:
        setattr(held, name, number(told[name], name))
    for name in _FILLS:
        setattr(held, name, count(told[name], name))
    held.lots.extend(items(told["lots"], "lots", _read_lot))
    _check_holding(held)
    return held


def _read_lot(one: Any) -> list[int]:
    qty, price = row(one, 2)
    return [number(qty, "lot qty"), number(price, "lot price", 1)]


def _check_holding(held: Holding) -> None:
    """The lots are the position, and cash, profit and fees account for every trade."""
    qty = cost = 0
    for lot_qty, price in held.lots:
        qty += lot_qty
        cost += lot_qty * price
        if not lot_qty or (lot_qty > 0) is not (held.qty > 0):
            raise ContractError(f"{held.symbol} holds a lot of {lot_qty} in {held.qty}")
    moved = held.bought - held.sold + held.adopted
    if (qty, cost) != (held.qty, held.cost_e18) or moved != held.qty:
        raise ContractError(f"{held.symbol} holds lots of {qty} at {cost}, not {held.qty}")
    charged = held.fees_e18 - held.funding_e18
    traded = held.sold_e18 - held.bought_e18 - charged
    earned = held.realised_e18 - held.cost_e18 - charged + held.adopted_e18
    if not held.cash_e18 == traded == earned:
        raise ContractError(f"{held.symbol} has cash {held.cash_e18}, not {traded} or {earned}")


def _tell_cause(cause: FreezeCause | None) -> list[Any] | None:
    if cause is None:
        return None
    return [cause.reason, cause.symbol, None if cause.ts_ns is None else str(cause.ts_ns)]


def _read_cause(told: Any, what: str) -> FreezeCause:
    reason, symbol, ts_ns = row(told, 3)
    return FreezeCause(
        text(reason, f"{what} reason"),
        optional(symbol, f"{what} symbol", text),
        optional(ts_ns, f"{what} ts_ns", number),
    )


def _read_unfreeze(told: Any, what: str) -> tuple[str, str]:
    reason, actor = row(told, 2)
    return text(reason, f"{what} reason"), text(actor, f"{what} actor")


def _read_reason(value: Any, what: str) -> RefusalReason:
    return one_of(value, _REASONS, what)


def _read_exposure(one: list[Any], ledger: Ledger) -> tuple[str, Exposure]:
    symbol = text(one[0], "symbol")
    if symbol not in ledger.holdings:
        raise ContractError(f"{symbol!r:.60} has an exposure but no holding")
    exposure = Exposure(ledger.holdings[symbol])
    for name, value in zip(_QUOTED, one[1:6], strict=True):
        setattr(exposure, name, number(value, name))
    exposure.plain = flag(one[6], "plain")
    if exposure.plain and exposure.bid > exposure.ask:
        raise ContractError(f"{symbol!r:.60} is plain, but its bid is above its ask")
    return symbol, exposure
