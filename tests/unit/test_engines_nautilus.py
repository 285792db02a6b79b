"""The client for NautilusTrader, with stand-ins for the package; the real one is in interop."""

from __future__ import annotations

import sys
from decimal import Decimal
from enum import Enum
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tools.live.core.contracts_v1 import FundingPaid
from tools.live.core.errors import ContractError
from tools.live.engines.nautilus_adapter import attach
from tools.live.sim.delays import Constant, Delays
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.terms import Terms

E9 = 10**9


class Number:
    def __init__(self, value: str) -> None:
        self.value = Decimal(value)

    def as_decimal(self) -> Decimal:
        return self.value


class Named:
    """Any of the package's identifiers."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return self.value


def words(*names: str) -> Any:
    return Enum("Words", list(names))


class Client:
    """The package's client: it writes down what it is asked to tell."""

    def __init__(self, **given: Any) -> None:
        self.id, self.account_id, self.connected = given["client_id"], None, False
        self.given = given
        self._clock = given["clock"]
        self.said: list[tuple[str, tuple[Any, ...]]] = []

    def _set_connected(self, value: bool = True) -> None:
        self.connected = value

    def _set_account_id(self, account_id: Named) -> None:
        self.account_id = account_id

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("generate_"):
            raise AttributeError(name)
        return lambda *given: self.said.append((name.removeprefix("generate_"), given))


class Money:
    def __init__(self, amount: Any, currency: Any) -> None:
        self.amount = Decimal(amount)


CURRENCY = SimpleNamespace(from_str=lambda name: name)
MODULES = {
    "execution.client": {"ExecutionClient": Client},
    "model.enums": {
        "OmsType": words("NETTING"), "AccountType": words("MARGIN"),
        "LiquiditySide": words("MAKER", "TAKER"),
    },
    "model.identifiers": dict.fromkeys(
        ("ClientId", "Venue", "AccountId", "TradeId", "VenueOrderId"), Named
    ),
    "model.objects": {
        "Currency": CURRENCY, "Money": Money, "AccountBalance": lambda *parts: parts[0].amount,
    },
}  # fmt: skip
INSTRUMENT = SimpleNamespace(
    id=Named("X.SIM"), make_qty=float, make_price=float, quote_currency="USD"
)


class Rig:
    """An engine of stand-ins with our exchange attached."""

    def __init__(self, **terms: Any) -> None:
        self.ears: dict[str, Any] = {}
        self.registered: list[str] = []
        self.orders: list[Any] = []
        exec_engine = SimpleNamespace(
            deregister_client=lambda client: self.registered.append(f"-{client.id}"),
            register_client=lambda client: self.registered.append(f"+{client.id}"),
        )
        self.kernel = SimpleNamespace(
            exec_engine=exec_engine,
            msgbus=SimpleNamespace(
                subscribe=lambda topic, ear, priority: self.ears.update({topic: ear})
            ),
            cache=SimpleNamespace(
                instrument=lambda _: INSTRUMENT, orders_open=lambda instrument_id: self.orders
            ),
            clock=SimpleNamespace(timestamp_ns=lambda: 1),
        )
        self.exchange = SimulatedExchange(Terms(cash_e18=10**21, **terms))
        self.client: Any = attach(self, self.exchange, venue="SIM").client

    def quote(self, ns: int, bid: str = "100", ask: str = "101") -> None:
        self.ears["data.quotes.SIM.*"](
            SimpleNamespace(
                instrument_id=INSTRUMENT.id, bid_price=Number(bid), ask_price=Number(ask),
                bid_size=Number("5"), ask_size=Number("5"), ts_event=ns, ts_init=ns,
            )
        )  # fmt: skip

    def trade(self, ns: int, price: str, side: str) -> None:
        self.ears["data.trades.SIM.*"](
            SimpleNamespace(
                instrument_id=INSTRUMENT.id, trade_id=Named("T1"), price=Number(price),
                size=Number("9"), aggressor_side=SimpleNamespace(name=side), ts_event=ns,
                ts_init=ns,
            )
        )  # fmt: skip

    def submit(self, *orders: Any) -> list[str]:
        if len(orders) == 1:
            self.client.submit_order(SimpleNamespace(order=orders[0]))
        else:
            command = SimpleNamespace(order_list=SimpleNamespace(orders=list(orders)))
            self.client.submit_order_list(command)
        return self.told()

    def told(self) -> list[str]:
        said = [name.removeprefix("order_") for name, _ in self.client.said]
        self.last = self.client.said[:]
        self.client.said.clear()
        return said


def order(name: str, kind: str = "LIMIT", side: str = "BUY", **given: Any) -> Any:
    made = dict(
        client_order_id=Named(name), strategy_id="S", instrument_id=INSTRUMENT.id,
        order_type=SimpleNamespace(name=kind), side=SimpleNamespace(name=side),
        quantity=Number("1"), price=Number("99"), time_in_force=SimpleNamespace(name="GTC"),
        is_post_only=False, is_reduce_only=False, parent_order_id=None, order_list_id=Named("L"),
        contingency_type=SimpleNamespace(name="NO_CONTINGENCY"), venue_order_id=None,
    )  # fmt: skip
    return SimpleNamespace(**{**made, **given})


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nautilus_trader", "nautilus_trader.execution", "nautilus_trader.model"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    for name, holds in MODULES.items():
        module = ModuleType(name)
        vars(module).update(holds)
        monkeypatch.setitem(sys.modules, f"nautilus_trader.{name}", module)


@pytest.fixture
def rig() -> Rig:
    made = Rig()
    made.client._start()
    made.quote(5)
    made.told()
    return made


def test_our_client_takes_the_place_of_the_venues_own() -> None:
    rig = Rig()
    assert rig.registered == ["-SIM", "+SIM"]
    rig.client._start()
    assert rig.client.connected and rig.client.account_id.value == "SIM-SHADOW"
    assert rig.told() == ["account_state"] and rig.last[0][1][0] == [1000]
    rig.client._stop()
    assert not rig.client.connected


def test_an_exchange_without_cash_is_refused() -> None:
    with pytest.raises(ContractError, match="keeps no count of cash"):
        attach(SimpleNamespace(), SimulatedExchange(), venue="SIM")


def test_a_fill(rig: Rig) -> None:
    told = rig.submit(order("a", "MARKET"))
    assert told == ["submitted", "accepted", "filled", "account_state"]
    filled = rig.last[2][1]
    assert (filled[8], filled[9], filled[12].name, filled[13]) == (1.0, 101.0, "TAKER", 5)
    assert rig.last[3][1][0] == [899]


def test_quotes_and_trades_fill_what_rests(rig: Rig) -> None:
    assert rig.submit(order("a"), order("b", side="SELL", price=Number("102"))) == [
        "submitted", "submitted", "accepted", "accepted",
    ]  # fmt: skip
    rig.trade(6, "98", "SELLER")
    assert rig.told() == ["filled", "account_state"] and rig.last[0][1][12].name == "MAKER"
    rig.trade(7, "101", "NO_AGGRESSOR")
    rig.quote(8, "103", "104")
    assert rig.told() == ["filled", "account_state"]


def test_kinds_of_orders(rig: Rig) -> None:
    by = SimpleNamespace
    several = [
        order("a", "STOP_MARKET", trigger_price=Number("120")),
        order("b", "STOP_LIMIT", trigger_price=Number("120"), price=Number("121")),
        order("c", "MARKET_IF_TOUCHED", trigger_price=Number("90")),
        order("d", "TRAILING_STOP_MARKET", side="SELL", trailing_offset=Decimal(4),
              trailing_offset_type=by(name="PRICE")),
        order("e", "TRAILING_STOP_MARKET", side="SELL", trailing_offset=Decimal(200),
              trailing_offset_type=by(name="BASIS_POINTS")),
        order("f", display_qty=Number("0.1"), is_post_only=True),
    ]  # fmt: skip
    told = rig.submit(*several)
    assert told == ["submitted"] * 6 + ["accepted"] * 6
    live = [one.request for one in rig.exchange.desk.live.values()]
    assert [one.kind.value for one in live] == [
        "stop", "stop_limit", "market_if_touched", "trailing_stop", "trailing_stop", "limit",
    ]  # fmt: skip
    assert [one.stop for one in live[:3]] == [120 * E9, 120 * E9, 90 * E9]
    assert (live[3].trail, live[4].trail_bps) == (4 * E9, 200 * E9)
    assert (live[1].price, live[5].display, live[5].post_only) == (121 * E9, E9 // 10, True)


def test_what_has_no_equal_is_rejected(rig: Rig) -> None:
    by = SimpleNamespace
    bad = [
        order("a", "MARKET_TO_LIMIT"),
        order("b", time_in_force=by(name="AT_THE_OPEN")),
        order("c", "TRAILING_STOP_MARKET", trailing_offset=Decimal(4),
              trailing_offset_type=by(name="TICKS")),
        order("d", quantity=Number("0")),
    ]  # fmt: skip
    why = []
    for one in bad:
        assert rig.submit(one) == ["submitted", "rejected"]
        why.append(rig.last[1][1][3])
    assert why[:3] == [
        "order type MARKET_TO_LIMIT is not simulated; use a limit or a stop",
        "time in force AT_THE_OPEN is not simulated; use GTC",
        "trailing offset by TICKS is not simulated; use a price",
    ]
    assert why[3]


def test_reduce_only_reduces(rig: Rig) -> None:
    assert rig.submit(order("a", is_reduce_only=True)) == ["submitted", "rejected"]


def test_a_bracket_is_one_entry_and_a_group(rig: Rig) -> None:
    by = SimpleNamespace
    entry = order("a", contingency_type=by(name="OTO"))
    exits = [
        order(name, side="SELL", price=Number("110"), parent_order_id=Named("a"),
              contingency_type=by(name="OUO"))
        for name in "bc"
    ]  # fmt: skip
    rig.submit(entry, *exits)
    live = [one.request for one in rig.exchange.desk.live.values()]
    assert [(one.after, one.one_cancels_other) for one in live] == [
        (None, None), ("a", "L"), ("a", "L"),
    ]  # fmt: skip


def test_ends(rig: Rig) -> None:
    orders = [order(name) for name in "abcd"]
    rig.submit(*orders, order("e", expire_time_ns=50, time_in_force=SimpleNamespace(name="GTD")))
    rig.client.cancel_order(orders[0])
    assert rig.told() == ["canceled"]
    rig.client.cancel_order(orders[0])
    assert rig.told() == ["cancel_rejected"] and rig.last[0][1][4] == "not open"
    rig.client.batch_cancel_orders(SimpleNamespace(cancels=[orders[1]]))
    assert rig.told() == ["canceled"]
    rig.orders = [orders[2], orders[3], order("x", strategy_id="other")]
    command = SimpleNamespace(
        instrument_id=INSTRUMENT.id, strategy_id="S", order_side=SimpleNamespace(name="SELL")
    )
    rig.client.cancel_all_orders(command)
    assert rig.told() == []
    command.order_side.name = "NO_ORDER_SIDE"
    rig.client.cancel_all_orders(command)
    assert rig.told() == ["canceled", "canceled"]
    rig.quote(60)
    assert rig.told() == ["expired"]


def test_changes_and_questions(rig: Rig) -> None:
    one = order("a")
    rig.submit(one)
    rig.client.modify_order(one)
    assert rig.told() == ["modify_rejected"] and "cancel and place" in rig.last[0][1][4]
    rig.client.query_order(one)
    rig.client.query_account(one)
    assert rig.told() == []


def test_a_cancel_before_the_order_is_confirmed() -> None:
    rig = Rig(delays=Delays(submit=Constant(10)))
    rig.client._start()
    rig.quote(5)
    rig.told()
    one = order("a")
    assert rig.submit(one) == ["submitted"]
    rig.client.cancel_order(one)
    assert rig.told() == ["cancel_rejected"]
    rig.quote(20)
    assert rig.told() == ["accepted"]


def test_funding_moves_the_account(rig: Rig) -> None:
    rig.exchange.answers.funded(FundingPaid("X.SIM", 5, "test", 6), 6)
    rig.quote(7)
    assert rig.told() == ["account_state"]
