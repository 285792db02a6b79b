"""tools.live.journal.rederive: every decision is made again and held against the record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.builders import (
    T0_NS, PlainExchange, a_loop, a_monitor, a_quote, frozen_while_sending, recorded, some_params,
)  # fmt: skip
from tests.unit.journal_builders import opened
from tests.unit.run_journals import a_moody_run, a_run, an_opening, put, write_run
from tools.live.core import codec
from tools.live.core.contracts_v1 import Approved, CancelOrder, Entry
from tools.live.journal.rederive import Verified, rederive
from tools.live.journal.replay import find_run
from tools.live.journal.run_facts import opened_payload


def told(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    return [codec.envelope(entry) for entry in entries]


def journal_of(lines: Sequence[dict[str, Any]], opening: Any) -> SimDisk:
    """A journal of envelopes, numbered anew."""
    disk = SimDisk()
    journal = opened(disk)
    journal.append("run.opened", T0_NS, "run", 1, opened_payload(opening))
    for seq, line in enumerate(lines, 1):
        journal.append(
            line["kind"], line["ts_ns"], line["src"], seq, line["payload"], corr=line["corr"],
            cause=line["cause"],
        )  # fmt: skip
        journal.commit()
    journal.close(T0_NS)
    return disk


def verified_of(lines: Sequence[dict[str, Any]]) -> Verified:
    return rederive(journal_of(lines, an_opening(a_monitor(), {})))


@pytest.mark.parametrize("options", [
    {}, {"edge": "computed", "steps": 40}, {"edge": "markouts", "steps": 40, "threshold": 99.0},
    {"threshold": 6.0}, {"max_inv": 700.0},
])  # fmt: skip
def test_a_run_comes_out_as_recorded(options: dict[str, Any]) -> None:
    ran = a_run(**options)
    found = rederive(ran.disk)
    assert found.holds and found.difference is None and found.state_as_reported is True
    assert found.compared == sum(entry.src == "loop" for entry in ran.entries)
    assert found.open_outputs == 0


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("seed", range(40))
def test_a_random_run_comes_out_as_recorded(seed: int) -> None:
    ran = a_moody_run(seed)
    found = rederive(ran.disk)
    assert found.holds, found.difference
    assert found.compared == sum(entry.src == "loop" for entry in ran.entries)
    assert found.state_as_reported is None


@pytest.mark.usefixtures("untraced")
def test_every_crash_in_a_run_verifies_as_far_as_it_goes() -> None:
    ran = a_run(4, threshold=6.0)
    opening = find_run(ran.disk)[1]
    unsent = 0
    for end in range(len(ran.entries)):
        disk = SimDisk()
        write_run(disk, opening, ran.entries[:end])
        found = rederive(disk)
        assert found.holds, found.difference
        unsent += found.open_outputs
    assert unsent > 20


@pytest.mark.parametrize("field", ["price", "qty", "side", "client_order_id", "symbol"])
def test_a_changed_command_is_named_with_its_causes(field: str) -> None:
    ran = a_run(3)
    lines = told(ran.entries)
    place = [n for n, entry in enumerate(ran.entries) if isinstance(entry.event, Approved)][3]
    was = lines[place]["payload"][field]
    lines[place]["payload"][field] = other = "Buy" if was == "Sell" else f"{was}1"
    found = rederive(journal_of(lines, find_run(ran.disk)[1]))
    difference = found.difference
    assert difference is not None and not found.holds
    assert (difference.seq, difference.kind) == (place + 1, "order.place")
    assert difference.recorded is not None and difference.derived is not None
    assert difference.recorded["payload"][field] == other
    assert difference.derived["payload"][field] == was
    assert [one.topic for one in difference.causes] == ["md.quote"]
    assert difference.causes[0].seq == lines[place]["cause"]


@pytest.mark.parametrize("field", ["ts_ns", "corr", "kind"])
def test_a_command_in_another_frame_differs(field: str) -> None:
    ran = a_run(2)
    lines = told(ran.entries)
    place = next(n for n, entry in enumerate(ran.entries) if isinstance(entry.event, Approved))
    lines[place][field] = "order.cancel" if field == "kind" else lines[place][field] + 1
    found = rederive(journal_of(lines, find_run(ran.disk)[1])).difference
    assert found is not None and found.seq == place + 1


def test_a_chain_is_walked_back_to_its_input() -> None:
    """A cancel that a late acknowledgement set off has four causes."""
    loop, _ = frozen_while_sending()
    lines = told(recorded(loop))
    assert verified_of(lines).holds
    cancel = [n for n, one in enumerate(recorded(loop)) if isinstance(one.event, CancelOrder)][-1]
    lines[cancel]["payload"]["order_id"] = "X9"
    found = verified_of(lines).difference
    assert found is not None
    assert [one.topic for one in found.causes] == ["order.accepted", "order.place", "md.quote"]


def frozen_lines() -> list[dict[str, Any]]:
    loop = a_loop(PlainExchange())
    loop.on_quote(a_quote(), some_params())
    loop.freeze("halt", "ada")
    loop.unfreeze("fixed", "ada")
    return told(recorded(loop))


def kinds(lines: Sequence[dict[str, Any]]) -> list[str]:
    return [line["kind"] for line in lines]


def test_a_decision_that_is_not_recorded_is_missed_at_the_next_entry() -> None:
    lines = frozen_lines()
    at = kinds(lines).index("risk.frozen")
    assert kinds(lines)[at : at + 3] == ["risk.frozen", "order.cancel", "order.canceled"]
    for gone in (at, at + 3):
        kept = renumbered(lines, gone)
        found = verified_of(kept).difference
        assert found is not None and found.derived is not None
        assert found.seq == gone + 1
        assert found.derived["kind"] == lines[gone]["kind"]


def renumbered(lines: list[dict[str, Any]], gone: int) -> list[dict[str, Any]]:
    """Without one entry; what came later points at the same entries as before."""
    seq = gone + 1

    def moved(number: int) -> int:
        return number - 1 if number > seq else number

    kept = [line for place, line in enumerate(lines) if place != gone]
    return [{**one, "corr": moved(one["corr"]), "cause": moved(one["cause"])} for one in kept]


def test_a_missing_step_before_an_input_is_named() -> None:
    lines = frozen_lines()
    at = kinds(lines).index("order.place")
    found = verified_of([*lines[:at], lines[-2] | {"corr": at + 1}]).difference
    assert found is not None
    assert (found.seq, found.kind, found.recorded) == (at + 1, "order.place", None)
    assert [one.topic for one in found.causes] == ["md.quote"]


def test_a_decision_that_nothing_made_is_named() -> None:
    lines = frozen_lines()
    extra = lines[kinds(lines).index("order.place")]
    for cause in (extra["cause"], 1, 0):
        found = verified_of([*lines, {**extra, "cause": cause}]).difference
        assert found is not None
        assert (found.seq, found.kind, found.derived) == (len(lines) + 1, "order.place", None)
        assert len(found.causes) == (1 if cause else 0)


def test_a_decision_of_an_outer_step_does_not_come_before_the_inner_ones() -> None:
    """The freeze came in while an order was out: its own outputs come first."""
    loop, _ = frozen_while_sending()
    lines = told(recorded(loop))
    inner = kinds(lines).index("risk.frozen")
    outer = [n for n, kind in enumerate(kinds(lines)) if kind == "order.place"][1]
    found = verified_of([*lines[:inner], lines[outer]]).difference
    assert found is not None and found.derived is not None
    assert (found.seq, found.derived["kind"]) == (inner + 1, "risk.frozen")


def test_a_finished_run_has_nothing_left_to_record() -> None:
    ran = a_run(2)
    lines = told(ran.entries)
    at = max(n for n, kind in enumerate(kinds(lines)) if kind == "order.place")
    disk = SimDisk()
    journal = opened(disk)
    opening = find_run(ran.disk)[1]
    journal.append("run.opened", T0_NS, "run", 1, opened_payload(opening))
    for entry in ran.entries[:at]:
        put(journal, entry)
    state = {"events": str(at), "state_sha256": "0" * 64, "report_sha256": "0" * 64,
             "exchange_moved": {}}  # fmt: skip
    journal.append("run.reported", T0_NS, "run", 2, state)
    journal.close(T0_NS)
    found = rederive(disk)
    assert found.difference is not None
    assert (found.difference.seq, found.difference.recorded) == (at + 1, None)
    assert found.state_as_reported is False


def test_what_an_outer_step_has_left_is_found_below_a_command_that_is_out() -> None:
    loop, _ = frozen_while_sending()
    entries = recorded(loop)
    cancel = [one.seq for one in entries if isinstance(one.event, CancelOrder)][-1]
    disk = SimDisk()
    journal = opened(disk)
    opening = an_opening(a_monitor(), {})
    journal.append("run.opened", T0_NS, "run", 1, opened_payload(opening))
    for entry in entries[:cancel]:
        put(journal, entry)
    state = {"events": "1", "state_sha256": "0" * 64, "report_sha256": "0" * 64,
             "exchange_moved": {}}  # fmt: skip
    journal.append("run.reported", T0_NS, "run", 2, state)
    journal.close(T0_NS)
    found = rederive(disk).difference
    assert found is not None and found.derived is not None
    assert (found.seq, found.derived["kind"]) == (cancel + 1, "order.place")


@pytest.mark.parametrize("changed", [{"events": "1"}, {"state_sha256": "0" * 64}])
def test_a_state_that_is_not_the_reported_one_is_noticed(changed: dict[str, str]) -> None:
    ran = a_run(2)
    disk = SimDisk()
    journal = opened(disk)
    opening = find_run(ran.disk)[1]
    journal.append("run.opened", T0_NS, "run", 1, opened_payload(opening))
    for entry in ran.entries:
        put(journal, entry)
    integrity = ran.report["integrity"]
    state = {"events": str(integrity["events"]), "state_sha256": integrity["state_sha256"],
             "report_sha256": "0" * 64, "exchange_moved": {}}  # fmt: skip
    journal.append("run.reported", T0_NS, "run", 2, {**state, **changed})
    journal.close(T0_NS)
    found = rederive(disk)
    assert found.difference is None
    assert found.state_as_reported is False and not found.holds


def test_the_same_decision_in_another_spelling_is_the_same() -> None:
    """The content counts: another order of the keys, or an escape, is no difference."""
    ran = a_run(2)
    disk = SimDisk()
    journal = opened(disk)
    journal.append("run.opened", T0_NS, "run", 1, opened_payload(find_run(ran.disk)[1]))
    for line in told(ran.entries):
        payload = line["payload"]
        spelled = json.dumps({name: payload[name] for name in sorted(payload, reverse=True)})
        journal.append(
            line["kind"], line["ts_ns"], line["src"], line["seq"], spelled, corr=line["corr"],
            cause=line["cause"],
        )  # fmt: skip
        journal.commit()
    journal.close(T0_NS)
    assert rederive(disk).holds
