"""tools.live.journal.run_facts: what a journal says about its run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import a_monitor, an_intent, passes
from tests.unit.run_journals import a_run, an_opening, terms_of
from tools.live.core.errors import ContractError
from tools.live.journal.reader import Reader
from tools.live.journal.run_facts import (
    Parent, RunOpened, Terms, changes_of, new_fold, opened_payload, read_opened, read_reported,
    set_terms,
)  # fmt: skip

HASH = "ab" * 32
BASE = Terms(10**13, 5 * 10**13, 15 * 10**8, 0, 0)


def terms(number: int) -> Terms:
    return Terms(number, 5 * 10**13, -15, -(10**9), 7)


def generations(*seqs: int) -> RunOpened:
    """A run forked at the first seq from one that was forked at the second, and so on."""
    parent = None
    for number in range(len(seqs), 0, -1):
        parent = Parent(f"log-{number}", seqs[number - 1], HASH, terms(number), parent)
    plain = an_opening(a_monitor(), {"symbols": []})
    return RunOpened(
        plain.about, plain.edge, 1, 2, terms(0), None, {"BTC": -5}, plain.code_version, parent
    )


@pytest.mark.parametrize("opening", [generations(), generations(7), generations(9, 3, 5)])
def test_an_opening_is_read_as_it_is_written(opening: RunOpened) -> None:
    assert read_opened(opened_payload(opening)) == opening


def test_an_opening_is_written_as_the_products_own_run_writes_it() -> None:
    payload = [one.payload() for one in Reader(a_run(1).disk).poll()][1]
    assert opened_payload(read_opened(payload)) == payload


@pytest.mark.parametrize(("seqs", "expected"), [
    ((), [(0, 0)]),
    ((7,), [(0, 1), (8, 0)]),
    ((9, 4), [(0, 2), (5, 1), (10, 0)]),
    ((4, 9), [(0, 2), (5, 0)]),  # it left before its parent changed anything
    ((4, 4), [(0, 2), (5, 0)]),
    ((4, 9, 2), [(0, 3), (3, 2), (5, 0)]),
    ((4, 9, 6), [(0, 3), (5, 0)]),
])  # fmt: skip
def test_terms_change_where_each_fork_begins(
    seqs: tuple[int, ...], expected: list[tuple[int, int]]
) -> None:
    found = changes_of(generations(*seqs))
    assert found == [(seq, terms(number)) for seq, number in expected]


def test_a_new_fold_runs_on_the_first_terms_and_new_terms_bind_at_once() -> None:
    opening = generations(7)
    fold = new_fold(opening)
    assert terms_of(fold.monitor) == terms(1)
    set_terms(fold.monitor, BASE)
    assert terms_of(fold.monitor) == BASE
    wish = an_intent(qty=100, price=100)
    assert passes(fold.monitor, wish)
    set_terms(fold.monitor, Terms(10**13, 10**13, 0, 0, 0))
    assert not passes(fold.monitor, an_intent(qty=1, price=100, symbol="ETHUSDT"))
    set_terms(fold.monitor, Terms(10**11, 10**15, 0, 0, 0))
    assert passes(fold.monitor, an_intent(qty=1, price=100, symbol="ETHUSDT"))
    assert not passes(fold.monitor, an_intent(qty=1, price=100, symbol="ETHUSDT"))


def test_a_computed_edge_is_measured() -> None:
    opening = an_opening(a_monitor(), {}, edge="computed")
    assert new_fold(opening).measure_edge
    assert not new_fold(generations()).measure_edge


GOOD = opened_payload(generations(7))
REPORT = {"events": "3", "state_sha256": HASH, "report_sha256": HASH, "exchange_moved": {"A": "-1"}}


def test_a_report_is_read() -> None:
    found = read_reported(REPORT)
    assert (found.events, found.state_sha256, found.exchange_moved) == (3, HASH, {"A": -1})


@pytest.mark.parametrize(("changed", "message"), [
    ({"about": []}, "about .* is not an object"),
    ({"about": {"symbols": ["X"]}}, "config_sha256 .* is not the hash"),
    ({"edge": "guessed"}, "edge 'guessed' is not scripted, markouts or computed"),
    ({"retain": -1}, "retain -1 is not null or a whole number"),
    ({"retain": True}, "retain True is not null or a whole number"),
    ({"code_version": 1}, "code_version 1 is not text"),
    ({"start_ns": 5}, "start_ns 5 is not decimal digits as text"),
    ({"start_ns": "05"}, "start_ns '05' is not decimal digits"),
    ({"start_ns": "-5"}, "start_ns '-5' is not 0 or more"),
    ({"held_before": []}, "held_before .* is not an object"),
    ({"held_before": {"X": 1}}, "X 1 is not decimal digits"),
    ({"limits": {}}, "limits lacks max_symbol_e9"),
    ({"fees": {**GOOD["fees"], "more": "1"}}, "fees has 'more'"),
    ({"more": 1}, "run.opened has 'more'"),
    ({"parent": "x"}, "parent 'x' is not an object"),
    ({"parent": {**GOOD["parent"], "seq": 0}}, "parent .* is not a log and a seq"),
    ({"parent": {**GOOD["parent"], "seq": "7"}}, "parent .* is not a log and a seq"),
    ({"parent": {**GOOD["parent"], "log_id": 1}}, "parent .* is not a log and a seq"),
    ({"parent": {**GOOD["parent"], "log_id": "a b"}}, "parent log_id 'a b'"),
    ({"parent": {**GOOD["parent"], "hash": "AB" * 32}}, "hash .* is not 64 hexadecimal"),
    ({"parent": {**GOOD["parent"], "hash": 1}}, "hash 1 is not 64 hexadecimal"),
])  # fmt: skip
def test_what_is_wrong_with_an_opening_is_named(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        read_opened({**GOOD, **changed})


def test_a_long_line_of_parents_is_refused() -> None:
    assert read_opened(opened_payload(generations(*range(16, 0, -1))))
    with pytest.raises(ContractError, match="names more than 16 parents"):
        read_opened(opened_payload(generations(*range(17, 0, -1))))


def test_a_payload_without_form_is_refused() -> None:
    for payload in (None, [], "x"):
        with pytest.raises(ContractError, match="is not an object"):
            read_opened(payload)
    with pytest.raises(ContractError, match="run.reported lacks events"):
        read_reported({})
    with pytest.raises(ContractError, match="events '-1' is not 0 or more"):
        read_reported({**REPORT, "events": "-1"})
