"""The exchange of a recorded run: the same run comes out of it, and another one is told apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.builders import BTC, ETH, T0_MS, T0_NS, a_monitor
from tests.unit.run_journals import Ran, a_run
from tools.live.core.contracts_v1 import BUY, SELL, PlaceOrderRequest
from tools.live.core.errors import LiveError, NotSent
from tools.live.core.line import Line
from tools.live.core.money import SCALE
from tools.live.exchange import OpenOrder, OrderStatus, PlaceOrderResponse
from tools.live.exchange_query import Found, OrderAnswer
from tools.live.execution_loop import ExecutionLoop, ExecutionParams
from tools.live.journal.folding import LOOP, Told
from tools.live.journal.recorded_exchange import (
    CommandDiffers, RecordedExchange, recorded_entries,
)  # fmt: skip
from tools.live.market.synthetic import SyntheticMarket
from tools.live.order_store import InMemoryOrderStore

RUNS: dict[str, dict[str, Any]] = {
    "requoting": {},
    "resting": {"requote": False},
    "frozen": {"threshold": 3.0},
    "hardly filled": {"fill_rate": 0.1},
}


def lived_again(ran: Ran, steps: int, qty: float = 0.01, **said: Any) -> tuple[Any, Line]:
    """The same loop on the recorded exchange: its report and its line."""
    exchange = RecordedExchange(recorded_entries(ran.disk))
    threshold = said.get("threshold", 1.5)
    monitor = a_monitor(threshold=threshold, maker_bps=1, taker_bps=7)
    line = Line()
    loop = ExecutionLoop(exchange, InMemoryOrderStore(), monitor, lambda: T0_MS, line=line)
    exchange.follow(lambda: loop.seq)
    params = ExecutionParams(
        [BTC, ETH], steps, 10_000, 50_000, threshold, qty, 5.0, said.get("requote", True)
    )
    return loop.run_shadow(params, SyntheticMarket([BTC, ETH], steps, T0_NS)), line


@pytest.mark.parametrize("name", RUNS)
def test_a_run_on_its_own_record_is_the_same_run(name: str) -> None:
    ran = a_run(60, **RUNS[name])
    report, line = lived_again(ran, 60, **RUNS[name])
    assert line.entries == ran.entries
    assert report["integrity"]["state_sha256"] == ran.report["integrity"]["state_sha256"]
    assert report["positions"] == ran.report["positions"]


def test_another_run_is_told_apart_at_its_first_command() -> None:
    with pytest.raises(CommandDiffers) as differs:
        lived_again(a_run(6), 6, qty=0.02)
    assert "the run now says order.place client_order_id CLI00000001" in str(differs.value)
    assert str(differs.value).endswith("the record says qty '0.01'")


def test_a_run_that_goes_on_behind_its_record_is_told() -> None:
    with pytest.raises(CommandDiffers, match="but the record has ended"):
        lived_again(a_run(6), 7, requote=True)


class Talk:
    """A conversation written by hand, and the exchange that tells it again."""

    def __init__(self, *said: tuple[str, int, dict[str, Any]]) -> None:
        self.at = 0
        told = [
            Told(LOOP if not cause else "exchange", topic, seq, (1000 + seq) * 10**6, 0, cause, p)
            for seq, (topic, cause, p) in enumerate(said, 1)
        ]
        self.exchange = RecordedExchange(told)
        self.exchange.follow(lambda: self.at)

    def at_seq(self, seq: int) -> RecordedExchange:
        self.at = seq
        return self.exchange


def a_request(name: str = "CLI1", side: Any = BUY) -> PlaceOrderRequest:
    return PlaceOrderRequest(name, BTC, side, 2, 100)


def placed(name: str = "CLI1", side: str = "Buy") -> dict[str, Any]:
    return {"client_order_id": name, "symbol": BTC, "side": side, "qty": "2", "price": "100"}


def filled(qty: str, fill_id: str = "F1", side: str = "Buy") -> dict[str, Any]:
    return {"fill_id": fill_id, "order_id": "X1", "symbol": BTC, "side": side, "qty": qty,
            "price": "100", "liquidity": "taker"}  # fmt: skip


def test_without_a_place_on_the_line_it_says_nothing() -> None:
    with pytest.raises(CommandDiffers, match="call follow first"):
        RecordedExchange([]).place_limit(a_request())


def test_an_order_lives_as_it_was_told() -> None:
    talk = Talk(
        ("order.place", 0, placed()),
        ("order.accepted", 1, {"client_order_id": "CLI1", "order_id": "X1"}),
        ("order.fill", 1, filled("0.5")),
        ("order.late_fill", 0, {}),
        ("order.fill", 1, filled("1.5", "F2")),
        ("order.cancel", 0, {"order_id": "X1"}),
        ("order.cancel_failed", 6, {"order_id": "X1", "message": "filled"}),
    )
    request = a_request()
    told = talk.at_seq(1).place_limit(request)
    assert told == PlaceOrderResponse(True, "X1", OrderStatus.OPEN, None, 1002)
    request.qty_e9 = 7  # the caller's own
    (resting,) = talk.exchange.get_open_orders()
    assert resting == OpenOrder("X1", "CLI1", BTC, BUY, 2, 0, 100, OrderStatus.OPEN)
    (fill,) = talk.at_seq(2).stream_fills()
    assert (fill.fill_id, fill.qty, fill.timestamp_ms, fill.liquidity) == ("F1", 0.5, 1003, "taker")
    (resting,) = talk.exchange.get_open_orders(BTC)
    assert (resting.filled_e9, resting.status) == (SCALE // 2, OrderStatus.PARTIALLY_FILLED)
    assert talk.exchange.get_open_orders(ETH) == []
    assert [one.fill_id for one in talk.at_seq(4).stream_fills()] == ["F2"]
    assert talk.exchange.get_open_orders() == []
    (position,) = talk.exchange.get_positions()
    assert (position.symbol, position.qty, position.avg_entry_price) == (BTC, 2.0, 100.0)
    assert talk.at_seq(6).cancel("X1") is False
    assert list(talk.at_seq(7).stream_fills()) == []


def test_a_position_that_is_flat_again_is_not_listed() -> None:
    talk = Talk(("order.fill", 9, filled("2")), ("order.fill", 9, filled("2", "F2", "Sell")))
    talk.at = 0
    assert len(list(talk.at_seq(0).stream_fills())) >= 1
    assert len(list(talk.at_seq(1).stream_fills())) == 1
    assert talk.exchange.get_positions() == []


def test_a_cancel_that_was_confirmed_takes_the_order_away() -> None:
    talk = Talk(
        ("order.place", 0, placed(side="Sell")),
        ("order.accepted", 1, {"client_order_id": "CLI1", "order_id": "X1"}),
        ("order.cancel", 0, {"order_id": "X1"}),
        ("order.canceled", 3, {"order_id": "X1"}),
    )
    talk.at_seq(1).place_limit(a_request(side=SELL))
    assert talk.at_seq(3).cancel("X1") is True
    assert talk.exchange.get_open_orders() == []


@pytest.mark.parametrize(
    ("topic", "message", "raised"),
    [
        ("order.unknown", "no answer", LiveError),
        ("order.rejected", "not sent: no connection", NotSent),
    ],
)
def test_what_was_raised_is_raised_again(
    topic: str, message: str, raised: type[Exception]
) -> None:
    talk = Talk(("order.place", 0, placed()), (topic, 1, {"message": message}))
    with pytest.raises(raised) as error:
        talk.at_seq(1).place_limit(a_request())
    assert str(error.value) == message.removeprefix("not sent: ")


def test_a_rejection_is_told_again() -> None:
    talk = Talk(("order.place_again", 0, placed()), ("order.rejected", 1, {"message": "no"}))
    told = talk.at_seq(1).place_limit(a_request())
    assert told == PlaceOrderResponse(False, None, OrderStatus.REJECTED, "no", 1002)


def test_open_orders_are_listed_as_they_were() -> None:
    talk = Talk(
        ("order.list_open", 0, {}),
        ("order.open_listed", 1, {"order_ids": ["X8", "X9"]}),
        ("order.list_open", 0, {}),
        ("order.open_unknown", 3, {"message": "closed"}),
    )
    listed = talk.at_seq(1).get_open_orders()
    assert [(one.order_id, one.client_order_id) for one in listed] == [("X8", ""), ("X9", "")]
    with pytest.raises(LiveError, match="closed"):
        talk.at_seq(3).get_open_orders()
    assert talk.at_seq(4).get_open_orders() == []


def asked(topic: str, **said: Any) -> Callable[[], OrderAnswer]:
    talk = Talk(("order.query", 0, {"client_order_id": "CLI1"}), (topic, 1, said))
    return lambda: talk.at_seq(1).get_order("CLI1")


def test_questions_are_answered_as_they_were() -> None:
    assert asked("order.absent")() == OrderAnswer(Found.UNKNOWN, None)
    rejected = OrderAnswer(Found.REJECTED, None, (), "no")
    assert asked("order.rejected", message="no")() == rejected
    with pytest.raises(LiveError, match="silent"):
        asked("order.query_failed", message="silent")()
    with pytest.raises(CommandDiffers, match="found as order.accepted, which cannot be told again"):
        asked("order.accepted")()


def test_a_cancel_by_name_is_answered_by_the_question_behind_it() -> None:
    talk = Talk(("order.cancel_unknown", 0, {"client_order_id": "CLI1"}), ("order.absent", 1, {}))
    assert talk.at_seq(1).cancel_client_order("CLI1") is True
    assert talk.exchange.get_order("CLI1").found is Found.UNKNOWN
    talk.exchange.get_fills()
    talk.exchange.get_balances()


def test_another_kind_of_command_is_told_apart() -> None:
    talk = Talk(("order.cancel", 0, {"order_id": "X1"}))
    with pytest.raises(CommandDiffers, match="the record says order.cancel$"):
        talk.at_seq(1).place_limit(a_request())
    with pytest.raises(CommandDiffers, match="the record says order_id 'X1'"):
        talk.exchange.cancel("X2")
    with pytest.raises(CommandDiffers, match="the record ends before the answer"):
        talk.exchange.cancel("X1")
