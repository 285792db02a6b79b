"""What the demo returns: a str that is the line, and that knows its data, events and page."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from pathlib import Path

import pytest

from tests.unit.builders import BTC, T0_MS
from tools.live.core.contracts_v1 import Entry, ParamsSet
from tools.live.core.errors import ContractError
from tools.live.execution_loop import run_shadow_demo
from tools.live.reports.shadow_report import ShadowReport


def a_report() -> ShadowReport:
    return run_shadow_demo([BTC], 5, clock=lambda: T0_MS)


def test_it_is_the_line_with_its_newline() -> None:
    report = a_report()
    assert isinstance(report, str)
    assert report.endswith("}\n")
    assert report.count("\n") == 1
    assert json.loads(report) == report.data


def test_it_equals_and_hashes_like_its_text() -> None:
    report = a_report()
    text = "".join(report)
    assert report == text
    assert {report: 1}[text] == 1


def test_its_events_are_the_recorded_line() -> None:
    report = a_report()
    assert isinstance(report.events, tuple)
    assert [entry.seq for entry in report.events] == list(range(1, len(report.events) + 1))
    assert isinstance(report.events[0].event, ParamsSet)
    assert len(report.events) == report.data["integrity"]["events"]


def test_any_data_and_events_can_be_made_one() -> None:
    entry = Entry(1, "operator", 1, 0, ParamsSet(1, 0, 7))
    report = ShadowReport({"b": 1, "a": [None]}, [entry])
    assert report == '{"a":[null],"b":1}\n'
    assert report.events == (entry,)


def test_saving_writes_the_line_byte_for_byte(tmp_path: Path) -> None:
    report = a_report()
    target = tmp_path / "report.json"
    report.save(str(target))
    assert target.read_bytes() == report.encode("ascii")
    assert list(tmp_path.iterdir()) == [target]


def test_saving_replaces_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old", encoding="utf-8")
    a_report().save(str(target))
    assert target.read_bytes().startswith(b'{"edge":')


def test_a_name_that_ends_in_html_gets_the_page(tmp_path: Path) -> None:
    report = a_report()
    target = tmp_path / "report.html"
    report.save(str(target))
    assert target.read_text(encoding="utf-8") == report.html()
    assert report.html().lower().startswith("<!doctype html>")


def test_saving_takes_a_path_object_too(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    a_report().save(target)
    assert target.exists()


def test_a_folder_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="nowhere"):
        a_report().save(str(tmp_path / "nowhere" / "report.json"))


def test_in_a_notebook_it_shows_a_fragment_without_a_script() -> None:
    shown = a_report()._repr_html_()
    assert "<svg" in shown
    assert "<script" not in shown.lower().replace('<script type="application/json"', "")


def test_the_demo_prints_nothing_and_needs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    report = run_shadow_demo()
    assert report.data["execution"] == {"iterations": 50, "symbols": ["BTCUSDT", "ETHUSDT"]}
    assert capsys.readouterr() == ("", "")


def test_the_demo_runs_inside_a_running_event_loop() -> None:
    async def cell() -> ShadowReport:
        return a_report()

    assert asyncio.run(cell()) == a_report()


def test_a_copy_keeps_the_data_and_the_events() -> None:
    report = a_report()
    for copied in (copy.copy(report), copy.deepcopy(report), pickle.loads(pickle.dumps(report))):
        assert copied == report
        assert copied.data == report.data
        assert copied.events == report.events
