"""What each recorded event does to the tables, and which records cannot be the next."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.builders import T0_NS
from tests.unit.journal_builders import NOON_NS, opened
from tests.unit.projection_builders import (
    FEES, TERMS, Script, project, query, refusal, rows, tables,
)  # fmt: skip
from tests.unit.projection_fixtures import path
from tools.live.core.contracts_v1 import INPUTS, OUTPUTS, Approved, Frozen
from tools.live.core.order import OrderState
from tools.live.journal import projection_rows, projection_schema
from tools.live.journal.projection_books import IGNORED, READINGS
from tools.live.journal.projection_facts import names_of
from tools.live.journal.run_facts import Parent, Terms


# The vocabulary.


def test_every_kind_of_event_is_read_or_ignored_on_purpose() -> None:
    kinds = {kind.kind for kind in (*INPUTS, *OUTPUTS)}
    assert READINGS.keys() | IGNORED == kinds
    assert READINGS.keys() & IGNORED == set()


@pytest.mark.parametrize("topic", sorted(READINGS))
def test_a_verb_takes_the_fields_of_its_kind_in_their_order(topic: str) -> None:
    names, verb = READINGS[topic]
    taken = list(inspect.signature(verb).parameters)
    assert taken[:3] == ["self", "one", "seq"]
    assert taken[3:] in (names[0], ["told"])


def test_the_keys_of_a_kind_are_those_of_its_contract() -> None:
    assert names_of(Frozen) == (["reason", "symbol"], {"symbol"})
    assert names_of(Approved) == (["client_order_id", "price", "qty", "side", "symbol"], set())


def test_the_states_and_faults_are_the_words_of_the_program() -> None:
    words = ", ".join(f"'{state.value}'" for state in OrderState)
    assert words in projection_schema.ORDERS.replace("\n", " ").replace("  ", "")
    assert projection_rows._ORDERS.count("?") == 20


# Orders.


def test_an_order_goes_through_its_life(path: Path) -> None:
    script = Script()
    script.say("md.quote", symbol="BTCUSDT", bid="99", ask="101")
    script.place(qty="2.5")
    script.accept()
    script.fill(qty="1", price="100")
    script.fill("F2", qty="1.5", price="100.5")
    assert rows(path, script, "SELECT * FROM orders") == [(
        2, T0_NS + 2, 2, 0, "CLI00000001", "X1", "BTCUSDT", "Buy", "2.5", "100", "filled", "2.5",
        "0", "250.75", None, T0_NS + 3, 5, T0_NS + 5, 1, "0",
    )]  # fmt: skip
    assert query(path, "SELECT * FROM fills") == [
        (4, T0_NS + 4, 4, 0, "F1", "X1", "CLI00000001", "BTCUSDT", "Buy", "1", "100", "maker",
         "applied", "maker", "0.01", None, None, ""),
        (5, T0_NS + 5, 5, 0, "F2", "X1", "CLI00000001", "BTCUSDT", "Buy", "1.5", "100.5", "maker",
         "applied", "maker", "0.015075", None, None, ""),
    ]  # fmt: skip
    assert query(path, "SELECT * FROM positions") == [
        ("BTCUSDT", "2.5", "250.75", "0", "-250.775075", "0.025075", "0", "2.5", "0", "250.75",
         "0", 2, 0, "0", "0", "0")
    ]  # fmt: skip
    assert query(path, "SELECT * FROM lots") == [
        (4, "BTCUSDT", "1", "100", 4, None), (5, "BTCUSDT", "1.5", "100.5", 5, None),
    ]  # fmt: skip
    assert query(path, "SELECT * FROM quotes") == [("BTCUSDT", 1, T0_NS + 1, "99", "101")]


def states(path: Path, script: Script) -> list[tuple[Any, ...]]:
    return rows(path, script, "SELECT client_order_id, state, end_number, message FROM orders")


def test_orders_end_in_the_order_of_their_ends(path: Path) -> None:
    script = Script()
    for number in (1, 2, 3, 4):
        script.place(number)
    script.accept(3)
    script.accept(4)
    script.reject(2, "no credit")
    script.canceled(3)
    script.reject(4, "withdrawn")  # of an accepted order: a cancel by the venue
    assert states(path, script) == [
        ("CLI00000001", "pending", None, None),
        ("CLI00000002", "rejected", 1, "no credit"),
        ("CLI00000003", "canceled", 2, None),
        ("CLI00000004", "canceled", 3, None),
    ]


def test_a_cancel_of_what_has_ended_or_is_unknown_changes_nothing(path: Path) -> None:
    script = Script()
    script.an_open_order()
    script.canceled()
    script.canceled()
    script.canceled(7)
    script.reject(1)
    assert states(path, script) == [("CLI00000001", "canceled", 1, None)]
    assert query(path, "SELECT updated_seq FROM orders") == [(3,)]
    assert query(path, "SELECT count(*) FROM contradictions") == [(0,)]


def test_an_acceptance_that_comes_again_changes_nothing(path: Path) -> None:
    script = Script()
    script.an_open_order()
    script.accept()
    assert rows(path, script, "SELECT updated_seq, accepted_ns FROM orders") == [(2, T0_NS + 2)]
    assert query(path, "SELECT count(*) FROM contradictions") == [(0,)]


def test_contradictions_are_listed_and_change_nothing(path: Path) -> None:
    script = Script()
    script.an_open_order(1)
    script.place(2)
    script.place(3)
    script.reject(3)
    before = tables_of(path, script)["orders"]
    script.accept(9)
    script.accept(1, "Y")
    script.accept(2, "X1")
    script.reject(9)
    script.reject(3)
    script.accept(3)
    after = tables_of(path, script)
    assert after["orders"] == before
    assert [(row[0], row[2], row[3]) for row in after["contradictions"]] == [
        (6, "order.accepted", "no order has the client order id 'CLI00000009'"),
        (7, "order.accepted", "order CLI00000001 is 'X1', not 'Y'"),
        (8, "order.accepted", "the id 'X1' is that of CLI00000001"),
        (9, "order.rejected", "no order has the client order id 'CLI00000009'"),
        (10, "order.rejected", "order CLI00000003 was rejected before"),
        (11, "order.accepted", "order CLI00000003 is None, not 'X3'"),
    ]


def tables_of(path: Path, script: Script) -> dict[str, list[tuple[Any, ...]]]:
    project(path, script.disk)
    return tables(path)


# Cancels.


def test_a_cancel_keeps_its_answer(path: Path) -> None:
    script = Script()
    for number in (1, 2, 3):
        script.an_open_order(number)
    first, second, third = (script.cancel(number) for number in (1, 2, 3))
    script.canceled(1, cause=first)
    script.say("order.cancel_failed", order_id="X2", message="the exchange said no", cause=second)
    assert rows(path, script, "SELECT seq, client_order_id, order_id, answer, answer_seq, message"
                              " FROM cancels") == [
        (first, "CLI00000001", "X1", "canceled", 10, None),
        (second, "CLI00000002", "X2", "failed", 11, "the exchange said no"),
        (third, "CLI00000003", "X3", None, None, None),
    ]  # fmt: skip
    script.say("order.cancel_failed", order_id="X3", message="later", cause=third)
    script.say("order.cancel_failed", order_id="X3", message="of no cancel of ours")
    found = rows(path, script, "SELECT answer, answer_seq, message FROM cancels WHERE seq = 9")
    assert found == [("failed", 12, "later")]


@pytest.mark.parametrize("number", [1, 2])
def test_a_cancel_of_no_order_of_ours_cannot_be(number: int, path: Path) -> None:
    script = Script()
    script.place()
    script.accept(1, "Y")
    script.cancel(number)
    said = refusal(path, script)
    assert said == (
        f"seq 4 (order.cancel) cannot be projected: there is no order 'CLI0000000{number}' as"
        f" 'X{number}'; look at it with `journal show`, and use the version that wrote it"
    )


# The gate and the freeze.


def test_refusals_are_kept_as_they_were_said(path: Path) -> None:
    script = Script()
    script.say(
        "risk.refused", symbol="BTCUSDT", side="Hold", qty="-1", price="0", reason="unknown_side",
        cause=1,
    )  # fmt: skip
    assert rows(path, script, "SELECT * FROM refusals") == [
        (1, T0_NS + 1, 1, 1, "BTCUSDT", "Hold", "-1", "0", "unknown_side")
    ]


def test_a_freeze_is_lifted_by_somebody_for_a_reason(path: Path) -> None:
    script = Script()
    script.say("risk.unfrozen", reason="nothing to lift", actor="ada")
    script.say("risk.frozen", reason="edge", symbol="BTCUSDT")
    assert rows(path, script, "SELECT is_frozen FROM recovery_state") == [(1,)]
    script.say("risk.unfrozen", reason="fixed", actor="ada")
    script.say("risk.frozen", reason="halt", symbol=None)
    assert rows(path, script, "SELECT * FROM freezes") == [
        (2, T0_NS + 2, "edge", "BTCUSDT", 3, T0_NS + 3, "fixed", "ada"),
        (4, T0_NS + 4, "halt", None, None, None, None, None),
    ]


# The run and the log.


def test_the_run_and_its_terms_are_kept(path: Path) -> None:
    older = Terms(10**9, 2 * 10**9, -(10**9), 0, 5 * 10**9)
    script = Script(terms=TERMS, retain=4, parent=Parent("desk-0", 6, "a" * 64, older, None))
    script.an_open_order(1, qty="5")
    script.fill("F1", liquidity="taker")
    for _ in range(3):
        script.say("edge.update", symbol="BTCUSDT", net_bps=None)
    script.fill("F2", liquidity="taker")
    assert rows(path, script, "SELECT * FROM terms") == [
        (0, "1", "2", "-1", "0", "5"), (7, "1000", "1000", "1", "1", "7")
    ]  # fmt: skip
    assert query(path, "SELECT seq, fee FROM fills") == [(3, "0.05"), (7, "0.07")]
    assert query(path, "SELECT edge, start_ns, code_version, retain, parent_log_id, parent_seq,"
                       " about, events FROM run") == [
        ("scripted", T0_NS, "0.1.0", 4, "desk-0", 6, '{"symbols":["BTCUSDT"]}', None)
    ]  # fmt: skip
    script.about_the_run("run.reported", {
        "events": "7", "state_sha256": "b" * 64, "report_sha256": "c" * 64, "exchange_moved": {},
    })  # fmt: skip
    assert rows(path, script, "SELECT events, state_sha256, report_sha256 FROM run") == [
        (7, "b" * 64, "c" * 64)
    ]
    assert query(path, "SELECT is_reported, is_closed FROM recovery_state") == [(1, 0)]
    assert FEES == (TERMS.maker_bps_e9, TERMS.taker_bps_e9)


def test_the_log_tells_of_its_starts_and_losses(path: Path) -> None:
    script = Script()
    script.place()
    script.disk.kill9()
    tail = "segments/00000000000000000000.jsonl"
    script.disk.put(tail, script.disk.image()[tail] + b"torn")
    opened(script.disk, log_id="desk-1").close(NOON_NS)
    found = rows(path, script, "SELECT log_seq, ts_ns, event, torn_bytes FROM recovery")
    assert found == [
        (0, NOON_NS, "created", 0), (3, NOON_NS, "recovered", 4), (4, NOON_NS, "closed", 0),
    ]  # fmt: skip
    assert query(path, "SELECT log_id, last_seq, line_seq, starts, torn_bytes, is_closed,"
                       " is_reported, is_frozen FROM recovery_state") == [
        ("desk-1", 4, 1, 2, 4, 1, 0, 0)
    ]  # fmt: skip
    detail = query(path, "SELECT detail FROM recovery WHERE log_seq = 0")[0][0]
    assert detail == '{"log_id":"desk-1"}'


# Records that cannot be.


def bad(said: str, **changed: Any) -> Any:
    payload = {"symbol": "BTCUSDT", "bid": "1", "ask": "2", **changed}
    return pytest.param({k: v for k, v in payload.items() if v != "-"}, said, id=said)


@pytest.mark.parametrize(("payload", "said"), [
    bad("it must have the fields ask, bid, symbol in this order", ask="-"),
    bad("it must have the fields ask, bid, symbol in this order", mid="1"),
    bad("bid 1 is not text", bid=1),
    bad("bid None is not text", bid=None),
    bad("number '1.0' must be spelled '1'", bid="1.0"),
    bad("number 'x' is not a number; give digits like 0.01", ask="x"),
])  # fmt: skip
def test_a_payload_is_read_strictly(payload: dict[str, Any], said: str, path: Path) -> None:
    script = Script()
    script.say("md.quote", **payload)
    assert refusal(path, script) == (
        f"seq 2 (md.quote) cannot be projected: {said}; look at it with `journal show`, and use"
        " the version that wrote it"
    )


def test_a_payload_is_an_object(path: Path) -> None:
    script = Script()
    script.journal.append("md.quote", T0_NS, "feed", 1, [], corr=1, cause=0)
    script.journal.commit_all()
    assert "it must have the fields ask, bid, symbol in this order" in refusal(path, script)


@pytest.mark.parametrize("say", [
    lambda s: s.place(side="buy"),
    lambda s: s.fill(side="BUY"),
])  # fmt: skip
def test_a_side_has_one_spelling(say: Any, path: Path) -> None:
    script = Script()
    say(script)
    assert re.search("side '(buy|BUY)' is neither Buy nor Sell", refusal(path, script))


@pytest.mark.parametrize(("topic", "src"), [
    ("md.quote", "exchange"), ("order.place", "exchange"), ("md.trade", "feed"),
    ("order.fill", "loop"),
])  # fmt: skip
def test_a_kind_is_said_by_its_source_only(topic: str, src: str, path: Path) -> None:
    script = Script()
    script.say(topic, src=src)
    assert f"{src} says nothing of the kind {topic}" in refusal(path, script)


def test_a_kind_that_is_neither_read_nor_ignored_stops_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script()
    script.say("md.quote", symbol="BTCUSDT", bid="1", ask="2")
    monkeypatch.delitem(READINGS, "md.quote")
    assert "this program does not know the kind" in refusal(path, script)


def test_the_line_has_no_gap(path: Path) -> None:
    script = Script()
    script.seq = 1
    script.place()
    assert "the line has seq 2 where 1 must be" in refusal(path, script)


def test_an_order_is_placed_once(path: Path) -> None:
    script = Script()
    script.place()
    script.place()
    assert "order 'CLI00000001' was placed before" in refusal(path, script)


def test_entries_need_a_run(path: Path) -> None:
    script = Script(open_run=False)
    script.place()
    assert "no run was opened before it" in refusal(path, script)


@pytest.mark.parametrize("topic", ["run.opened", "run.closed"])
def test_a_journal_holds_one_run(topic: str, path: Path) -> None:
    script = Script()
    script.journal.append(topic, T0_NS, "run", 3, {})
    script.journal.commit_all()
    assert "a journal holds one run" in refusal(path, script)
    early = Script(open_run=False)
    early.journal.append("run.reported", T0_NS, "run", 1, {})
    early.journal.commit_all()
    assert "a journal holds one run" in refusal(path.with_name("early.db"), early)


def test_an_opening_is_read_strictly(path: Path) -> None:
    script = Script(open_run=False)
    script.about_the_run("run.opened", {})
    assert "run.opened lacks about" in refusal(path, script)


@pytest.mark.parametrize("torn", ["7", None, True, 1.5])
def test_what_the_log_says_of_itself_is_read_strictly(torn: object, path: Path) -> None:
    script = Script()
    script.journal._state("system.log.recovered", {"torn_bytes": torn}, T0_NS)
    assert f"torn_bytes {torn!r} is not a whole number" in refusal(path, script)
    other = Script()
    other.journal._state("system.log.odd", [], T0_NS)  # type: ignore[arg-type]
    path = path.with_name("other.db")
    found = rows(path, other, "SELECT event, torn_bytes FROM recovery")
    assert found == [("created", 0), ("odd", 0)]
