"""What was adopted, as rows of the projection: `tools.live.journal.projection_adoptions`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.projection_builders import Script, query, refusal, rows
from tests.unit.projection_fixtures import path

ADOPTED = {
    "client_order_id": "by-hand", "order_id": "H1", "symbol": "BTCUSDT", "side": "Buy", "qty": "2",
    "price": "90", "filled": "0", "state": "open",
}  # fmt: skip
EXECUTION = {
    "fill_id": "E1", "order_id": "H1", "symbol": "BTCUSDT", "side": "Buy", "qty": "1",
    "price": "90", "liquidity": "maker",
}  # fmt: skip


def quoted() -> Script:
    script = Script()
    script.say("md.quote", symbol="BTCUSDT", bid="99", ask="101")
    return script


def adopt(script: Script, **other: str) -> int:
    return script.say("order.adopted", **{**ADOPTED, **other})


def adopt_fill(script: Script, **other: str) -> int:
    return script.say("order.fill_adopted", **{**EXECUTION, **other})


def test_an_adopted_order_has_a_row_and_what_it_brought_moves_nothing(path: Path) -> None:
    script = quoted()
    adopt_fill(script)
    adopt(script, filled="1", state="partially_filled")
    script.fill("E1", "H1", qty="1", price="90")
    script.fill("F1", "H1", qty="1", price="90")
    columns = "client_order_id, state, filled, adopted, cost, accepted_ns IS NULL"
    assert rows(path, script, f"SELECT {columns} FROM orders") == [
        ("by-hand", "filled", "2", "1", "90", 0)
    ]
    assert query(path, "SELECT fill_id, outcome FROM fills") == [
        ("E1", "duplicate"), ("F1", "applied"),
    ]  # fmt: skip
    assert query(path, "SELECT qty, bought, adopted FROM positions") == [("1", "1", "0")]
    assert query(path, "SELECT seq, what, name, order_id FROM adoptions") == [
        (2, "execution", "E1", "H1"), (3, "order", "by-hand", "H1"),
    ]  # fmt: skip


def test_an_adopted_position_is_a_lot_at_the_mark(path: Path) -> None:
    script = quoted()
    script.say("risk.position_adopted", symbol="BTCUSDT", qty="-3")
    script.say("risk.position_adopted", symbol="BTCUSDT", qty="-3")
    columns = "qty, cost, cash, adopted, adopted_worth"
    assert rows(path, script, f"SELECT {columns} FROM positions") == [
        ("-3", "-300", "0", "-3", "-300")
    ]
    assert query(path, "SELECT * FROM lots") == [(2, "BTCUSDT", "-3", "100", None, 2)]
    script.an_open_order(1, qty="1")
    script.fill("F1", "X1", qty="1", price="100")
    assert rows(path, script, "SELECT qty, fill_seq, adoption_seq FROM lots") == [("-2", None, 2)]
    assert query(path, "SELECT count(*) FROM adoptions") == [(1,)]


def test_an_order_of_ours_is_replaced_in_its_row(path: Path) -> None:
    script = quoted()
    script.an_open_order(1)
    adopt(script, client_order_id="CLI00000001", order_id="X1", symbol="ETHUSDT", side="Sell",
          qty="7", price="3")  # fmt: skip
    columns = "placed_seq, symbol, side, qty, price, state"
    assert rows(path, script, f"SELECT {columns} FROM orders") == [
        (2, "ETHUSDT", "Sell", "7", "3", "open")
    ]
    adopt(script, client_order_id="CLI00000001", order_id="X1", state="canceled")
    assert rows(path, script, "SELECT state, qty, end_number FROM orders") == [("canceled", "2", 1)]


def test_an_execution_as_it_was_booked_needs_no_row(path: Path) -> None:
    script = quoted()
    script.an_open_order(1)
    script.fill("F1", "X1", qty="1", price="100")
    adopt_fill(script, fill_id="F1", order_id="X1", price="100")
    assert rows(path, script, "SELECT * FROM adoptions") == []
    adopt_fill(script, fill_id="F1", order_id="X1", price="101")
    adopt_fill(script, fill_id="F1", order_id="X1", price="101")
    script.fill("F1", "X1", qty="1", price="101")
    script.fill("F1", "X1", qty="1", price="100")
    assert rows(path, script, "SELECT count(*) FROM adoptions") == [(1,)]
    assert query(path, "SELECT outcome FROM fills") == [
        ("applied",), ("duplicate",), ("duplicate",),
    ]  # fmt: skip


def test_what_the_run_refused_is_a_contradiction(path: Path) -> None:
    script = quoted()
    script.an_open_order(1)
    adopt(script, qty="0")
    adopt(script, order_id="X1")
    adopt(script, filled="1", state="partially_filled")
    adopt_fill(script, fill_id="")
    script.say("risk.position_adopted", symbol="ETHUSDT", qty="1")
    assert [what for what, in rows(path, script, "SELECT what FROM contradictions")] == [
        "an order with other names, numbers or state than can be",
        "order by-hand cannot be adopted: X1 is CLI00000001",
        "order by-hand cannot be adopted: 1 of what it filled was not told",
        "execution  cannot be adopted",
        "position ETHUSDT cannot be adopted without a quote",
    ]
    assert query(path, "SELECT count(*) FROM adoptions") == [(0,)]


def test_a_side_that_is_none_is_no_record_of_ours(path: Path) -> None:
    for say in (adopt, adopt_fill):
        script = quoted()
        say(script, side="buy")
        assert "side 'buy' is neither Buy nor Sell" in refusal(path, script)
        path.unlink(missing_ok=True)
