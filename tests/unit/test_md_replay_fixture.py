"""The lock: what it holds, what it says when something moved, and which files it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.md_replay_builders import BTC, SOURCE, a_quote, replayed, whole
from tools.live.core import codec
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import MarketEvent
from tools.live.md_replay_fixture import fixture_text, moved, read_fixture
from tools.live.md_replay_report import form

INPUT = {"kind": "market", "format": "capture", "sha256": "ab" * 32}
NAME = f"{SOURCE} {BTC}"


def data_of(*events: MarketEvent, about: dict[str, Any] = INPUT) -> dict[str, Any]:
    return {**form(replayed(*events), about), "status": "ok", "failures": []}


def locked(data: dict[str, Any]) -> dict[str, Any]:
    fixture: dict[str, Any] = json.loads(fixture_text(data))
    return fixture


def test_it_is_one_canonical_line_with_its_version() -> None:
    text = fixture_text(data_of(*whole()))
    fixture = json.loads(text)
    assert text == codec.canonical(fixture) + "\n"
    assert sorted(fixture) == ["feeds", "input", "kind", "terms", "v"]
    assert (fixture["v"], fixture["kind"]) == (1, "md_replay.drift")
    assert fixture["input"] == {"format": "capture", "sha256": "ab" * 32}
    (feed,) = fixture["feeds"]
    assert feed["counts"] == {"snapshots": 1, "deltas": 2} and feed["drift"]["compared"] == 3


def test_what_did_not_move_is_not_told(tmp_path: Path) -> None:
    data = data_of(*whole())
    path = tmp_path / "lock.json"
    path.write_text(fixture_text(data))
    assert moved(read_fixture(str(path), "--check"), data) == []


def test_the_same_distributions_of_another_input_have_not_moved() -> None:
    other = {**INPUT, "format": "journal", "sha256": "cd" * 32}
    assert moved(locked(data_of(*whole())), data_of(*whole(), about=other)) == []


def test_what_moved_is_told_from_what_to_what() -> None:
    before = locked(data_of(*whole()))
    told = moved(before, data_of(*whole(), a_quote(8, 101, 109)))
    assert f"moved: {NAME} drift.ticks.high from 3.0 to 7.0" in told
    assert f"moved: {NAME} drift.compared from 3 to 4" in told
    assert f'moved: {NAME} drift.histogram_ticks.10 from nothing to 1' in told
    assert not any("drift.bid.low" in one or "input" in one for one in told)
    assert told == sorted(told)


def test_another_input_is_named_when_something_moved() -> None:
    before = locked(data_of(*whole()))
    other = {**INPUT, "sha256": "cd" * 32}
    told = moved(before, data_of(*whole()[:-1], about=other))
    assert told[-1] == (
        "moved: the input is another one: format and sha256"
        " from capture abababababab to capture cdcdcdcdcdcd"
    )


def test_a_feed_that_is_new_or_gone_has_moved() -> None:
    one, two = data_of(*whole()), data_of(*whole(), a_quote(9, symbol="ETHUSDT"))
    assert f"moved: {SOURCE} ETHUSDT drift.quotes from nothing to 1" in moved(locked(one), two)
    assert f"moved: {SOURCE} ETHUSDT drift.quotes from 1 to nothing" in moved(locked(two), one)


def _with(**changes: Any) -> dict[str, Any]:
    return {**locked(data_of(*whole())), **changes}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "is not JSON at line 1"),
        ("[]", "is no drift fixture"),
        ("{}", "is no drift fixture"),
        (_with(kind="other"), "is no drift fixture"),
        (_with(v=2), "is of version 2, and this program reads 1; write it anew with"),
        (_with(v=True), "is of version True"),
        (_with(v="1"), "is of version '1'"),
        (_with(more=1), "keys feeds,input,kind,more,terms,v are not"),
        (_with(terms=[]), r"terms \[\] are not tick, window_ms, ring, drift_keep"),
        (_with(terms={"tick": "0.01"}), "terms .* are not tick"),
        (_with(terms={"tick": 1, "window_ms": 1, "ring": 1, "drift_keep": 1}), "are not tick"),
        (_with(terms={"tick": "1", "window_ms": True, "ring": 1, "drift_keep": 1}), "are not tick"),
        (_with(input="x"), "input 'x' is no object"),
        (_with(feeds={}), "feeds are no list of objects"),
        (_with(feeds=[1]), "feeds are no list of objects"),
        (_with(feeds=[{"source": "a", "symbol": "b"}]), "feeds are no list of objects"),
        (_with(feeds=[{"source": "a", "symbol": 1, "drift": {}}]), "feeds are no list"),
        (_with(feeds=[{"source": 1, "symbol": "a", "drift": {}}]), "feeds are no list"),
        (_with(feeds=[{"source": 1, "symbol": 1, "drift": {}}]), "feeds are no list"),
    ],
)
def test_other_files_are_refused(
    tmp_path: Path, content: str | dict[str, Any], why: str
) -> None:
    path = tmp_path / "lock.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(ContractError, match=f"^--check '.*lock.json'.*{why}") as refused:
        read_fixture(str(path), "--check")
    assert "--write-fixture" in str(refused.value)
