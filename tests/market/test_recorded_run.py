"""A run on a recorded market: the same from the journal, and no order while the book is unknown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.market.captures import SPOT, USDM, extract
from tests.unit.builders import a_fake, a_monitor
from tools.live import exec_demo, replay_cli
from tools.live.core.contracts_v1 import INPUTS, Approved, Entry, OrderCanceled, QuoteUpdate
from tools.live.core.clock import FREEZE_VARIABLE
from tools.live.core.line import Line
from tools.live.core.market_v1 import MARKET_FACTS, GapDetected, ResyncFinished
from tools.live.execution_loop import ExecutionLoop, ExecutionParams
from tools.live.fold import Fold
from tools.live.market.feed import MarketFeed
from tools.live.market_source import open_market
from tools.live.order_store import InMemoryOrderStore
from tools.live.reports.snapshot import state_sha256

Demo = Callable[..., tuple[int, str, str]]
DEPTH = b"@depth"


@pytest.fixture
def demo(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Demo:
    """Run a command in an empty folder, the clock frozen; exit code, stdout and stderr."""
    monkeypatch.setenv(FREEZE_VARIABLE, "2025-01-01T00:00:00Z")
    monkeypatch.chdir(tmp_path)

    def call(main: Callable[[list[str]], int], *argv: str) -> tuple[int, str, str]:
        code = main(list(argv))
        out, err = capsys.readouterr()
        return code, out, err

    return call


def with_a_gap(market: str, folder: Path) -> Path:
    """The extract without one of its depth messages, and with a snapshot that ends the gap.

    The second snapshot is the first one once more, said to be of a later update.
    """
    lines = extract(market).read_bytes().splitlines()
    depth = [n for n, line in enumerate(lines) if DEPTH in line]
    dropped, end = depth[len(depth) // 2], depth[3 * len(depth) // 4]
    snapshot = next(line for line in lines if b"lastUpdateId" in line)
    stamp, _, message = lines[end].partition(b" ")
    last = json.loads(message)["data"]["u"]
    begin = json.loads(snapshot.partition(b" ")[2])["lastUpdateId"]
    again = snapshot.partition(b" ")[2].replace(str(begin).encode(), str(last).encode(), 1)
    lines[end + 1 : end + 1] = [stamp + b" " + again]
    del lines[dropped]
    path = folder / f"{market}.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def a_loop() -> ExecutionLoop:
    monitor = a_monitor(max_symbol=50_000, max_total=100_000, threshold=-99)
    return ExecutionLoop(a_fake(), InMemoryOrderStore(), monitor, lambda: 1, line=Line())


def a_run(path: Path) -> tuple[list[Entry], dict[int, str], ExecutionLoop]:
    """The line of a run, and the hash of its state behind each of its steps."""
    loop = a_loop()
    states: dict[int, str] = {}

    def after_step(done: int, total: int) -> None:
        states[loop.seq] = state_sha256(loop.fold, loop.seq, 0)

    feed = MarketFeed(open_market(str(path)))
    params = ExecutionParams(feed.symbols, 1, 50_000, 100_000, -99, requote=True)
    loop.run_shadow(params, feed, after_step)
    assert loop.line is not None and loop.line.entries is not None
    return list(loop.line.entries), states, loop


@pytest.mark.parametrize("market", [SPOT, USDM])
def test_the_line_alone_leads_to_the_same_state_behind_every_step(
    market: str, tmp_path: Path
) -> None:
    entries, states, live = a_run(with_a_gap(market, tmp_path))
    again = a_loop()
    fold = Fold(again.order_store, again.risk_monitor)
    compared = 0
    for entry in entries:
        if isinstance(entry.event, INPUTS):
            fold.step(entry.event)
        if entry.seq in states:
            assert state_sha256(fold, entry.seq, 0) == states[entry.seq]
            compared += 1
    assert compared == len(states) > 8
    assert live.fold.connectivity.gaps == fold.connectivity.gaps == 1


@pytest.mark.parametrize("market", [SPOT, USDM])
def test_no_order_leaves_and_none_rests_while_the_book_is_unknown(
    market: str, tmp_path: Path
) -> None:
    entries, _, live = a_run(with_a_gap(market, tmp_path))
    stale, sent, resting, gaps = True, 0, dict[str, None](), 0
    for entry in entries:
        event: Any = entry.event
        if isinstance(event, MARKET_FACTS):
            stale = not isinstance(event, ResyncFinished)
            gaps += isinstance(event, GapDetected)
        elif isinstance(event, Approved):
            assert not stale
            sent += 1
        elif isinstance(event, QuoteUpdate):
            assert not stale and not resting
        elif event.kind == "order.accepted":
            resting[event.order_id] = None
        elif isinstance(event, OrderCanceled):
            resting.pop(event.order_id, None)
        elif event.kind == "order.fill" and event.order_id in resting:
            if live.order_store.by_order_id[event.order_id].leaves_e9 == 0:
                resting.pop(event.order_id)
    assert gaps == 1 and sent > 8


def test_the_journal_of_a_run_gives_its_report_and_decides_alike(
    demo: Demo, tmp_path: Path
) -> None:
    path = str(with_a_gap(SPOT, tmp_path))
    code, report, err = demo(
        exec_demo.main, "--shadow", "--market", path, "--requote", "--journal", "run"
    )
    assert (code, err) == (0, "")
    data = json.loads(report)
    assert data["feed"]["gaps"] == 1 and data["feed"]["missing_updates"] > 0
    assert data["params"]["market"]["kind"] == "market"
    assert data["params"]["edge"] == "markouts"
    assert demo(replay_cli.main, "run", "--report") == (0, report, "")
    code, verified, err = demo(replay_cli.main, "run", "--verify")
    assert (code, err) == (0, "")
    code, forked, err = demo(replay_cli.main, "run", "--until", "10", "--fork", "other")
    assert code == 0, err
    assert json.loads(forked)["orders"] == data["orders"]


def test_a_run_is_the_same_at_every_pace_and_from_every_spelling(
    demo: Demo, tmp_path: Path
) -> None:
    path = str(extract(SPOT))
    plain = demo(exec_demo.main, "--shadow", "--market", path)
    assert plain[0] == 0 and plain[2] == ""
    for flags in (("--speed", "max"), ("--speed", "x100000"), ("--symbols", "BTCUSDT")):
        assert demo(exec_demo.main, "--shadow", "--market", path, *flags)[1] == plain[1]
    config = tmp_path / "run.toml"
    config.write_text(f'market = "{path}"\n')
    assert demo(exec_demo.main, "--shadow", "--config", str(config))[1] == plain[1]


@pytest.mark.parametrize(
    ("flags", "edge"),
    [((), "markouts"), (("--edge", "computed"), "markouts"), (("--edge", "scripted"), "scripted")],
)
def test_the_edge_is_computed_unless_it_is_said_otherwise(
    demo: Demo, flags: tuple[str, ...], edge: str
) -> None:
    path = str(extract(SPOT))
    said = demo(exec_demo.main, "--shadow", "--market", path, *flags)
    assert json.loads(said[1])["params"]["edge"] == edge


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--speed", "x2"), "--speed says how to read --market; name one"),
        (("--source", "bybit-spot"), "--source says how to read --market; name one"),
        (("--market", "M", "--quotes", "q.csv"),
         "--quotes and --market are two markets; leave one out"),
        (("--market", "M", "--iterations", "5"),
         "--iterations does not go with --market, where every quote is a step; leave one out"),
        (("--market", "M", "--speed", "0"), "--speed '0' is no pace; give max, or times real time"),
        (("--market", "M", "--symbols", "ETHUSDT,BTCUSDT"), "no quote of 'ETHUSDT' in --market"),
        (("--market", "M", "--source", "Bybit"), "--source 'Bybit' is no name; write 1 to 32"),
        (("--market", "nowhere"), "--market 'nowhere' cannot be opened: No such file"),
        (("--market", "M", "--out", "M"), "--out 'M' is the file of --market, too; name another"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(
    demo: Demo, tmp_path: Path, flags: tuple[str, ...], said: str
) -> None:
    (tmp_path / "M").write_bytes(extract(SPOT).read_bytes())
    before = sorted(tmp_path.iterdir())
    code, out, err = demo(exec_demo.main, "--shadow", *flags)
    assert (code, out) == (2, "")
    assert said in err and err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_run_that_was_cut_off_goes_on_to_the_same_report(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(with_a_gap(SPOT, tmp_path))
    argv = ("--shadow", "--market", path, "--journal")
    whole = demo(exec_demo.main, *argv, "whole")
    steps = 0

    def fail(self: MarketFeed, _iter: Any = MarketFeed.__iter__) -> Any:
        nonlocal steps
        for step in _iter(self):
            steps += 1
            if steps == 25:
                raise KeyboardInterrupt
            yield step

    with monkeypatch.context() as patched:
        patched.setattr(MarketFeed, "__iter__", fail)
        code, out, _ = demo(exec_demo.main, *argv, "cut")
        assert (code, out) == (130, "")
    code, out, err = demo(exec_demo.main, *argv, "cut", "--recover")
    assert (code, out) == (0, whole[1]) and "going on" in err


def test_another_market_is_another_run(demo: Demo, tmp_path: Path) -> None:
    """A journal that was begun on one market does not go on with another."""
    first, other = str(extract(SPOT)), str(with_a_gap(SPOT, tmp_path))
    assert demo(exec_demo.main, "--shadow", "--market", first, "--journal", "run")[0] == 0
    code, out, err = demo(exec_demo.main, "--shadow", "--market", other, "--journal", "run")
    assert (code, out) == (2, "") and "finished run" in err
