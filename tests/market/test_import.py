"""Real captures through the importers and a journal: the same events, in constant memory."""

from __future__ import annotations

import gzip
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.market.captures import SPOT, USDM, extract, recording
from tests.unit.market_files import npy
from tools.live.journal.market_facts import IMPORT
from tools.live.journal.os_disk import OsDisk
from tools.live.market.importers import content
from tools.live.market.importers.own import line_of
from tools.live.market.normalize.wire import WireRefused
from tools.live.market_cli import main
from tools.live.market_journal import MarketJournal
from tools.live.market_source import open_market

Capture = pytest.CaptureFixture[str]
MS = 1723161254087
ROOM = 1.15  # of the peak: a dictionary that doubles once more, an index that grows


@pytest.mark.parametrize("market", [SPOT, USDM])
def test_an_extract_comes_back_from_its_journal(
    tmp_path: Path, capsys: Capture, market: str
) -> None:
    path = extract(market)
    assert main([str(path), "--journal", str(tmp_path / "m"), "--strict"]) == 0
    events = list(open_market(str(path)))
    assert len(events) == 400 and list(open_market(str(tmp_path / "m"))) == events
    lines = tmp_path / "lines"
    lines.write_bytes(b"".join(line_of(one) for one in events if not isinstance(one, WireRefused)))
    assert list(open_market(str(lines))) == events


def test_a_recording_comes_back_from_its_journal_in_file_order(
    tmp_path: Path, capsys: Capture
) -> None:
    path = recording(SPOT)
    assert main([str(path), "--journal", str(tmp_path / "m"), "--strict"]) == 0
    count = 0
    for ours, theirs in zip(open_market(str(tmp_path / "m")), open_market(str(path)), strict=True):
        assert ours == theirs
        count += 1
    assert count == 41_249


def test_what_is_in_a_recording_of_futures_is_counted() -> None:
    counts = Counter(one.__class__.__name__ for one in open_market(str(recording(USDM))))
    assert sum(counts.values()) == 93_954
    assert (counts["Bbo"], counts["DepthDiff"], counts["DepthSnapshot"]) == (66_089, 6_551, 1)
    assert counts["Trade"] + counts["WireRefused"] == 21_313


def _rows(head: str, row: Callable[[int], str]) -> Callable[[int], bytes]:
    return lambda count: (head + "".join(map(row, range(count)))).encode()


def _capture(count: int) -> bytes:
    lines = extract(SPOT).read_bytes().splitlines(keepends=True)
    return b"".join((lines * (count // len(lines) + 1))[:count])


_WHO = f"binance,BTCUSDT,{MS}000,"
FILES: dict[str, Callable[[int], bytes]] = {
    "capture": lambda count: _capture(count // 8),
    "binance-trades": _rows("", lambda n: f"{n},61837.6{n % 9},0.5,1,{MS + n},true\n"),
    "binance-klines": _rows(
        "", lambda n: f"{MS + 60 * n},4,5,3,4,5{n % 9},{MS + 60 * n + 59},2,1,4,1,0\n"),
    "tardis-incremental_book_L2": _rows(
        "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n",
        lambda n: f"{_WHO}{MS + n // 9}000,false,bid,618{n % 90},0.{n % 7}1\n"),
    "quotes-csv": _rows(
        "symbol,bid,ask,timestamp_ms\n", lambda n: f"BTCUSDT,618{n % 90},619{n % 90},{MS + n}\n"),
    "hftbacktest": lambda count: npy(
        [(3 << 29 | 1, MS + n // 9, MS + n // 9, 1.0 + n % 9, 1.0) for n in range(count)]),
}  # fmt: skip


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("name", list(FILES))
def test_a_file_ten_times_as_long_is_read_in_the_same_memory(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "BLOCK_BYTES", 16 * 1024)  # so that either file has many
    peaks = []
    for count in (3_000, 3_000, 30_000):  # the first reading compiles and imports
        path = tmp_path / f"{name}-{count}"
        path.write_bytes(gzip.compress(FILES[name](count), 1))
        market = open_market(str(path), symbol="BTCUSDT")
        assert market.format == name
        peaks.append(_peak(lambda market=market: sum(1 for _ in market)))
    assert peaks[2] < ROOM * peaks[1] + 200_000  # what is kept of a column has its bound


def test_a_file_ten_times_as_long_is_imported_in_the_same_memory(tmp_path: Path) -> None:
    peaks = []
    for turn, count in enumerate((3_000, 3_000, 30_000)):
        path = tmp_path / f"trades-{turn}"
        path.write_bytes(FILES["binance-trades"](count))
        journal = MarketJournal.begin(
            OsDisk(tmp_path / f"m{turn}"), {}, how=IMPORT, holder="a test", time_ns=1
        )
        market = open_market(str(path), symbol="BTCUSDT")

        def work(journal: MarketJournal = journal) -> None:
            for _, rows, items in market.heard():
                journal.hear(rows, items)

        peaks.append(_peak(work))
        journal.finish(journal.counts(count), 1)
    assert peaks[2] < ROOM * peaks[1] + 400_000
