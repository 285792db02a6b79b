"""A run in a journal: what opens it, what it leaves, and which folder it does not go on in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sim.journaled_runs import START_NS, run_on
from tests.sim.sim_disk import Crash, SimDisk
from tools.live import __version__
from tools.live.core import codec
from tools.live.core.contracts_v1 import INPUTS
from tools.live.core.errors import ContractError
from tools.live.journal.errors import IntegrityRefused, LogHeld
from tools.live.journal.reader import Reader, Record, verify
from tools.live.journal.run import JournaledRun, Opened, look
from tools.live.journal.writer import Journal


def an_opened(**changes: Any) -> Opened:
    values = {
        "about": {"seed": 42, "symbols": ["A"]}, "edge": "scripted", "start_ns": START_NS,
        "first_event_ns": START_NS, "max_symbol_e9": 10**13, "max_total_e9": 5 * 10**13,
        "threshold_bps_e9": -1, "maker_bps_e9": 10**9, "taker_bps_e9": 7 * 10**9, "retain": None,
    }  # fmt: skip
    return Opened(**{**values, **changes})


def begun(disk: SimDisk, **changes: Any) -> JournaledRun:
    return JournaledRun.begin(disk, an_opened(**changes), holder="a test", time_ns=START_NS)


def records(disk: SimDisk) -> list[Record]:
    return list(Reader(disk).poll())


def test_the_first_word_is_what_the_run_is_made_of() -> None:
    disk = SimDisk()
    begun(disk)
    created, opened = records(disk)
    assert created.topic == "system.log.created"
    assert (opened.topic, opened.src, opened.sseq, opened.ts) == ("run.opened", "run", 1, START_NS)
    assert opened.payload() == {
        "about": {"seed": 42, "symbols": ["A"]},
        "edge": "scripted",
        "start_ns": str(START_NS),
        "first_event_ns": str(START_NS),
        "limits": {
            "max_symbol_e9": "10000000000000",
            "max_total_e9": "50000000000000",
            "threshold_bps_e9": "-1",
        },
        "fees": {"maker_bps_e9": "1000000000", "taker_bps_e9": "7000000000"},
        "retain": None,
        "held_before": {},
        "config_sha256": codec.sha256({"seed": 42, "symbols": ["A"]}),
        "code_version": __version__,
        "parent": None,
    }


def test_the_first_word_is_durable_before_anything_happens() -> None:
    disk = SimDisk()
    begun(disk)
    disk.power_loss(3)
    assert look(disk).opened is not None


def test_the_last_word_is_what_it_came_to_and_the_end_is_meant() -> None:
    disk = SimDisk()
    text, run = run_on(disk)
    report = json.loads(text)
    *_, reported, closed = records(disk)
    assert (reported.topic, reported.src, reported.sseq) == ("run.reported", "run", 2)
    assert reported.payload() == {
        "exchange_moved": {
            name: str(round(qty * 10**9)) for name, qty in report["positions"]["by_symbol"].items()
        },
        "events": str(report["integrity"]["events"]),
        "state_sha256": report["integrity"]["state_sha256"],
        "report_sha256": codec.sha256(report),
    }
    assert closed.topic == "system.log.closed"
    assert run is not None and report["integrity"]["journal_id"] == run.journal.log_id
    verify(disk)


def test_every_entry_reads_back_as_the_input_it_was() -> None:
    disk = SimDisk()
    run_on(disk)
    kinds = {contract.kind for contract in INPUTS}
    seqs = []
    for one in records(disk):
        if one.src in ("run", "system.log"):
            continue
        seqs.append(one.sseq)
        if one.topic not in kinds:
            continue
        entry = codec.from_envelope({
            "v": 1, "seq": one.sseq, "ts_ns": one.ts, "kind": one.topic, "src": one.src,
            "corr": one.corr, "cause": one.cause, "payload": one.payload(),
        })  # fmt: skip
        assert codec.envelope(entry)["payload"] == one.payload()
    assert seqs == list(range(1, len(seqs) + 1))


def test_an_empty_folder_holds_nothing() -> None:
    found = look(SimDisk())
    assert (found.log_id, found.opened, found.finished, found.start_ns) == (None, None, False, None)


def test_a_log_without_a_first_word_is_begun_under_its_own_id() -> None:
    """The crash came between the birth of the log and the first word of the run."""
    disk = SimDisk()
    Journal.open(disk, log_id="run-of-old", holder="a test", time_ns=1)
    disk.kill9()
    run = begun(disk)
    assert (run.resumed, run.journal.log_id) == (False, "run-of-old")
    assert [one.topic for one in records(disk)] == [
        "system.log.created", "system.log.recovered", "run.opened",
    ]  # fmt: skip


def test_another_time_of_day_is_the_same_run_and_goes_on_at_its_own() -> None:
    disk = SimDisk()
    begun(disk)
    disk.kill9()
    assert look(disk).start_ns == START_NS
    assert begun(disk, start_ns=START_NS + 5, first_event_ns=START_NS + 5).resumed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"edge": "computed"}, "a run with edge 'scripted', not 'computed'"),
        ({"max_symbol_e9": 1}, "a run with max_symbol_e9 '10000000000000', not '1'"),
        ({"taker_bps_e9": 0}, "a run with taker_bps_e9 '7000000000', not '0'"),
        ({"retain": 5}, "a run with retain None, not 5"),
        ({"about": {"seed": 43, "symbols": ["A"]}}, "a run with seed 42, not 43"),
        ({"about": {"seed": 42}}, r"a run with symbols \['A'\], not None"),
    ],
    ids=["edge", "limit", "fee", "retain", "seed", "missing"],
)
def test_another_run_is_refused_by_what_differs(changes: dict[str, Any], message: str) -> None:
    disk = SimDisk()
    begun(disk)
    disk.kill9()
    before = disk.image()
    with pytest.raises(ContractError, match=message):
        begun(disk, **changes)
    assert disk.image() == before


def test_a_finished_run_is_refused() -> None:
    disk = SimDisk()
    run_on(disk)
    assert look(disk).finished
    with pytest.raises(ContractError, match="a finished run; replay it, or name another folder"):
        run_on(disk)


def test_a_second_process_is_refused_by_name() -> None:
    disk = SimDisk()
    begun(disk)
    with pytest.raises(LogHeld, match="held by a test"):
        begun(disk)


def test_a_damaged_journal_is_refused() -> None:
    disk = SimDisk()
    begun(disk).let_go()
    disk.flip("segments/00000000000000000000.jsonl", 900)
    with pytest.raises(IntegrityRefused):
        begun(disk)


def test_what_fails_after_the_opening_lets_go_of_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SimDisk()

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no line today")

    with monkeypatch.context() as patch:
        patch.setattr("tools.live.journal.run.JournalLine", broken)
        with pytest.raises(RuntimeError):
            begun(disk)
    assert begun(disk).resumed


def test_a_run_that_did_not_finish_is_let_go_unfinished() -> None:
    disk = SimDisk()
    disk.crash_at = 120
    with pytest.raises(Crash):
        run_on(disk)
    disk.kill9()
    disk.crash_at = 0
    assert not look(disk).finished


REPORT = {"integrity": {"events": 0, "state_sha256": "ab" * 32}}


@pytest.mark.parametrize("restarted_at", [None, START_NS - 9, START_NS + 9])
def test_the_last_word_is_not_before_the_first_whatever_the_clock_says(
    restarted_at: int | None,
) -> None:
    disk = SimDisk()
    run = begun(disk)
    if restarted_at is not None:
        run.let_go()
        run = begun(disk, start_ns=restarted_at)
        assert run.resumed
    run.finish(REPORT, {}, START_NS - 5)
    assert [one.ts for one in records(disk) if one.src == "run"] == [START_NS, START_NS]


def test_the_last_word_is_of_its_own_time() -> None:
    disk = SimDisk()
    begun(disk).finish(REPORT, {}, START_NS + 5)
    assert [one.ts for one in records(disk) if one.src == "run"] == [START_NS, START_NS + 5]
