"""What a reported fill does to the tables, and what the run must then say of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.projection_builders import Script, project, query, refusal, rows
from tests.unit.projection_fixtures import path


def fault_of(path: Path, script: Script, fault: str, *, order: str | None) -> None:
    """The last fill was refused for this; the run says so, and nothing else moved."""
    seq = script.seq
    script.refuse_fill(seq, fault)
    found = rows(
        path, script, f"SELECT outcome, fault, detail, client_order_id, charged, fee FROM fills"
                      f" WHERE seq = {seq}"
    )  # fmt: skip
    assert found == [("refused", fault, "why", order, None, None)]


def test_a_fill_of_no_order_of_ours_is_refused(path: Path) -> None:
    script = Script()
    script.fill(order_id="X9")
    fault_of(path, script, "unknown_order", order=None)
    assert query(path, "SELECT * FROM positions") == []


@pytest.mark.parametrize("told", [
    {"qty": "0"}, {"qty": "-1"}, {"price": "0"}, {"price": "-1"}, {"symbol": "ETHUSDT"},
    {"side": "Sell"},
])  # fmt: skip
def test_a_fill_with_numbers_that_cannot_be_is_refused(told: dict[str, str], path: Path) -> None:
    script = Script()
    script.an_open_order()
    script.fill(**told)
    fault_of(path, script, "bad_numbers", order="CLI00000001")


@pytest.mark.parametrize("told", [{"qty": "0.5"}, {"price": "99"}, {"order_id": "X2"}])
def test_a_fill_id_that_comes_again_otherwise_is_a_conflict(
    told: dict[str, str], path: Path
) -> None:
    script = Script()
    script.an_open_order(1)
    script.an_open_order(2)
    script.fill()
    script.fill(**told)
    number = 2 if "order_id" in told else 1
    fault_of(path, script, "conflict", order=f"CLI0000000{number}")


@pytest.mark.parametrize("between", [False, True], ids=["one batch", "two openings"])
def test_a_fill_that_comes_again_is_a_duplicate(between: bool, path: Path) -> None:
    script = Script()
    script.an_open_order()
    script.fill()
    if between:
        project(path, script.disk)
    script.fill()
    found = rows(path, script, "SELECT outcome, charged, client_order_id FROM fills")
    assert found == [("applied", "maker", "CLI00000001"), ("duplicate", None, "CLI00000001")]
    assert query(path, "SELECT filled FROM orders") == [("1",)]


@pytest.mark.parametrize("qty", ["2.000000001", "3"])
def test_a_fill_beyond_the_order_is_an_overfill(qty: str, path: Path) -> None:
    script = Script()
    script.an_open_order()
    script.fill(qty=qty)
    fault_of(path, script, "overfill", order="CLI00000001")


def test_a_late_fill_moves_the_position_and_not_the_order(path: Path) -> None:
    script = Script()
    script.an_open_order(qty="3")
    script.fill()
    script.canceled()
    script.late(script.fill("F2"), "F2")
    script.fill("F3", qty="1.5")
    fault_of(path, script, "overfill", order="CLI00000001")
    assert query(path, "SELECT state, filled, late, cost, end_number, updated_seq FROM orders") == [
        ("canceled", "1", "1", "200", 1, 5)
    ]
    assert query(path, "SELECT qty FROM positions") == [("2",)]
    assert query(path, "SELECT is_late FROM booked_fills") == [(0,), (1,)]


@pytest.mark.parametrize(("liquidity", "quote", "side", "price", "charged"), [
    ("maker", None, "Buy", "100", "maker"),
    ("taker", None, "Buy", "100", "taker"),
    ("auction", None, "Buy", "100", "maker"),
    ("", None, "Buy", "100", "taker"),
    ("", ("99", "101"), "Buy", "101", "taker"),
    ("", ("99", "101"), "Buy", "100.9", "maker"),
    ("", ("99", "101"), "Sell", "99", "taker"),
    ("", ("99", "101"), "Sell", "99.1", "maker"),
    ("", ("0", "0"), "Sell", "99.1", "taker"),
    ("maker", ("99", "101"), "Buy", "101", "maker"),
    ("taker", ("99", "101"), "Buy", "100", "taker"),
])  # fmt: skip
def test_who_took_decides_the_fee(
    liquidity: str, quote: tuple[str, str] | None, side: str, price: str, charged: str, path: Path
) -> None:
    script = Script()
    if quote:
        script.say("md.quote", symbol="BTCUSDT", bid=quote[0], ask=quote[1])
        project(path, script.disk)
    script.an_open_order(side=side)
    script.fill(side=side, price=price, liquidity=liquidity)
    found = rows(path, script, "SELECT charged, fee, liquidity FROM fills")
    fee = {"maker": float(price) / 10**4, "taker": float(price) * 7 / 10**4}[charged]
    assert [(row[0], float(row[1]), row[2]) for row in found] == [
        (charged, pytest.approx(fee, abs=1e-12), liquidity)
    ]


def test_a_lot_is_closed_in_part_and_then_in_whole(path: Path) -> None:
    script = Script()
    script.an_open_order(1, qty="5")
    script.an_open_order(2, side="Sell", qty="7")
    script.fill("F1", qty="2", price="100")
    script.fill("F2", qty="3", price="110")
    script.fill("F3", "X2", side="Sell", qty="1", price="120")
    assert rows(path, script, "SELECT opened_seq, qty FROM lots") == [(5, "1"), (6, "3")]
    script.fill("F4", "X2", side="Sell", qty="6", price="120")
    assert rows(path, script, "SELECT * FROM lots") == [(8, "BTCUSDT", "-2", "120", 8, None)]
    assert query(path, "SELECT qty, cost, realised, sold, sold_cost FROM positions") == [
        ("-2", "-240", "70", "7", "840")
    ]


@pytest.mark.parametrize("later", [False, True], ids=["one batch", "two openings"])
@pytest.mark.parametrize(("say", "message"), [
    (lambda s: s.late(s.seq), "the fill of seq 3 is applied by the record before it"),
    (lambda s: s.refuse_fill(s.seq, "conflict"), "the fill of seq 3 is applied by the"),
])  # fmt: skip
def test_the_run_must_say_of_a_fill_what_the_record_says(
    say: Any, message: str, later: bool, path: Path
) -> None:
    script = Script()
    script.an_open_order()
    script.fill()
    if later:
        project(path, script.disk)
    say(script)
    assert message in refusal(path, script)


@pytest.mark.parametrize("later", [False, True], ids=["one batch", "two openings"])
def test_the_run_must_not_be_silent_about_a_fill_that_it_refused(later: bool, path: Path) -> None:
    script = Script()
    script.fill()
    if later:
        project(path, script.disk)
    script.say("md.quote", symbol="BTCUSDT", bid="1", ask="2")
    assert "seq 3 (md.quote) cannot be projected: the fill of seq 1 is refused by the record" in (
        refusal(path, script)
    )


def test_the_run_must_name_the_same_fault(path: Path) -> None:
    script = Script()
    script.refuse_fill(script.fill(), "conflict")
    assert "the fill of seq 1 is unknown_order, not conflict" in refusal(path, script)


@pytest.mark.parametrize("cause", [0, 1])
def test_words_about_a_fill_follow_it(cause: int, path: Path) -> None:
    script = Script()
    script.place()
    script.late(cause)
    assert "it does not follow the fill that it speaks of" in refusal(path, script)
    other = Script()
    other.fill()
    other.refuse_fill(7, "unknown_order")
    assert "it does not follow the fill" in refusal(path.with_name("other.db"), other)


def test_the_explanation_of_a_fill_may_come_in_a_later_batch(path: Path) -> None:
    script = Script()
    seq = script.fill()
    assert rows(path, script, "SELECT fault, detail FROM fills") == [("unknown_order", None)]
    script.refuse_fill(seq, "unknown_order")
    script.say("md.quote", symbol="BTCUSDT", bid="1", ask="2")
    assert rows(path, script, "SELECT fault, detail FROM fills") == [("unknown_order", "why")]


# What the run forgets.


def test_an_order_that_the_run_has_forgotten_is_none_of_ours(path: Path) -> None:
    script = Script(retain=1)
    for number in (1, 2):
        script.an_open_order(number)
        script.fill(f"F{number}", f"X{number}")
        script.canceled(number)
    project(path, script.disk)
    script.late(script.fill("F8", "X2"), "F8", 2)
    script.fill("F9", "X1")
    fault_of(path, script, "unknown_order", order=None)
    script.accept(1, "X1")
    assert rows(path, script, "SELECT what FROM contradictions") == [
        ("no order has the client order id 'CLI00000001'",)
    ]


@pytest.mark.parametrize("each", [False, True], ids=["one batch", "each in its own"])
def test_ids_of_forgotten_orders_and_fills_may_come_again(each: bool, path: Path) -> None:
    script = Script(retain=0)

    def told() -> None:
        if each:
            project(path, script.disk)

    for number in (1, 2, 3):
        script.place(number)
        script.accept(number, "X1")
        for fill_id in ("F1", "F1"):  # once booked, once a duplicate
            script.fill(fill_id, price=f"{100 + number}")
            told()
        script.fill("F2")  # the end of the order
        told()
    found = rows(path, script, "SELECT client_order_id, order_id, state FROM orders")
    assert found == [(f"CLI0000000{number}", "X1", "filled") for number in (1, 2, 3)]
    assert query(path, "SELECT fill_id, client_order_id FROM booked_fills") == [
        (fill_id, f"CLI0000000{number}") for number in (1, 2, 3) for fill_id in ("F1", "F2")
    ]
    assert query(path, "SELECT count(*) FROM fills WHERE outcome = 'duplicate'") == [(3,)]


def test_a_live_order_is_found_by_an_id_that_a_later_one_had_before(path: Path) -> None:
    script = Script(retain=0)
    script.place(1)
    script.an_open_order(2)
    script.canceled(2)
    script.accept(1, "X2")
    project(path, script.disk)
    script.fill("F1", "X2")
    assert rows(path, script, "SELECT client_order_id FROM booked_fills") == [("CLI00000001",)]
    script.fill("F2", "X2")
    project(path, script.disk)
    script.refuse_fill(script.fill("F3", "X2"), "unknown_order")
    project(path, script.disk)
