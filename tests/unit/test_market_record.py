"""`record`: what arrives is durable before the next is read, and an end is a whole journal."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.market_files import TRADE_LINE, event, items
from tools.live import market_record
from tools.live.core.market_v1 import FeedLost
from tools.live.journal.market_facts import Counts
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.reader import Reader
from tools.live.market_journal import look
from tools.live.market_record import main

Capture = pytest.CaptureFixture[str]
BARE = TRADE_LINE.partition(b" ")[2]
ETH = TRADE_LINE.replace(b"BTCUSDT", b"ETHUSDT")
NOW = 1735689600 * 10**9


@pytest.fixture(autouse=True)
def _frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", "2025-01-01T00:00:00Z")


@pytest.fixture
def feed() -> tuple[int, int]:
    """A pipe: what is read from, and what is written to."""
    return os.pipe()


def record(source: int, folder: Path, *words: str) -> int:
    try:
        return main(["--journal", str(folder), *words], source=source)
    finally:
        os.close(source)


def given(content: bytes) -> int:
    """A descriptor from which this can be read, and then the end."""
    source, sink = os.pipe()
    os.write(sink, content)
    os.close(sink)
    return source


def test_lines_with_a_stamp_are_recorded_as_a_capture_is(tmp_path: Path, capsys: Capture) -> None:
    assert record(given(TRADE_LINE + b"\n" + ETH + TRADE_LINE), tmp_path / "m") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:4] == [
        f"recorded feed binance-spot into {tmp_path / 'm'}",
        "           4 lines, 1 of them without data",
        "           2 md.feed_lost",
        "           3 md.trade",
    ]
    found = items(tmp_path / "m")
    at = 1723161254087896568
    assert [one.symbol for one in found[:3]] == ["BTCUSDT", "ETHUSDT", "BTCUSDT"]
    assert found[3:] == [FeedLost("BTCUSDT", "binance-spot", "end of input", at),
                         FeedLost("ETHUSDT", "binance-spot", "end of input", at)]  # fmt: skip


def test_a_bare_message_is_received_when_the_clock_says(tmp_path: Path) -> None:
    assert record(given(BARE + BARE[:-1]), tmp_path / "m") == 0
    assert [one.ts_ns for one in items(tmp_path / "m")] == [NOW, NOW, NOW]


def test_a_feed_is_lost_no_earlier_than_anything_was_heard(tmp_path: Path) -> None:
    earlier = TRADE_LINE.replace(b"1723161254087896568", b"1723161254087896567")
    assert record(given(TRADE_LINE + earlier), tmp_path / "m") == 0
    assert items(tmp_path / "m")[2].ts_ns == 1723161254087896568


def test_the_journal_says_that_it_is_a_recording(tmp_path: Path, capsys: Capture) -> None:
    assert record(given(TRADE_LINE), tmp_path / "m", "--json", "--symbol", "X") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["about"] == {
        "format": "feed", "kind": "market", "source": "binance-spot", "symbol": "X"}  # fmt: skip
    assert said["facts"] == 1 and said["lines"] == 1
    opened = look(OsDisk(tmp_path / "m")).opened
    assert opened.how == "record" and opened.about["start_ns"] == str(NOW)


def test_what_arrived_is_durable_before_the_next_is_waited_for(
    tmp_path: Path, feed: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, sink = feed
    durable: list[int] = []
    blocks = [BARE, BARE + BARE[:30], BARE[30:], b""]
    wait = market_record.select.select

    def arrive(*given: list[int]) -> object:
        if (tmp_path / "m").exists():
            records = Reader(OsDisk(tmp_path / "m"), durable_only=True).poll()
            durable.append(sum(one.src == "feed" for one in records))
        block = blocks.pop(0)
        os.write(sink, block) if block else os.close(sink)
        return wait(*given)

    monkeypatch.setattr(market_record.select, "select", arrive)
    assert record(source, tmp_path / "m") == 0
    assert durable == [1, 2, 3]


def test_a_source_that_is_given_needs_no_finding_out(tmp_path: Path) -> None:
    line = b'5 {"hello":1}\n'
    assert record(given(line), tmp_path / "a", "--source", "coinbase") == 0
    assert items(tmp_path / "a") == []
    assert record(given(b""), tmp_path / "b", "--source", "coinbase") == 0
    assert look(OsDisk(tmp_path / "b")).finished


def test_messages_wait_until_one_says_whose_they_are(tmp_path: Path, capsys: Capture) -> None:
    assert record(given(b'5 {"hello":1}\n' + TRADE_LINE), tmp_path / "m") == 0
    out = capsys.readouterr().out
    assert "             line 1: unknown_type e None" in out and "1 md.trade" in out


def test_strict_allows_no_refusal(tmp_path: Path, capsys: Capture) -> None:
    assert record(given(TRADE_LINE + b"5 {}\n"), tmp_path / "m", "--strict") == 1
    assert "1 refused, and --strict allows none" in capsys.readouterr().err
    assert look(OsDisk(tmp_path / "m")).finished


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_recording_and_the_journal_is_whole(
    tmp_path: Path, capsys: Capture, feed: tuple[int, int], number: int, code: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    source, sink = feed
    os.write(sink, TRADE_LINE)
    wait = market_record.select.select
    waited: list[None] = []

    def interrupt(*given: list[int]) -> object:
        waited.append(None)
        if len(waited) == 2:
            os.kill(os.getpid(), number)
        return wait(*given)

    monkeypatch.setattr(market_record.select, "select", interrupt)
    before = signal.getsignal(number)
    assert record(source, tmp_path / "m") == code
    os.close(sink)
    assert signal.getsignal(number) is before
    assert "recorded feed" in capsys.readouterr().out
    kept = look(OsDisk(tmp_path / "m"))
    assert kept.finished and event(items(tmp_path / "m")[:1]).symbol == "BTCUSDT"
    assert items(tmp_path / "m")[1].reason == "signal"


def test_a_signal_while_it_writes_waits_for_the_write(
    tmp_path: Path, feed: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, sink = feed
    os.write(sink, TRADE_LINE)
    say = market_record._Recording._say

    def interrupted(*given: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        say(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(market_record._Recording, "_say", interrupted)
    assert record(source, tmp_path / "m") == 143
    os.close(sink)
    assert len(items(tmp_path / "m")) == 2


@pytest.mark.parametrize(("content", "words", "said"), [
    (b"", (), "the input ended before any message said whose it is; give --source"),
    (b"5 {}\n", (), "the input ended before any message said whose it is; give --source"),
    (b"{}\n" * 1001, (), "1001 messages of no venue that is known; give --source, one of binance"),
    (b"\xef\xbb\xbf{}\n", (), "a byte order mark at line 1"),
    (TRADE_LINE + b"a\0b\n", (), "a NUL byte at line 2"),
    (TRADE_LINE + b"1723161254087 {}\n", (),
     "receive time 1723161254087 is not in nanoseconds at line 2"),
    (b"", ("--source", "kraken"), "source 'kraken' is not known; give one of binance-spot"),
    (b"", ("--source", "K"), "source 'K' is not 1 to 32 lower-case"),
    (b"", ("--symbol", "x"), "symbol 'x' is not 1 to 32 upper-case"),
    (b"", ("--what",), "unknown flag '--what'"),
])  # fmt: skip
def test_what_cannot_be_recorded_is_told_in_one_line(
    tmp_path: Path, capsys: Capture, content: bytes, words: tuple[str, ...], said: str
) -> None:
    assert record(given(content), tmp_path / "m", *words) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


def test_a_recording_that_ends_in_an_error_keeps_what_it_had(
    tmp_path: Path, feed: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, sink = feed
    blocks: list[Callable[[], object]] = [
        lambda: os.write(sink, TRADE_LINE), lambda: os.write(sink, b"\0\n")]  # fmt: skip
    wait = market_record.select.select

    def arrive(*given: list[int]) -> object:
        blocks.pop(0)()
        return wait(*given)

    monkeypatch.setattr(market_record.select, "select", arrive)
    assert record(source, tmp_path / "m") == 2
    os.close(sink)
    kept = look(OsDisk(tmp_path / "m"))
    assert not kept.finished and len(items(tmp_path / "m")) == 1


def test_a_folder_that_is_not_new_is_refused(tmp_path: Path, capsys: Capture) -> None:
    assert record(given(TRADE_LINE), tmp_path) == 0
    assert record(given(TRADE_LINE), tmp_path) == 2
    assert "is there and not empty; name a new folder" in capsys.readouterr().err
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: python -m tools.live record --journal DIR")


def test_counts_that_do_not_add_up_are_our_fault(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Counts, "broken", lambda _self, _stored: "1 is not 2")
    assert record(given(TRADE_LINE), tmp_path / "m") == 1
    assert capsys.readouterr().err == "error: check: 1 is not 2; report it with the input\n"
    assert not look(OsDisk(tmp_path / "m")).finished
