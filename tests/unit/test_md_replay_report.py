"""The result as data and as lines: figures by hand, and the same twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.md_replay_builders import (
    BTC, SOURCE, a_diff, a_plan, a_quote, a_snapshot, a_trade, at, gapped, replayed, whole,
)  # fmt: skip
from tools.live.core.market_v1 import GapDetected
from tools.live.market.normalize.wire import WireFault, WireRefused
from tools.live.md_replay_report import drift_line, form, ms_text
from tools.live.md_replay_run import BBO, DEPTH, Replay
from tools.live.md_replay_text import lines

INPUT = {"kind": "market", "format": "capture", "sha256": "ab" * 32}


def judged(replay: Replay, count: int) -> dict[str, Any]:
    failures = replay.failures(count)
    return {**form(replay, INPUT), "status": "x", "failures": failures}


def told(replay: Replay, count: int, *, audit: bool = False) -> list[str]:
    return lines(replay, judged(replay, count), audit=audit)


def test_a_drift_on_one_line() -> None:
    drift = replayed(*whole()).shown[1]
    assert drift_line(drift, 10**7) == (
        "BBO_DRIFT sym=BTCUSDT source=binance-spot tick=0.01 drift_ticks=3 d_bid=0 d_ask=0.03"
        " d_mid=0.015 d_spread=0.03 book_bid=1.01 book_ask=1.02 bbo_bid=1.01 bbo_ask=1.05"
        " nearest_dt_ms=2 ts_ns=1700000000007000000"
    )
    assert "drift_ticks=1.5 " in drift_line(drift, 2 * 10**7)
    assert "drift_ticks=0.333333333 " in drift_line(drift, 9 * 10**7)


def test_the_distributions_as_data() -> None:
    drift = form(replayed(*whole()), INPUT)["feeds"][0]["drift"]
    assert drift == {
        "quotes": 4, "compared": 3, "kept": 3,
        "skipped": {"one_sided": 0, "no_book": 1, "out_of_window": 0},
        "bid": {"low": 0.0, "mean": 0.003333333, "high": 0.01, "p50": 0.0, "p90": 0.01,
                "p99": 0.01, "p999": 0.01},
        "ask": {"low": 0.0, "mean": 0.01, "high": 0.03, "p50": 0.0, "p90": 0.03, "p99": 0.03,
                "p999": 0.03},
        "mid": {"low": 0.0, "mean": 0.006666667, "high": 0.015, "p50": 0.005, "p90": 0.015,
                "p99": 0.015, "p999": 0.015},
        "spread": {"low": 0.0, "mean": 0.013333333, "high": 0.03, "p50": 0.01, "p90": 0.03,
                   "p99": 0.03, "p999": 0.03},
        "ticks": {"low": 0.0, "mean": 1.3333333, "high": 3.0, "p50": 1.0, "p90": 3.0, "p99": 3.0,
                  "p999": 3.0},
        "nearest_dt_ns": {"low": 1000000, "mean": 1333333, "high": 2000000, "p50": 1000000,
                          "p90": 2000000, "p99": 2000000, "p999": 2000000},
        "histogram_ticks": {"0": 1, "1": 1, "5": 1},
    }  # fmt: skip


def test_everything_else_as_data() -> None:
    data = form(replayed(*gapped()), INPUT)
    feed = data["feeds"][0]
    assert (feed["source"], feed["symbol"]) == (SOURCE, BTC)
    assert feed["last_bbo"] == [1.0, 1.02]
    assert feed["gaps"] == {
        "count": 1, "missing": 9,
        "first": [{"from": 12, "to": 20, "ts_ns": at(5), "advice": "IncrementalRefresh"}],
    }  # fmt: skip
    assert feed["time_gaps"] == {"count": 0, "most_in_a_row": 0, "advice": None}
    assert feed["unusable"] == {
        "reasons": {"start": 1, "gap": 1}, "total_ns": 4_000_000, "at_end": False
    }  # fmt: skip
    assert feed["receive_minus_exchange_ns"] == {
        "low": 5_000_000, "mean": 5_666_667, "high": 7_000_000
    }  # fmt: skip
    health = feed["health"]
    assert health["latency"] == {
        "samples": 3, "offset_ns": 5_000_000, "p50_ns": 0, "p95_ns": 2_000_000, "p99_ns": 2_000_000
    }  # fmt: skip
    assert (health["score"], health["issues"]) == (0.8, ["excessive_gaps"])
    assert (health["gap_rate"], health["messages_per_s"]) == (0.5, 9.0)
    assert (health["silent_ns"], health["is_healthy"]) == (0, False)
    assert feed["micro"] == {
        "bid": 1.0, "ask": 1.02, "spread": 0.02, "spread_bps": 198.01980198, "bid_depth": 1.0,
        "ask_depth": 1.0, "last_trade": 1.01, "vwap": 1.01, "volume": 1.0, "buy_volume": 1.0,
        "sell_volume": 0.0, "is_stale": False,
    }  # fmt: skip
    assert (data["v"], data["kind"], data["mode"], data["symbol"]) == (
        1, "md_replay", "compare", None
    )  # fmt: skip
    assert data["terms"] == {
        "tick": "0.01", "window_ms": 250, "ring": 4096, "drift_keep": 200_000
    }  # fmt: skip
    assert data["input"] == INPUT and len(data["state_sha256"]) == 64


def test_what_is_not_there_is_none() -> None:
    feed = form(replayed(a_quote(0), plan=a_plan(DEPTH)), INPUT)["feeds"][0]
    assert feed["last_bbo"] is feed["drift"] is feed["receive_minus_exchange_ns"] is None
    assert feed["health"]["latency"] is None and feed["health"]["gap_rate"] == 0.0
    assert feed["micro"]["vwap"] is None


def test_at_most_ten_gaps_are_listed() -> None:
    replay = replayed(*gapped())
    feed = replay.feeds[SOURCE, BTC]
    for number in range(20):
        feed.take(GapDetected(BTC, SOURCE, number, number, at(1)))
    assert len(form(replay, INPUT)["feeds"][0]["gaps"]["first"]) == 10
    text = told(replay, 9, audit=True)
    assert sum(line.startswith("AUDIT gap[") for line in text) == 10
    assert "AUDIT gap[1] 0..0 binance-spot BTCUSDT" in text


def test_the_lines_for_eyes() -> None:
    replay = replayed(*whole())
    assert told(replay, 8)[2:] == f"""\
binance-spot BTCUSDT
  heard     1 snapshot, 2 deltas, 4 quotes, 1 trade
  book      not usable for 0 s (start 1); 0 gaps
  drift     3 of 4 quotes compared with the nearest top, skipped: no_book 1
                          mean       p50       p90       p99      p999      high
            ticks      1.33333         1         3         3         3         3
            bid     0.00333333         0      0.01      0.01      0.01      0.01
            ask           0.01         0      0.03      0.03      0.03      0.03
            mid     0.00666667     0.005     0.015     0.015     0.015     0.015
            spread   0.0133333      0.01      0.03      0.03      0.03      0.03
            dt ms         1.33      1.00      2.00      2.00      2.00      2.00
  clocks    receive minus exchange 5 ms to 7 ms, mean 5.667 ms
  latency   p50 0 ms, p95 2 ms, p99 2 ms beyond an offset of 5 ms
  health    score 1.0, 8.0 messages/s; no issue
  minute    spread 388.3495 bps, vwap 1.0100, volume 1.0000 (bought 1.0000, sold 0.0000)
OK md_replay mode=compare format=capture tick=0.01 window_ms=250 ring=4096 drift_keep=200000\
 lines=8 snapshots=1 deltas=2 bbo=4 trades=1 refused=0 gaps=0 compared=3 skipped=1 printed=2/2\
 last_bbo=1.01/1.05 offset_raw_ns=5000000/5666667/7000000 nearest_dt_ns=1000000/1333333/2000000\
 drift_abs_bid=0/0.003333333/0.01 drift_abs_ask=0/0.01/0.03 drift_abs_mid=0/0.006666667/0.015\
 drift_abs_spread=0/0.013333333/0.03 drift_ticks_p50=1 drift_ticks_p90=3 drift_ticks_p99=3\
 drift_ticks_p999=3 state_sha256={replay.watch.state_sha256()}""".splitlines()


def test_failures_stand_before_the_last_line_which_says_so() -> None:
    text = told(replayed(*gapped()), 9)
    assert text[-2] == "FAILED gap: binance-spot BTCUSDT lacks 12..20"
    assert text[-1].startswith("FAILED md_replay mode=compare ") and " gaps=1 " in text[-1]
    assert "  book      not usable for 0.004 s (start 1, gap 1); 1 gap with 9 updates missing" in (
        text
    )
    ends = told(replayed(*gapped()[:7]), 7)
    assert "(start 1, gap 1), nor at the end; 1 gap with 9 updates missing" in "\n".join(ends)


def test_of_several_feeds_the_last_line_has_what_they_have_in_common() -> None:
    other = a_quote(5, symbol="ETHUSDT")
    last = told(replayed(*whole(), other), 9)[-1]
    assert " bbo=5 " in last and " compared=3 skipped=2 " in last
    assert "last_bbo" not in last and "drift_ticks" not in last
    assert last.endswith(f" state_sha256={replayed(*whole(), other).watch.state_sha256()}")


def test_feeds_without_a_book_or_a_quote() -> None:
    trades = told(replayed(a_trade(0)), 1)
    assert "  book      no depth" in trades
    assert "  drift     0 of 0 quotes compared with the nearest top" in trades
    assert "last_bbo" not in trades[-1] and "drift_abs" not in trades[-1]
    minute = "spread - bps, vwap 1.0100, volume 1.0000 (bought 1.0000, sold 0.0000)"
    assert f"  minute    {minute}" in trades
    quotes = told(replayed(a_quote(0), plan=a_plan(BBO)), 1)
    assert not any(line.startswith(("  drift", "  book")) for line in quotes)
    assert quotes[-1].startswith("OK md_replay mode=bbo ")
    usable = told(replayed(a_quote(0), a_snapshot(1)), 2)
    assert any("book      not usable for 0 s (start 1); 0 gaps" in line for line in usable)
    assert told(replayed(), 0)[0].startswith("OK md_replay mode=compare format=capture ")


def test_refusals_are_shown_with_their_lines() -> None:
    refused = WireRefused(WireFault.BAD_NUMBER, "p", "'1e5'")
    nothing = WireRefused(WireFault.NOT_JSON, "", "'x'")
    text = told(replayed(a_quote(0), refused, nothing), 3, audit=True)
    assert "refused bad_number p at line 2: '1e5'" in text
    assert "refused not_json at line 3: 'x'" in text
    assert text[-1].count(" refused=2 ") == 1


@pytest.mark.parametrize(("finished", "times"), [("no", 1), ("yes", 0), (None, 0)])
def test_a_journal_without_its_end_is_named(finished: str | None, times: int) -> None:
    replay = replayed(*whole())
    data = {**judged(replay, 8), "input": {**INPUT, "finished": finished}}
    text = lines(replay, data, audit=False)
    assert sum(line.startswith("the journal is not finished: ") for line in text) == times
    assert text[-1].startswith("OK md_replay ")


def test_the_audit_says_where_every_line_went() -> None:
    refused = WireRefused(WireFault.BAD_NUMBER, "p", "'1e5'")
    text = told(replayed(*gapped(), refused), 10, audit=True)
    assert [line.removeprefix("AUDIT ") for line in text if line.startswith("AUDIT ")] == [
        "lines_read=10", "lines_silent=0", "wire_parsed=10", "wire_unparsed=0",
        "matched_stream=9", "other_stream=0", "refused_lines=1", "items=10", "decoded_events=9",
        "other_events=0", "refused_bad_number=1", "gaps_detected=1", "missing_seq_total=9",
        "gap[0] 12..20 binance-spot BTCUSDT",
    ]  # fmt: skip
    assert not any(line.startswith("AUDIT") for line in told(replayed(*gapped()), 9))


def test_foreign_names_cannot_move_a_cursor() -> None:
    text = told(replayed(a_quote(0, symbol="A\x1b[2J\nB")), 1)
    assert "binance-spot A\\x1b[2J\\nB" in text


def test_times_are_told_to_the_microsecond() -> None:
    assert [ms_text(ns) for ns in (0, 400, 1_234_567, -5_000_000)] == [
        "0 ms", "0 ms", "1.235 ms", "-5 ms"
    ]  # fmt: skip


def test_the_same_twice() -> None:
    assert told(replayed(*gapped()), 9, audit=True) == told(replayed(*gapped()), 9, audit=True)


@pytest.mark.parametrize(
    ("stamps", "count", "most", "advice"),
    [
        ((0, 100, 200), 0, 0, None),
        ((0, 101, 201), 1, 1, None),
        ((0, 101, 202, 303, 350, 451), 4, 3, None),
        ((0, 101, 202, 303, 404), 4, 4, "Reconnect"),
        ((0, 101, 202, 303, 404, 404, 400), 4, 4, "Reconnect"),
    ],
)
def test_pauses_between_messages_are_counted_and_many_in_a_row_ask_for_a_new_connection(
    stamps: tuple[int, ...], count: int, most: int, advice: str | None
) -> None:
    feed = form(replayed(*(a_quote(ms) for ms in stamps)), INPUT)["feeds"][0]
    assert feed["time_gaps"] == {"count": count, "most_in_a_row": most, "advice": advice}


def test_a_large_gap_asks_for_the_whole_book() -> None:
    stream = (a_snapshot(0), a_diff(1, 11, 11), a_diff(2, 112, 112), a_diff(3, 300, 300))
    feed = form(replayed(*stream), INPUT)["feeds"][0]
    assert [one["advice"] for one in feed["gaps"]["first"]] == ["FullRebuild", "FullRebuild"]
    small = (a_snapshot(0), a_diff(1, 11, 11), a_diff(2, 111, 111))
    feed = form(replayed(*small), INPUT)["feeds"][0]
    assert [one["advice"] for one in feed["gaps"]["first"]] == ["IncrementalRefresh"]
