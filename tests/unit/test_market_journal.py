"""Market data in a journal: what goes in comes out, and what is unfinished is never whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.prop import a_market_event, chance
from tools.live import market_journal
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import MARKET_DATA, MARKET_FACTS, DepthSnapshot, FeedLost, Trade
from tools.live.journal.errors import StorageFailed
from tools.live.journal.market_facts import IMPORT, RECORD
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.outcome import Limits, Outcome
from tools.live.journal.reader import Reader, verify
from tools.live.journal.upkeep import RIGHT, check_indexes
from tools.live.journal.writer import Journal
from tools.live.market.normalize.wire import WireFault, WireRefused
from tools.live.market_journal import MarketJournal, look, read, refuse_journal

ABOUT = {"format": "capture", "kind": "market", "sha256": "00"}
ONE = Trade("BTC", "here", "7", None, 10**9, 2 * 10**9, None, None, 5)
NO = WireRefused(WireFault.NOT_DATA, "e", "'x'")
NOW = 1_000


def begin(folder: Path, how: str = IMPORT, limits: Limits | None = None) -> MarketJournal:
    return MarketJournal.begin(
        OsDisk(folder), ABOUT, how=how, holder="a test", time_ns=NOW,
        limits=limits or Limits(),
    )  # fmt: skip


def events_of(folder: Path) -> list[object]:
    disk = OsDisk(folder)
    return [item for _, _, items in read(disk, look(disk).last_seq) for item in items]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_heard_is_read_back(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = chance(seed)
    monkeypatch.setattr(market_journal, "BATCH", random.choice((1, 3, 50)))
    kinds = (*MARKET_DATA, *MARKET_FACTS)
    events = [a_market_event(random, random.choice(kinds)) for _ in range(100)]
    journal = begin(tmp_path / "m", limits=Limits(batch_records=random.choice((2, 60))))
    lines, left = 0, list(events)
    while left:
        some, left = left[: random.randrange(4)], left[random.randrange(1):]
        left = left[len(some):]
        lines += 1
        assert journal.hear(1, some) == []
        if random.random() < 0.2:
            journal.commit()
    counts = journal.counts(lines)
    assert counts.broken(journal.stored()) is None and counts.all_events == len(events)
    head = journal.finish(counts, NOW)
    assert events_of(tmp_path / "m") == events
    kept = look(OsDisk(tmp_path / "m"))
    assert kept.finished and kept.head_hash == head and kept.opened.about == ABOUT


def test_the_first_record_says_what_it_is_and_the_last_what_came_of_it(tmp_path: Path) -> None:
    journal = begin(tmp_path / "m")
    assert journal.hear(2, [ONE, NO]) == [NO]
    assert journal.hear(3, []) == []
    journal.add_fact(FeedLost("BTC", "here", "over", 6))
    counts = journal.counts(5)
    journal.finish(counts, NOW + 1)
    records = list(Reader(OsDisk(tmp_path / "m")).poll())
    assert [one.topic for one in records] == [
        "system.log.created", "market.opened", "md.trade", "md.feed_lost", "market.imported",
        "system.log.closed",
    ]  # fmt: skip
    assert [(one.src, one.sseq, one.ts) for one in records[1:5]] == [
        ("market", 1, NOW), ("feed", 1, 5), ("feed", 2, 6), ("market", 2, NOW + 1),
    ]  # fmt: skip
    assert all(one.corr == one.cause == 0 for one in records)
    assert records[1].payload()["about"] == ABOUT and records[1].payload()["how"] == IMPORT
    assert records[4].payload() == counts.payload() == {
        "lines": 5, "passed_over": 3, "said": 2, "items": 2, "facts": 1,
        "events": {"md.trade": 1, "md.feed_lost": 1}, "refused": {"not_data": 1},
    }  # fmt: skip


def test_equal_imports_make_equal_journals(tmp_path: Path) -> None:
    contents = []
    for name in ("a", "b"):
        journal = begin(tmp_path / name)
        journal.hear(1, [ONE])
        journal.finish(journal.counts(1), NOW)
        (segment,) = (tmp_path / name / "segments").glob("*.jsonl")
        contents.append(segment.read_bytes())
    assert contents[0] == contents[1]


def test_an_event_that_no_record_holds_is_refused_and_counted(tmp_path: Path) -> None:
    levels = tuple((10**20 + n, 10**20 + n) for n in range(24_000))
    huge = DepthSnapshot("BTC", "here", levels, (), None, None, 5)
    journal = begin(tmp_path / "m")
    (said,) = journal.hear(1, [ONE, huge])
    assert said == WireRefused(
        WireFault.TOO_LONG, "md.depth_snapshot", "more than a record of the journal holds"
    )
    counts = journal.counts(1)
    assert counts.refused == {"too_long": 1} and counts.broken(journal.stored()) is None
    journal.finish(counts, NOW)
    assert events_of(tmp_path / "m") == [ONE]


def test_the_longest_event_that_is_taken_fits_into_a_record(tmp_path: Path) -> None:
    """The bound leaves room for what the log puts around."""
    name = "S" * (market_journal._MOST_TEXT - 90)
    journal = begin(tmp_path / "m")
    said = [journal.hear(1, [FeedLost("B", "here", name + "x" * more, 5)]) for more in range(30)]
    taken = [number for number, refused in enumerate(said) if not refused]
    assert 0 < len(taken) < 30 and taken == list(range(len(taken)))
    journal.finish(journal.counts(30), NOW)
    assert len(events_of(tmp_path / "m")) == len(taken)


def test_large_events_do_not_pile_up(tmp_path: Path) -> None:
    levels = tuple((10**20 + n, 10**20 + n) for n in range(8_000))
    large = DepthSnapshot("BTC", "here", levels, (), None, None, 5)
    journal = begin(tmp_path / "m")
    for _ in range(12):
        journal.hear(1, [large])
        assert sum(len(parts[0]) for parts in journal._taken) < 2 * 1024 * 1024
    journal.finish(journal.counts(12), NOW)
    assert len(events_of(tmp_path / "m")) == 12


def test_a_long_journal_keeps_no_more_in_memory_than_its_last_segment(tmp_path: Path) -> None:
    journal = begin(tmp_path / "m", limits=Limits(batch_records=200, rotate_bytes=50_000))
    for _ in range(30):
        journal.hear(1, [ONE] * 100)
        journal.commit()
    sealed = journal.journal._sealed
    assert len(sealed) > 5 and not any(one.places.places for one in sealed)
    journal.finish(journal.counts(30), NOW)
    found = check_indexes(OsDisk(tmp_path / "m"))
    assert len(found) > 5 and all(one.found == RIGHT for one in found)


def test_an_import_without_its_last_record_is_refused_and_a_recording_is_read(
    tmp_path: Path,
) -> None:
    for how in (IMPORT, RECORD):
        journal = begin(tmp_path / how, how)
        journal.hear(1, [ONE])
        journal.commit()
        journal.let_go()
    with pytest.raises(ContractError, match="holds an import that was cut short; remove it, and"):
        look(OsDisk(tmp_path / IMPORT))
    kept = look(OsDisk(tmp_path / RECORD))
    assert not kept.finished and kept.last_seq == 2
    assert events_of(tmp_path / RECORD) == [ONE]


def test_events_are_read_up_to_the_seq_that_was_proven(tmp_path: Path) -> None:
    journal = begin(tmp_path / "m", RECORD)
    journal.hear(1, [ONE])
    journal.commit()
    disk = OsDisk(tmp_path / "m")
    last_seq = look(disk).last_seq
    journal.hear(1, [ONE])
    journal.commit()
    assert [len(items) for _, _, items in read(disk, last_seq)] == [0, 0, 1]
    journal.let_go()


def test_a_folder_with_any_journal_is_refused(tmp_path: Path) -> None:
    begin(tmp_path / "m").let_go()
    with pytest.raises(ContractError, match="has a journal already; name a new one"):
        begin(tmp_path / "m")
    (tmp_path / "h").mkdir()
    refuse_journal(OsDisk(tmp_path / "h"))
    (tmp_path / "h" / "HALT.json").write_text("{}")
    names = [path.name for path in (tmp_path / "m").iterdir()]
    assert "segments" in names


def test_a_journal_of_something_else_is_refused(tmp_path: Path) -> None:
    disk = OsDisk(tmp_path / "run")
    journal = Journal.open(disk, log_id="run-1", holder="a test", time_ns=NOW)
    journal.append("run.opened", 5, "run", 1, {})
    journal.close(NOW)
    with pytest.raises(ContractError, match=r"holds a journal with run\.opened first, not mark"):
        look(disk)


def test_a_record_of_somebody_else_among_the_events_is_refused(tmp_path: Path) -> None:
    journal = begin(tmp_path / "m", RECORD)
    journal.journal.append("md.trade", 5, "stranger", 1, {})
    journal.commit()
    journal.let_go()
    with pytest.raises(ContractError, match="a record of 'stranger' at seq 2; give a market jou"):
        events_of(tmp_path / "m")


def test_a_journal_that_takes_nothing_more_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = begin(tmp_path / "m")
    monkeypatch.setattr(journal.journal.queue, "extend", lambda *_given: Outcome.REFUSED)
    journal.hear(1, [ONE])
    with pytest.raises(StorageFailed, match="the events up to number 1 are refused"):
        journal.commit()
    journal.let_go()


def test_a_journal_that_cannot_say_what_it_is_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: object, **_named: object) -> None:
        raise StorageFailed("no")

    monkeypatch.setattr(Journal, "commit_all", fail)
    with pytest.raises(StorageFailed):
        begin(tmp_path / "m")
    monkeypatch.undo()
    log_id = verify(OsDisk(tmp_path / "m")).log_id
    Journal.open(OsDisk(tmp_path / "m"), log_id=log_id, holder="next", time_ns=NOW).let_go()
