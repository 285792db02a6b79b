"""Fills of life as JSON tells them: what a row of each known form means.

| form | a row | known by |
|---|---|---|
| ccxt | a trade of `fetchMyTrades` | `amount`, `timestamp`, `symbol`, `side`, `price` |
| ccxt-orders | an order of `fetchOrders` | `filled`, `remaining`, `symbol`, `side` |
| alpaca-activities | an account activity | `activity_type` |
| alpaca-orders | an order | `filled_avg_price`, `filled_qty` |
| binance-trades | a trade of `myTrades`, spot | `isBuyer`, `isMaker` |
| binance-futures-trades | a trade of `userTrades`, futures | `buyer`, `maker`, `orderId` |
| fills | a fill of ours | `ts_ns`, `qty`, `price`, `symbol`, `side` |

A reader gives the fill, or None for a row that is understood and is no fill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from ..core.contracts_v1 import BUY, SELL, Side
from ..core.money import SCALE
from ..core.record import record
from .deals import MAKER, SILENT, TAKER, LifeFill
from .rows import Row, RowFault, Unfit, exact_e9

Reader: TypeAlias = Callable[[Row], LifeFill | None]

_LIQUIDITY = {"maker": MAKER, "taker": TAKER}
_ALPACA_SIDES: Mapping[str, Side] = {"sell_short": SELL, "buy_to_cover": BUY}
_SLACK = 100  # a cost may be off its price times quantity by one part in so many


@record
class Format:
    """One form: its name, the keys by which it is known, and the reader of a row."""

    name: str
    keys: tuple[str, ...]
    read: Reader


def ccxt(row: Row) -> LifeFill:
    """A trade of ccxt; `clientOrderId` stands in the raw answer, where the venue repeats it."""
    symbol, side = row.symbol("symbol"), row.side("side")
    price, qty = row.above_zero("price"), row.above_zero("amount")
    spelled = row.fields["symbol"]
    if row.has("cost") and ":" not in spelled:  # a contract may stand for any quantity
        check_cost(row, "cost", price * qty)
    info = row.inner("info")
    return LifeFill(
        row.text_if_told("id"), row.text_if_told("order"), _client_id(row, info), symbol, side,
        qty, price, row.word("takerOrMaker", _LIQUIDITY) if row.has("takerOrMaker") else SILENT,
        _ccxt_fee(row, symbol, price), None, row.milliseconds("timestamp"), row.line,
    )  # fmt: skip


def ccxt_order(row: Row) -> LifeFill | None:
    """An order of ccxt with all that filled of it, as one fill at its average price."""
    if not row.has("filled") or not (qty := row.not_below_zero("filled")):
        return None
    symbol, price = row.symbol("symbol"), row.above_zero("average")
    when = "lastTradeTimestamp" if row.has("lastTradeTimestamp") else "lastUpdateTimestamp"
    return LifeFill(
        row.text("id"), row.text("id"), _client_id(row, row.inner("info")), symbol,
        row.side("side"), qty, price,
        TAKER if row.text_if_told("type") == "market" else SILENT, _ccxt_fee(row, symbol, price),
        row.milliseconds("timestamp"), row.milliseconds(when), row.line,
    )  # fmt: skip


def _client_id(row: Row, info: Row) -> str:
    names = ("clientOrderId", "clientOid", "orderLinkId", "client_order_id", "clOrdId")
    return row.text_if_told("clientOrderId") or info.text_if_told(*names)


def _ccxt_fee(row: Row, symbol: str, price: int) -> int | None:
    """The fee, or the sum of several; None as soon as one of them cannot be told in the quote."""
    told = row.fields.get("fees") or []
    one = row.fields.get("fee")
    if one is not None and not (isinstance(one, dict) and one.get("cost") is None):
        told = [one]
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise Unfit(RowFault.BAD_WORD, "fee", told)
    total, known = 0, False
    for fields in told:
        part = Row(fields, row.line, row.spelling, row.prices)
        if not part.has("cost"):
            continue
        fee = part.in_quote(part.money("cost"), part.text("currency"), symbol, price)
        if fee is None:
            return None
        total, known = total + fee, True
    return total if known else None


def alpaca_activity(row: Row) -> LifeFill | None:
    """An account activity; only executions are fills. What is charged comes apart, later."""
    if row.text("activity_type") != "FILL":
        return None
    row.word("type", {"fill": "", "partial_fill": ""})
    return LifeFill(
        row.text("id"), row.text_if_told("order_id"), row.text_if_told("client_order_id"),
        row.symbol("symbol"), row.side("side", _ALPACA_SIDES), row.above_zero("qty"),
        row.above_zero("price"), SILENT, None, None, row.instant("transaction_time"), row.line,
    )  # fmt: skip


def alpaca_order(row: Row) -> LifeFill | None:
    """An order with all that filled of it, as one fill at its average price."""
    qty = row.not_below_zero("filled_qty")
    if not qty:
        return None
    when = "filled_at" if row.has("filled_at") else "updated_at"
    kind = row.text_if_told("type", "order_type")
    return LifeFill(
        row.text("id"), row.text("id"), row.text_if_told("client_order_id"), row.symbol("symbol"),
        row.side("side", _ALPACA_SIDES), qty, row.above_zero("filled_avg_price"),
        TAKER if kind == "market" else SILENT, None,
        row.instant("submitted_at") if row.has("submitted_at") else None, row.instant(when),
        row.line,
    )  # fmt: skip


def binance_trade(row: Row) -> LifeFill:
    """A trade of the spot account."""
    side = BUY if row.flag("isBuyer") else SELL
    return _binance(row, side, row.flag("isMaker"))


def binance_futures_trade(row: Row) -> LifeFill:
    """A trade of the futures account."""
    side = row.side("side")
    if row.flag("buyer") != (side is BUY):
        raise Unfit(RowFault.CONTRADICTION, "buyer", row.fields["buyer"])
    return _binance(row, side, row.flag("maker"))


def _binance(row: Row, side: Side, maker: bool) -> LifeFill:
    symbol, price, qty = row.symbol("symbol"), row.above_zero("price"), row.above_zero("qty")
    if row.has("quoteQty"):
        check_cost(row, "quoteQty", price * qty)
    fee = None
    if row.has("commission"):
        asset = row.text("commissionAsset")
        fee = row.in_quote(row.money("commission"), asset, symbol, price)
    return LifeFill(
        row.text("id"), row.text("orderId"), row.text_if_told("clientOrderId"), symbol, side, qty,
        price, MAKER if maker else TAKER, fee, None, row.milliseconds("time"), row.line,
    )  # fmt: skip


def own_fill(row: Row) -> LifeFill:
    """A fill as we write it: exact numbers, the fee in the quote currency, times in ns."""
    return LifeFill(
        row.text_if_told("fill_id"), row.text_if_told("order_id"),
        row.text_if_told("client_order_id"), row.symbol("symbol"), row.side("side"),
        row.above_zero("qty"), row.above_zero("price"),
        row.word("liquidity", _LIQUIDITY) if row.has("liquidity") else SILENT,
        row.money("fee") if row.has("fee") else None,
        row.nanoseconds("sent_ns") if row.has("sent_ns") else None, row.nanoseconds("ts_ns"),
        row.line,
    )  # fmt: skip


def freqtrade_order(row: Row) -> LifeFill | None:
    """A row of freqtrade's orders with its trade's fee rates; a dry run is no life."""
    order_id = row.text("order_id")
    if order_id.startswith("dry_run"):
        raise Unfit(RowFault.NOT_LIFE, "order_id", order_id)
    if not row.has("filled") or not (qty := exact_e9(row.fields["filled"], "filled")):
        return None
    side = row.side("side")
    price = row.above_zero("average" if row.has("average") else "price")
    symbol = row.symbol("ft_pair")
    qty = row.above_zero("filled")
    sent = row.instant("order_date") if row.has("order_date") else None
    when = "order_filled_date" if row.has("order_filled_date") else "order_update_date"
    fee = None
    rate = "fee_close" if row.fields.get("is_exit") else "fee_open"
    if row.has(rate):
        fee = row.money(rate) * (qty * price // SCALE) // SCALE
    return LifeFill(
        order_id, order_id, "", symbol, side, qty, price,
        TAKER if row.text_if_told("order_type") == "market" else SILENT, fee, sent,
        row.instant(when), row.line,
    )  # fmt: skip


def check_cost(row: Row, name: str, cost_e18: int) -> None:
    """Refuse a row whose cost is not its price times its quantity, but for rounding."""
    told = row.money(name)
    if abs(told - cost_e18) * _SLACK > max(abs(told), cost_e18):
        raise Unfit(RowFault.CONTRADICTION, name, row.fields[name])


FORMATS = (
    Format("alpaca-activities", ("activity_type",), alpaca_activity),
    Format("alpaca-orders", ("filled_avg_price", "filled_qty"), alpaca_order),
    Format("binance-trades", ("isBuyer", "isMaker"), binance_trade),
    Format("binance-futures-trades", ("buyer", "maker", "orderId"), binance_futures_trade),
    Format("fills", ("ts_ns", "qty", "price", "symbol", "side"), own_fill),
    Format("ccxt-orders", ("filled", "remaining", "symbol", "side"), ccxt_order),
    Format("ccxt", ("amount", "timestamp", "symbol", "side", "price"), ccxt),
)
FREQTRADE = Format("freqtrade", ("ft_order_side", "ft_pair"), freqtrade_order)


def find_format(rows: Iterator[Any]) -> Format | None:
    """The form of the first row that has one."""
    for told in rows:
        if isinstance(told, dict):
            for form in FORMATS:
                if all(key in told for key in form.keys):
                    return form
    return None
