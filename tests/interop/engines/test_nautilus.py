"""NautilusTrader, the real package, with our exchange behind its execution engine."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest

from tools.live.engines.nautilus_adapter import attach
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.terms import Terms

S = 10**9
START = 1_704_067_200 * S
Told = list[tuple[int, str, str]]
Act = Callable[[Any, int], None]


@pytest.fixture(autouse=True)
def _package(must_have: Callable[[str, bool], None]) -> None:
    found = importlib.util.find_spec("nautilus_trader")
    must_have("the package nautilus_trader", found is not None)


def quotes(instrument: Any) -> list[Any]:
    """A minute of a market that goes up and down, a quote a second."""
    from nautilus_trader.model.data import QuoteTick

    size, ticks = instrument.make_qty(5), []
    for number in range(60):
        bid = 100 + (number * 7) % 23 - (number * 3) % 17
        at_ns = START + number * S
        prices = instrument.make_price(bid), instrument.make_price(bid + 0.1)
        ticks.append(QuoteTick(instrument.id, *prices, size, size, at_ns, at_ns))
    return ticks


def run(act: Act, terms: Terms | None) -> tuple[Told, str, list[str]]:
    """What a strategy hears of its orders, the cash at the end, and the profits of positions.

    Terms None is Nautilus's own exchange.
    """
    from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
    from nautilus_trader.config import LoggingConfig, StrategyConfig
    from nautilus_trader.model.enums import AccountType, OmsType
    from nautilus_trader.model.identifiers import AccountId, Venue
    from nautilus_trader.model.objects import Currency, Money
    from nautilus_trader.test_kit.providers import TestInstrumentProvider
    from nautilus_trader.trading.strategy import Strategy

    instrument = TestInstrumentProvider.btcusdt_binance()
    usdt = Currency.from_str("USDT")

    class Heard(Strategy):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(StrategyConfig(strategy_id="S-1"))
            self.told: Told = []
            self.count = 0
            self.orders: list[Any] = []
            self.instrument = instrument

        def on_start(self) -> None:
            self.subscribe_quote_ticks(instrument.id)

        def on_quote_tick(self, tick: Any) -> None:
            self.count += 1
            act(self, self.count)

        def on_order_event(self, event: Any) -> None:
            price = str(getattr(event, "last_px", ""))
            self.told.append((self.count, type(event).__name__, price))

    engine = BacktestEngine(
        BacktestEngineConfig(trader_id="T-1", logging=LoggingConfig(bypass_logging=True))
    )
    engine.add_venue(
        Venue("BINANCE"), OmsType.NETTING, AccountType.MARGIN, [Money(1_000_000, usdt)],
        base_currency=usdt, frozen_account=terms is not None,
    )  # fmt: skip
    engine.add_instrument(instrument)
    engine.add_data(quotes(instrument))
    strategy = Heard()
    engine.add_strategy(strategy)
    account = AccountId("BINANCE-001")
    if terms is not None:
        attach(engine, SimulatedExchange(terms), venue="BINANCE")
        account = AccountId("BINANCE-SHADOW")
    engine.run()
    cache = engine.kernel.cache
    cash = str(cache.account(account).balance_total(usdt))
    profits = [str(one.realized_pnl) for one in cache.positions()]
    told = strategy.told
    engine.dispose()
    return told, cash, profits


def ours(**given: Any) -> Terms:
    return Terms(cash_e18=10**24, currency="USDT", **given)


def alternate(strategy: Any, count: int) -> None:
    from nautilus_trader.model.enums import OrderSide

    if count % 10 in (1, 6):
        side = OrderSide.BUY if count % 10 == 1 else OrderSide.SELL
        instrument = strategy.instrument
        strategy.submit_order(
            strategy.order_factory.market(instrument.id, side, instrument.make_qty(0.5))
        )


def test_market_orders_take_the_same_prices() -> None:
    theirs, mine = run(alternate, None)[0], run(alternate, ours())[0]
    fills = [one for one in theirs if one[1] == "OrderFilled"]
    assert len(fills) == 12
    assert [one for one in mine if one[1] == "OrderFilled"] == fills


def test_the_account_is_what_our_exchange_counts() -> None:
    told, cash, profits = run(alternate, ours())
    prices = [float(price) for _, name, price in told if name == "OrderFilled"]
    made = sum(sold - bought for bought, sold in zip(prices[::2], prices[1::2])) / 2
    assert cash == f"{1_000_000 + made:.8f} USDT"
    assert profits[-1].endswith("USDT")


def bracket(strategy: Any, count: int) -> None:
    from nautilus_trader.model.enums import OrderSide

    if count == 2:
        make, book = strategy.instrument, strategy.order_factory
        strategy.submit_order_list(
            book.bracket(
                make.id, OrderSide.BUY, make.make_qty(1), sl_trigger_price=make.make_price(91),
                tp_price=make.make_price(111),
            )
        )  # fmt: skip


def test_a_bracket_ends_with_one_exit() -> None:
    told, cash, _ = run(bracket, ours())
    names = [name for _, name, _ in told]
    assert names.count("OrderAccepted") == 3 and names.count("OrderFilled") == 2
    assert names.count("OrderCanceled") == 1 and "OrderRejected" not in names
    assert cash != "1000000.00000000 USDT"


def limits(strategy: Any, count: int) -> None:
    from nautilus_trader.model.enums import OrderSide, TimeInForce

    make, book = strategy.instrument, strategy.order_factory
    side, qty = OrderSide.BUY, make.make_qty(0.1)
    if count == 3:
        strategy.orders = [
            book.limit(make.id, side, qty, make.make_price(50)),
            book.limit(make.id, side, qty, make.make_price(400), post_only=True),
            book.limit(make.id, side, qty, make.make_price(400), TimeInForce.AT_THE_OPEN),
        ]
        for order in strategy.orders:
            strategy.submit_order(order)
    if count == 6:
        strategy.modify_order(strategy.orders[0], quantity=make.make_qty(0.2))
    if count == 8:
        strategy.cancel_order(strategy.orders[0])


def test_cancels_refusals_and_changes() -> None:
    told = run(limits, ours())[0]
    assert [name for count, name, _ in told if name != "OrderInitialized"] == [
        "OrderSubmitted", "OrderAccepted", "OrderSubmitted", "OrderRejected", "OrderSubmitted",
        "OrderRejected", "OrderPendingUpdate", "OrderModifyRejected", "OrderPendingCancel",
        "OrderCanceled",
    ]  # fmt: skip


def test_delays_count() -> None:
    slow = ours(delays=Delays(Constant(3 * S // 2), Constant(S // 4), Constant(S // 4)))
    told = run(alternate, slow)[0]
    assert [name for count, name, _ in told if count == 1] == ["OrderInitialized", "OrderSubmitted"]
    first = next(one for one in told if one[1] == "OrderFilled")
    assert first == (2, "OrderFilled", "104.10"), "the second quote's price, before the third"
