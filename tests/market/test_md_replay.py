"""`md_replay` on real recordings: locked drift, exact gaps, the same bytes, and a slow twin.

The fixtures beside this file are rewritten by `pytest --update-goldens` on it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.market.captures import SPOT, USDM, Line, extract, lines, recording
from tests.unit.prop import chance
from tools.live.core.money import SCALE, to_e9
from tools.live.journal.os_disk import OsDisk
from tools.live.market_journal import MarketJournal
from tools.live.market_source import open_market
from tools.live.md_replay import main

FIXTURES = Path(__file__).parent / "fixtures"
TICKS = {SPOT: "0.01", USDM: "0.1"}
ROOT = Path(__file__).resolve().parents[2]
Golden = Callable[[Path, str], None]


def fixture_of(market: str) -> Path:
    return FIXTURES / f"drift-binance-{market}-btcusdt-20240808.json"


@pytest.mark.parametrize("market", [SPOT, USDM])
def test_the_distributions_are_as_they_were_locked(
    market: str, tmp_path: Path, golden: Golden, capsys: pytest.CaptureFixture[str]
) -> None:
    lock, out = tmp_path / "lock.json", tmp_path / "out.txt"
    tick = TICKS[market]
    words = [str(recording(market)), "--tick", tick, "--out", str(out)]
    assert main([*words, "--write-fixture", str(lock)]) == 0
    assert capsys.readouterr() == ("", "")
    golden(fixture_of(market), lock.read_text())
    last = out.read_text().splitlines()[-1]
    assert last.startswith(f"OK md_replay mode=compare format=capture tick={tick} ")
    assert " refused=0 gaps=0 " in last


def test_a_second_run_gives_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(recording(SPOT)), "--check", str(fixture_of(SPOT)), "--html"]
    pages = [tmp_path / "1.html", tmp_path / "2.html"]
    told = []
    for page in pages:
        assert main([*words, str(page)]) == 0
        told.append(capsys.readouterr())
    assert told[0] == told[1] and told[0].err == ""
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_the_figures_are_those_of_a_slow_twin() -> None:
    """Spot, from the raw JSON: dicts for a book, a scan for the nearest, floats nowhere."""
    locked = json.loads(fixture_of(SPOT).read_text())["feeds"][0]["drift"]
    worst, skipped = _slow_drifts(lines(recording(SPOT)), 250 * 10**6)
    worst.sort()
    assert (locked["compared"], locked["skipped"]["no_book"]) == (len(worst), skipped)
    assert locked["ticks"]["high"] == worst[-1] / (SCALE // 100)
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)):
        place = int((len(worst) - 1) * share + 0.5)
        assert locked["ticks"][name] == worst[place] / (SCALE // 100), name
    assert locked["histogram_ticks"]["0"] == sum(one == 0 for one in worst)


def _slow_drifts(capture: list[Line], window_ns: int) -> tuple[list[int], int]:
    """The larger difference of bid and ask of every comparison, and how many quotes had none."""
    bids: dict[int, int] = {}
    asks: dict[int, int] = {}
    waiting: list[dict[str, Any]] = []
    last = None
    tops: list[tuple[int, int, int]] = []
    worst, skipped = [], 0
    for ts_ns, raw in capture:
        told = json.loads(raw)
        data = told.get("data", told)
        if "lastUpdateId" in data:
            last = data["lastUpdateId"]
            _set(bids, data["bids"])
            _set(asks, data["asks"])
        elif data.get("e") == "depthUpdate":
            waiting.append(data)
        elif "B" in data and "e" not in data:
            near = [top for top in tops[-200:] if ts_ns - top[0] <= window_ns]
            if not near:
                skipped += 1
                continue
            _, bid, ask = min(near, key=lambda top: abs(ts_ns - top[0]))
            differences = (_e9(data["b"]) - bid, _e9(data["a"]) - ask)
            worst.append(max(abs(one) for one in differences))
            continue
        else:
            continue
        if last is None:
            continue
        for diff in waiting:
            if diff["u"] > last:
                assert diff["U"] <= last + 1
                last = diff["u"]
                _set(bids, diff["b"])
                _set(asks, diff["a"])
        waiting.clear()
        tops.append((ts_ns, max(bids), min(asks)))
    return worst, skipped


def _set(side: dict[int, int], levels: list[list[str]]) -> None:
    for price, qty in levels:
        if float(qty):
            side[_e9(price)] = _e9(qty)
        else:
            side.pop(_e9(price), None)


def _e9(text: str) -> int:
    return to_e9(text, "number")


@pytest.mark.parametrize("market", [SPOT, USDM])
def test_a_dropped_message_is_one_with_its_exact_range(
    market: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture = lines(recording(market))[:5000]
    depth = [(n, json.loads(raw)["data"]) for n, (_, raw) in enumerate(capture)
             if b'"depthUpdate"' in raw]  # fmt: skip
    rng = chance(4)
    usable = depth[len(depth) // 3 : -2]
    for place in sorted(rng.sample(range(1, len(usable) - 1), 3)):
        before, gone, after = (usable[place + step] for step in (-1, 0, 1))
        until = after[1]["pu"] if market == USDM else after[1]["U"] - 1
        path = tmp_path / f"{place}.jsonl"
        kept = [line for n, line in enumerate(capture) if n != gone[0]]
        path.write_bytes(b"".join(b"%d %s\n" % line for line in kept))
        assert main([str(path), "--max-print", "0", "--json"]) == 1
        data = json.loads(capsys.readouterr().out)
        name = f"binance-{market} BTCUSDT"
        assert data["failures"] == [f"gap: {name} lacks {before[1]['u'] + 1}..{until}"]
        assert data["feeds"][0]["drift"]["skipped"]["no_book"] > 0


@pytest.mark.parametrize("market", [SPOT, USDM])
def test_a_journal_of_a_capture_keeps_to_the_lock_of_the_capture(
    market: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture, lock, folder = extract(market), tmp_path / "lock.json", tmp_path / "journal"
    assert main([str(capture), "--tick", TICKS[market], "--write-fixture", str(lock)]) == 0
    told = capsys.readouterr().out.splitlines()
    folder.mkdir()
    _import(str(capture), str(folder))
    assert main([str(folder), "--check", str(lock), "--symbol", "BTCUSDT", "--audit"]) == 0
    again = capsys.readouterr().out.splitlines()
    assert again[:-1] == [*told[:-1], *(line for line in again if line.startswith("AUDIT "))]
    assert again[-1].split("snapshots=")[1] == told[-1].split("snapshots=")[1]
    assert " format=journal " in again[-1]


def _import(path: str, folder: str) -> None:
    market = open_market(path)
    journal = MarketJournal.begin(
        OsDisk(folder), market.describe(), how="import", holder="test", time_ns=1
    )
    for _, rows, items in market.heard():
        journal.hear(rows, items)
    journal.finish(journal.counts(market.where()), 2)


def test_a_damaged_journal_is_three(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    _import(str(extract(SPOT)), str(folder))
    segment = max(folder.rglob("*.jsonl"), key=lambda one: one.stat().st_size)
    raw = bytearray(segment.read_bytes())
    place = raw.index(b"md.depth_diff") + 40
    raw[place] ^= 1
    segment.write_bytes(raw)
    assert main([str(folder)]) == 3
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: integrity: ") and err.count("\n") == 1


def _ran(*words: str, seed: str = "0") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The spot extract without its twelfth update."""
    path = tmp_path_factory.mktemp("broken") / "broken.jsonl"
    rows = extract(SPOT).read_bytes().splitlines(keepends=True)
    depth = [n for n, row in enumerate(rows) if b'"depthUpdate"' in row]
    del rows[depth[12]]
    path.write_bytes(b"".join(rows))
    yield path


@pytest.mark.parametrize("market", [SPOT, USDM])
def test_from_a_shell_it_is_the_same_whatever_the_hash_seed(market: str) -> None:
    words = ("tools.live.md_replay", str(extract(market)), "--tick", TICKS[market], "--audit")
    first, second = _ran(*words), _ran(*words, seed="77")
    assert (first.returncode, first.stderr) == (0, b"")
    assert first.stdout == second.stdout and b"\nOK md_replay mode=compare " in first.stdout
    assert b"AUDIT lines_read=400\n" in first.stdout


def test_from_a_shell_a_gap_is_one(broken: Path) -> None:
    ran = _ran("tools.live", "md-replay", str(broken), "--json")
    assert ran.returncode == 1 and ran.stderr.startswith(b"error: check: gap: binance-spot BTCUSDT")
    assert json.loads(ran.stdout)["feeds"][0]["gaps"]["count"] == 1
