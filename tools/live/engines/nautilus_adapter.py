"""An execution client that sends a NautilusTrader backtest's orders to a simulated exchange.

    engine.add_venue(..., frozen_account=True)   # Nautilus wants one for its instruments
    attach(engine, SimulatedExchange(terms), venue="SIM")

Strategies, data and the rest of the engine stay as they are: orders for the venue go to our
exchange, which hears the quotes and trades of the venue before any strategy does, and what it
answers comes back as Nautilus's own order events. Answers that take their time arrive with the
first quote or trade behind it. The account is one of its own, `<venue>-SHADOW`, with the cash that
our exchange counts; with a frozen account Nautilus makes no sums of its own beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from ..core.contracts_v1 import CancelFailed, OrderAccepted, OrderCanceled, OrderRejected
from ..core.errors import ContractError
from ..core.market_v1 import Bbo, Trade
from ..core.money import Number, cash_text, to_e9
from ..core.words_v1 import BUY, SELL
from ..exchange import FillEvent
from ..exchange_answers import Answer
from ..sim.exchange import SimulatedExchange
from ..sim.orders import OrderKind, OrderRequest, TimeInForce
from .passage import Passage, package

VERSION = "1.221.0"
ACCOUNT = "SHADOW"
SOURCE = "nautilus"
FIRST = 100  # the priority of our ears on the message bus; strategies have 0

_KINDS = {
    "MARKET": OrderKind.MARKET, "LIMIT": OrderKind.LIMIT, "STOP_MARKET": OrderKind.STOP,
    "STOP_LIMIT": OrderKind.STOP_LIMIT, "MARKET_IF_TOUCHED": OrderKind.MARKET_IF_TOUCHED,
    "TRAILING_STOP_MARKET": OrderKind.TRAILING_STOP,
}  # fmt: skip
_TIMES = ("GTC", "IOC", "FOK", "DAY", "GTD")
_LIMITED = (OrderKind.LIMIT, OrderKind.STOP_LIMIT)
_STOPPED = (OrderKind.STOP, OrderKind.STOP_LIMIT, OrderKind.MARKET_IF_TOUCHED)


def attach(engine: Any, exchange: SimulatedExchange, *, venue: str) -> Shadow:
    """Let the orders for a venue of a backtest go to our exchange; before the engine runs."""
    client = package("nautilus_trader.execution.client", VERSION)
    words = package("nautilus_trader.model.enums", VERSION)
    names = package("nautilus_trader.model.identifiers", VERSION)
    objects = package("nautilus_trader.model.objects", VERSION)
    balances = exchange.get_balances()
    if balances is None:
        raise ContractError("the exchange keeps no count of cash; give Terms(cash_e18=...)")
    (currency,) = balances
    kernel = engine.kernel
    shadow = Shadow(exchange, kernel.cache, words, names, objects)
    # Nautilus sends a cancel to the client that has the venue's name, so ours has to be that one.
    shadow.client = _client_class(client.ExecutionClient, shadow)(
        client_id=names.ClientId(venue),
        venue=names.Venue(venue),
        oms_type=words.OmsType.NETTING,
        account_type=words.AccountType.MARGIN,
        base_currency=objects.Currency.from_str(currency),
        msgbus=kernel.msgbus,
        cache=kernel.cache,
        clock=kernel.clock,
    )
    kernel.exec_engine.deregister_client(shadow.client)  # whoever has that name
    kernel.exec_engine.register_client(shadow.client)
    kernel.msgbus.subscribe(f"data.quotes.{venue}.*", shadow.on_quote, FIRST)
    kernel.msgbus.subscribe(f"data.trades.{venue}.*", shadow.on_trade, FIRST)
    return shadow


class Shadow:
    """What happens between the engine's client and our exchange."""

    def __init__(
        self, exchange: SimulatedExchange, cache: Any, words: Any, names: Any, objects: Any
    ) -> None:
        self.exchange = exchange
        self.client: Any = None
        self._passage = Passage(exchange)
        self._cache = cache
        self._words = words
        self._names = names
        self._objects = objects
        self._by_id: dict[str, Any] = {}  # orders by the exchange's id
        self._ids: dict[str, str] = {}  # and the ids by ours
        self._by_name: dict[str, Any] = {}

    # What the market does.

    def on_quote(self, tick: Any) -> None:
        """A quote of the engine's data; our exchange hears it first."""
        self._passage.hear(
            Bbo(
                tick.instrument_id.value, SOURCE, _e9(tick.bid_price), _e9(tick.bid_size),
                _e9(tick.ask_price), _e9(tick.ask_size), None, tick.ts_event, tick.ts_init,
            )
        )  # fmt: skip
        self.take_in()

    def on_trade(self, tick: Any) -> None:
        """A trade of the engine's data."""
        sides = {"BUYER": BUY, "SELLER": SELL}
        self._passage.hear(
            Trade(
                tick.instrument_id.value, SOURCE, tick.trade_id.value,
                sides.get(tick.aggressor_side.name), _e9(tick.price), _e9(tick.size), None,
                tick.ts_event, tick.ts_init,
            )
        )  # fmt: skip
        self.take_in()

    # What strategies want.

    def connect(self) -> None:
        """The engine starts: its account is there."""
        self.client._set_connected(True)
        self.client._set_account_id(self._names.AccountId(f"{self.client.id.value}-{ACCOUNT}"))
        self._tell_account(self.client._clock.timestamp_ns())

    def submit(self, orders: Sequence[Any]) -> None:
        """Orders go out, those of a list together."""
        for order in orders:
            self._by_name[order.client_order_id.value] = order
            self.client.generate_order_submitted(
                order.strategy_id, order.instrument_id, order.client_order_id, self._now_ns()
            )
            try:
                request = _request(order)
            except ContractError as error:
                self._reject(order, str(error))
                continue
            self._passage.send(request)
        self.take_in()

    def cancel(self, wanted: Any) -> None:
        """An order, or who names one, is to be taken back."""
        name = wanted.client_order_id.value
        if name in self._ids:
            self._passage.cancel(self._ids[name])
            self.take_in()
        else:
            self._refuse_cancel(self._by_name[name], "the exchange has not confirmed it yet")

    def cancel_each(self, wanted: Iterable[Any]) -> None:
        """Several orders are to be taken back."""
        for one in wanted:
            self.cancel(one)

    def cancel_all(self, command: Any) -> None:
        """Every open order of a strategy in an instrument, of one side where it says so."""
        side = command.order_side.name
        for order in self._cache.orders_open(instrument_id=command.instrument_id):
            of_it = order.strategy_id == command.strategy_id
            if of_it and side in ("NO_ORDER_SIDE", order.side.name):
                self.cancel(order)

    def refuse_change(self, command: Any) -> None:
        """Amendments do not go this way: cancel and place another order."""
        self.client.generate_order_modify_rejected(
            command.strategy_id, command.instrument_id, command.client_order_id,
            command.venue_order_id, "not supported; cancel and place another order",
            self._now_ns(),
        )  # fmt: skip

    # What the exchange answers.

    def take_in(self) -> None:
        """Everything that has reached us, as the engine's own events."""
        for answer in self._passage.answers():
            self._hear(answer)

    def _hear(self, answer: Answer) -> None:
        if isinstance(answer, OrderAccepted):
            order = self._by_name[answer.client_order_id]
            self._by_id[answer.order_id] = order
            self._ids[answer.client_order_id] = answer.order_id
            self.client.generate_order_accepted(*self._known(order), self._now_ns())
        elif isinstance(answer, OrderRejected):
            self._reject(self._by_name[answer.client_order_id], answer.message)
        elif isinstance(answer, CancelFailed):
            self._refuse_cancel(self._by_id[answer.order_id], answer.message)
        elif isinstance(answer, OrderCanceled):
            self._ended(self._by_id[answer.order_id], answer.ts_ns)
        elif isinstance(answer, FillEvent):
            self._filled(self._by_id[answer.order_id], answer)
        else:
            self._tell_account(self._now_ns())

    def _ended(self, order: Any, ts_ns: int) -> None:
        expires_ns = getattr(order, "expire_time_ns", 0)
        if expires_ns and ts_ns >= expires_ns:
            self.client.generate_order_expired(*self._known(order), self._now_ns())
        else:
            self.client.generate_order_canceled(*self._known(order), self._now_ns())

    def _filled(self, order: Any, fill: FillEvent) -> None:
        instrument = self._cache.instrument(order.instrument_id)
        currency = self._objects.Currency.from_str(next(iter(self.exchange.get_balances() or {})))
        side = self._words.LiquiditySide
        self.client.generate_order_filled(
            *self._known(order), None, self._names.TradeId(fill.fill_id), order.side,
            order.order_type, instrument.make_qty(fill.qty), instrument.make_price(fill.price),
            instrument.quote_currency,
            self._objects.Money(Decimal(cash_text(fill.fee_e18 or 0)), currency),
            side.MAKER if fill.liquidity == "maker" else side.TAKER, self._now_ns(),
        )  # fmt: skip
        self._tell_account(self._now_ns())

    def _tell_account(self, ts_ns: int) -> None:
        ((name, cash_e18),) = (self.exchange.get_balances() or {}).items()
        currency = self._objects.Currency.from_str(name)
        total = self._objects.Money(Decimal(cash_text(cash_e18)), currency)
        nothing = self._objects.Money(0, currency)
        balance = self._objects.AccountBalance(total, nothing, total)
        self.client.generate_account_state([balance], [], True, ts_ns)

    def _known(self, order: Any) -> tuple[Any, Any, Any, Any]:
        order_id = self._ids[order.client_order_id.value]
        return (
            order.strategy_id, order.instrument_id, order.client_order_id,
            self._names.VenueOrderId(order_id),
        )  # fmt: skip

    def _reject(self, order: Any, why: str) -> None:
        self.client.generate_order_rejected(
            order.strategy_id, order.instrument_id, order.client_order_id, why, self._now_ns()
        )

    def _refuse_cancel(self, order: Any, why: str) -> None:
        self.client.generate_order_cancel_rejected(
            order.strategy_id, order.instrument_id, order.client_order_id,
            order.venue_order_id, why, self._now_ns(),
        )  # fmt: skip

    def _now_ns(self) -> int:
        clock_ns: int = self.client._clock.timestamp_ns()
        return max(self._passage.now_ns, clock_ns)


def _client_class(execution_client: Any, shadow: Shadow) -> Any:
    """The kind of client that Nautilus calls; all of it is the shadow's business."""
    answers = {
        "_start": lambda client: shadow.connect(),
        "_stop": lambda client: client._set_connected(False),
        "submit_order": lambda client, command: shadow.submit([command.order]),
        "submit_order_list": lambda client, command: shadow.submit(command.order_list.orders),
        "modify_order": lambda client, command: shadow.refuse_change(command),
        "cancel_order": lambda client, command: shadow.cancel(command),
        "cancel_all_orders": lambda client, command: shadow.cancel_all(command),
        "batch_cancel_orders": lambda client, command: shadow.cancel_each(command.cancels),
        "query_account": lambda client, command: shadow.take_in(),
        "query_order": lambda client, command: shadow.take_in(),
    }
    return type("ShadowClient", (execution_client,), answers)


def _request(order: Any) -> OrderRequest:
    """An order of Nautilus's in our terms; a ContractError says what there is no equal of."""
    named = order.order_type.name
    if named not in _KINDS:
        raise ContractError(f"order type {named} is not simulated; use a limit or a stop")
    if order.time_in_force.name not in _TIMES:
        raise ContractError(f"time in force {order.time_in_force.name} is not simulated; use GTC")
    kind = _KINDS[named]
    trail = trail_bps = None
    if kind is OrderKind.TRAILING_STOP:
        offset = to_e9(order.trailing_offset, "trailing_offset")
        by = order.trailing_offset_type.name
        if by not in ("PRICE", "BASIS_POINTS"):
            raise ContractError(f"trailing offset by {by} is not simulated; use a price")
        trail, trail_bps = (offset, None) if by == "PRICE" else (None, offset)
    parent, display = order.parent_order_id, getattr(order, "display_qty", None)
    linked = order.contingency_type.name in ("OCO", "OUO")
    expires_ns = getattr(order, "expire_time_ns", 0)
    return OrderRequest(
        order.client_order_id.value,
        order.instrument_id.value,
        BUY if order.side.name == "BUY" else SELL,
        _e9(order.quantity),
        kind,
        price=_e9(order.price) if kind in _LIMITED else None,
        stop=_e9(order.trigger_price) if kind in _STOPPED else None,
        trail=trail,
        trail_bps=trail_bps,
        time_in_force=TimeInForce(order.time_in_force.name),
        expires_ns=expires_ns or None,
        post_only=order.is_post_only,
        reduce_only=order.is_reduce_only,
        display=None if display is None else _e9(display),
        one_cancels_other=order.order_list_id.value if linked else None,
        after=None if parent is None else parent.value,
    )


def _e9(value: Any) -> int:
    """A price or quantity of Nautilus's, exactly."""
    number: Number = value.as_decimal()
    return to_e9(number, "value")
