"""journal.folding, .direct_calls and .fast_fold: lines that are no run, or not usual ones."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.builders import T0_NS, a_monitor
from tests.unit.journal_builders import LOG_ID, drop_mark, edit, lines_of, opened
from tests.unit.prop import an_input, chance
from tests.unit.run_journals import a_run, an_opening, put
from tools.live.core import codec
from tools.live.core.contracts_v1 import (
    INPUTS, SELL, EdgeUpdate, Entry, Executed, OrderAccepted, ParamsSet,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.core.line import source_of
from tools.live.core.money import LARGEST_E9, LARGEST_E18, to_e9, to_e18
from tools.live.core.record import fields_of
from tools.live.journal.direct_calls import UNSURE, direct_calls
from tools.live.journal.errors import IntegrityRefused
from tools.live.journal.fast_fold import Exact, FastFold, counted, usual_lines
from tools.live.journal.folding import Replay, ReplayFailed
from tools.live.journal.frame import frame_lines, genesis, record_text
from tools.live.journal.replay import find_run, rebuild
from tools.live.journal.run_facts import new_fold, opened_payload
from tools.live.journal.writer import Journal


def hand_made(*entries: Entry, **changed: Any) -> SimDisk:
    """A journal of some entries; `changed` is told by the last instead of what it says."""
    disk = SimDisk()
    journal = opened(disk, log_id=LOG_ID)
    journal.append("run.opened", T0_NS, "run", 1, opened_payload(an_opening(a_monitor(), {})))
    for place, entry in enumerate(entries, 1):
        put(journal, entry, **(changed if place == len(entries) else {}))
    journal.close(T0_NS)
    return disk


PARAMS = Entry(1, "operator", 1, 0, ParamsSet(10**9, 0, T0_NS))


def accepted(seq: int, order: str = "CLI00000001") -> Entry:
    return Entry(seq, "exchange", seq, 0, OrderAccepted(order, "X1", T0_NS))


def an_edge(seq: int) -> Entry:
    return Entry(seq, "feed", seq, 0, EdgeUpdate("BTCUSDT", 9 * 10**9, T0_NS))


@pytest.mark.parametrize(("disk", "message"), [
    (hand_made(PARAMS, accepted(3)), "the line has seq 3 where 2 must be"),
    (hand_made(PARAMS, accepted(2)), "seq 2 of the line does not fold: no order has"),
    (hand_made(PARAMS, an_edge(2), an_edge(3), accepted(4), an_edge(5)),
     "seq 4 of the line does not fold: no order has"),
    (hand_made(PARAMS, accepted(2, "\u00e9")), r"seq 2 \(order.accepted\) does not fold"),
    (hand_made(PARAMS, accepted(2), kind="order.lost"), "seq 2 .*is not an input"),
    (hand_made(PARAMS, accepted(2), payload=[1]), "seq 2 .*does not fold"),
    (hand_made(PARAMS, accepted(2), src="run", kind="run.opened"), "run.opened behind seq 1"),
    (hand_made(PARAMS, accepted(2), src="run", kind="run.other"), "run.other behind seq 1"),
])  # fmt: skip
def test_an_intact_line_that_is_no_run_is_named_by_its_seq(disk: SimDisk, message: str) -> None:
    with pytest.raises(ReplayFailed, match=message) as caught:
        rebuild(disk)
    assert caught.value.exit_code == 1


def test_nothing_stands_behind_the_report() -> None:
    disk = SimDisk()
    journal = opened(disk)
    journal.append("run.opened", T0_NS, "run", 1, opened_payload(an_opening(a_monitor(), {})))
    told = {"events": "0", "state_sha256": "0" * 64, "report_sha256": "0" * 64,
            "exchange_moved": {}}  # fmt: skip
    journal.append("run.reported", T0_NS, "run", 2, told)
    put(journal, PARAMS)
    put(journal, Entry(2, "operator", 2, 0, ParamsSet(1, 0, T0_NS)))
    journal.close(T0_NS)
    with pytest.raises(ReplayFailed, match="seq 1 of the line stands behind the report"):
        rebuild(disk)


def test_a_second_report_is_refused() -> None:
    ran = a_run(2)
    whole = rebuild(ran.disk)
    journal = Journal.open(ran.disk, log_id=whole.log_id, holder="a test", time_ns=T0_NS)
    journal.append("run.reported", T0_NS, "run", 3, {})
    journal.close(T0_NS)
    with pytest.raises(ReplayFailed, match="one run a journal"):
        rebuild(ran.disk)


def test_usual_lines_behind_the_report_are_not_folded() -> None:
    ran = a_run(2)
    whole = rebuild(ran.disk)
    journal = Journal.open(ran.disk, log_id=whole.log_id, holder="a test", time_ns=T0_NS)
    seq = whole.seq + 1
    put(journal, Entry(seq, "feed", seq, 0, an_input(chance(1), INPUTS[1])))
    journal.close(T0_NS)
    with pytest.raises(ReplayFailed, match="stands behind the report"):
        rebuild(ran.disk)


def test_a_report_of_another_version_is_not_passed_off_as_the_runs() -> None:
    ran = a_run(2)
    found = rebuild(ran.disk, digest=True)
    assert found.reported is not None
    found.fold.stats["risk_blocks"] += 1
    with pytest.raises(Exception, match="risk_blocks|hash"):
        found.report()
    plain = rebuild(ran.disk)
    with pytest.raises(ReplayFailed, match="comes out with the hash .* replay it with version"):
        plain.report()


class Calls:
    """Stands for a fold and remembers how its verbs were called."""

    def __init__(self) -> None:
        self.made: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *given: self.made.append((name, given))


@pytest.mark.parametrize("seed", range(30))
def test_a_usual_line_calls_the_fold_as_its_event_would(seed: int) -> None:
    rng = chance(seed)
    calls = Calls()
    table = usual_lines(calls)  # type: ignore[arg-type]
    matched = 0
    for contract in INPUTS:
        for _ in range(6):
            event = an_input(rng, contract)
            entry = Entry(1, source_of(contract), 1, 0, event)
            line = lines_of(hand_made(entry))[2][:-1]
            usual = table.get(line[-60:-27])
            match = None if usual is None else usual[0](line)
            if usual is None or match is None:
                continue
            matched += 1
            usual[1](match.groups())
            verb, given = calls.made.pop()
            assert given == tuple(getattr(event, name) for name in fields_of(contract))
            assert not calls.made
            assert callable(getattr(new_fold(an_opening(a_monitor(), {})), verb))
    assert matched > 5


@pytest.mark.parametrize("seed", range(20))
def test_digits_that_an_expression_has_matched_are_read_as_everywhere(seed: int) -> None:
    rng = chance(seed)
    for scale, read, largest in ((9, to_e9, LARGEST_E9), (18, to_e18, LARGEST_E18)):
        table = Exact(scale)
        for _ in range(50):
            whole = str(rng.randrange(10 ** rng.randrange(1, 16)))
            told = rng.choice(("", "-")) + rng.choice(("", "0", "00")) + whole
            told = told[: 15 + told.startswith("-")]
            if rng.random() < 0.7:
                decimals = rng.randrange(1, scale + 1)
                told += "." + "".join(rng.choice("0019") for _ in range(decimals))
            assert table[told.encode()] == table[told.encode()] == read(told, "number")
        assert table[b"9" * 15 + b"." + b"9" * scale] < largest


@pytest.mark.parametrize("first", [0, 1, 7, 990, 998, 999, 1000, 1001, 123_999, 10**18 - 3])
def test_counting_is_spelling_every_number(first: int) -> None:
    for size in (0, 1, 2, 13, 999, 1000, 1001, 2500):
        plain = ",".join(map(str, range(first, first + size)))
        assert counted(first, size) == plain.encode()


def test_text_that_is_not_ascii_or_not_short_takes_the_careful_way() -> None:
    long = "CLI" + "0" * 300
    for order in (long, "a\\b", "a\nb", '"'):
        with pytest.raises(ReplayFailed, match=r"seq 2 \(order.accepted\) does not fold"):
            rebuild(hand_made(PARAMS, accepted(2, order)))


@pytest.mark.parametrize("seed", range(30))
def test_a_payload_is_read_as_its_event_would_be(seed: int) -> None:
    """Whatever the direct way does not leave to the careful one, it reads as that one does."""
    rng = chance(seed)
    calls = Calls()
    table = direct_calls(calls)  # type: ignore[arg-type]
    read = left = 0
    for contract in (one for one in INPUTS if one.kind in table):
        for _ in range(12):
            event = an_input(rng, contract)
            told = codec.envelope(Entry(1, "feed", 1, 0, event))
            payload = told["payload"]
            name = rng.choice(sorted(payload))
            odd = rng.choice((None, 1, True, 1.5, [], {}, "x", "1e2", "+1", "007", "Buy", "buy"))
            change = rng.choice(("none", "none", "none", "value", "gone", "more"))
            if change == "value":
                payload[name] = odd
            elif change == "gone":
                del payload[name]
            elif change == "more":
                payload["more"] = odd
            try:
                arguments = table[contract.kind][0](payload)
            except UNSURE:
                left += 1
                continue
            read += 1
            known = codec.from_envelope(told).event
            table[contract.kind][1](*arguments, event.ts_ns)
            assert calls.made.pop()[1] == tuple(getattr(known, n) for n in fields_of(contract))
    assert read > 30 and left > 5


@pytest.mark.parametrize("base", [0, 2, 3])
def test_a_batch_that_begins_behind_its_record_is_refused(base: int) -> None:
    """The chain is right, and yet no writer can have written it."""
    created = f'{{"log_id":"{LOG_ID}"}}'
    opening = codec.canonical(opened_payload(an_opening(a_monitor(), {})))
    told = (("system.log", "system.log.created", created), ("run", "run.opened", opening),
            ("feed", "edge.update", '{"net_bps":"9","symbol":"BTC"}'))  # fmt: skip
    records = [
        record_text(
            base=base if src == "feed" else 0, cause=0, corr=1, sseq=1, payload=payload, seq=seq,
            src=src, topic=topic, ts=T0_NS,
        ).encode()
        for seq, (src, topic, payload) in enumerate(told)
    ]  # fmt: skip
    disk = edit(drop_mark(hand_made(PARAMS)), frame_lines(genesis(LOG_ID), records)[0])
    if base <= 2:
        assert rebuild(disk).seq == 1
    else:
        with pytest.raises(IntegrityRefused, match="wrong seq, batch base or form"):
            rebuild(disk)


SECOND = b'{"b":2,"cause":0,"corr":2,"id":"2","p":{"net_bps":"9","symbol":"BTC"}'
BEHIND = b',"src":"feed","topic":"edge.update","ts":%d,"v":1}' % T0_NS


@pytest.mark.parametrize("changes", [
    {}, {b'"b":2': b'"b":3'}, {b'"b":2': b'"b":4'}, {b'"b":2': b'"b":02'}, {b'"b":2': b'"b":-1'},
    {b'"id":"2"': b'"id":"02"'}, {b'"id":"2"': b'"id":"3"'}, {b'"corr":2': b'"corr":02'},
    {b'"corr":2': b'"corr":0'}, {b'"cause":0': b'"cause":00'}, {b'"q":3': b'"q":03'},
    {b'"q":3': b'"q":4'}, {b'"ts":1': b'"ts":01'}, {b"BTC": b"B\x01C"}, {b"BTC": b"B\xc3\xa9C"},
    {b"BTC": b"B\xffC"}, {b"BTC": b"B" * 200_000}, {b'"9"': b'"09"'}, {b'"9"': b'"9."'},
    {b'"net_bps":"9"': b'"net_bps":null'}, {b"feed": b"loop"},
    {b"feed": b"loop", b"edge.update": b"order.cancel"},
    {b"feed": b"loop", b"edge.update": b"order.cancel", b"BTC": b"B\x01C"},
    {b"feed": b"loop", b"edge.update": b"order.cancel", b"BTC": b"B\xffC"},
    {b"feed": b"exchange"}, {b'"v":1': b'"v":2'},
])  # fmt: skip
def test_of_what_the_chain_proves_the_fast_way_takes_no_more_than_the_careful_one(
    monkeypatch: pytest.MonkeyPatch, changes: dict[bytes, bytes]
) -> None:
    whole = hand_made(PARAMS, an_edge(2), an_edge(3), an_edge(4))
    records = [line[76:-2] for line in lines_of(whole)]
    odd = SECOND + b',"q":3' + BEHIND
    for old, new in changes.items():
        odd = odd.replace(old, new)
    records[3] = odd
    disk = edit(drop_mark(whole), frame_lines(genesis(LOG_ID), records)[0])
    opening = an_opening(a_monitor(), {})
    alone = Replay(LOG_ID, opening, new_fold(opening))
    with suppress(ReplayFailed):
        FastFold(alone, None).run(disk.clone())
    found = judged(disk.clone())
    monkeypatch.setattr(FastFold, "run", lambda self, disk: None)
    assert judged(disk) == found
    assert alone.journal_seq == (2 if isinstance(found[0], str) else 6)
    assert changes or found[0] == 4


def judged(disk: SimDisk) -> Any:
    """What a rebuild comes to, or where and why it is refused."""
    try:
        found = rebuild(disk, digest=True)
    except (ContractError, IntegrityRefused, ReplayFailed) as error:
        return error.__class__.__name__, str(error).replace(" (edge.update)", "")
    assert found.line_digest is not None
    return found.seq, found.journal_seq, found.head, found.state_sha256, found.line_digest.closed


@pytest.mark.parametrize(("fee", "exact"), [
    ('"0.000000000000000123"', 123), ('"-2.5"', -25 * 10**17), ("null", None),
])  # fmt: skip
def test_a_fee_is_read_at_its_own_scale(fee: str, exact: int | None) -> None:
    calls = Calls()
    event = Executed("F1", "X1", "BTCUSDT", SELL, 10**9, 2 * 10**9, "maker", None, "", T0_NS)
    line = lines_of(hand_made(Entry(1, "exchange", 1, 0, event)))[2][:-1]
    find, call = usual_lines(calls)[line[-60:-27]]  # type: ignore[arg-type]
    match = find(line.replace(b'"fee":null', b'"fee":' + fee.encode()))
    assert match is not None and call is not None
    call(match.groups())
    assert exact in calls.made[0][1]


def test_where_there_is_nothing_nothing_is_folded() -> None:
    opening = an_opening(a_monitor(), {})
    replay = Replay(LOG_ID, opening, new_fold(opening))
    FastFold(replay, None).run(SimDisk())
    assert (replay.seq, replay.journal_seq) == (0, -1)
    assert find_run(a_run(1).disk)[0].startswith("run-")
