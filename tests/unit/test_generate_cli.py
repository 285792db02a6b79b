"""`python -m tools.live generate`: its lines, its flags, its refusals."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.unit.generated_world import T0, a_plan, read
from tests.unit.prop import a_market_event, chance
from tools.live import __main__ as umbrella
from tools.live import generate_cli
from tools.live.core import codec
from tools.live.core.clock import NS_PER_S
from tools.live.core.market_v1 import MARKET_DATA, MARKET_FACTS, MarketEvent
from tools.live.core.money import SCALE
from tools.live.generate_cli import PARSER, main
from tools.live.market.disturb import Delay, Disturbance, Drop, Duplicate, Lose
from tools.live.market.generator import GeneratedMarket
from tools.live.market.importers.own import line_of
from tools.live.market.plan import MarketPlan
from tools.live.market.regimes import Regime

Capture = pytest.CaptureFixture[str]


def lines_of(plan: MarketPlan) -> list[str]:
    return [line_of(event).decode().rstrip("\n") for event in GeneratedMarket(plan)]


def restored(line: str) -> MarketEvent:
    told = codec.load_strict(line.encode(), "line")
    assert sorted(told) == ["kind", "payload", "ts_ns", "v"] and told["v"] == 1
    return codec.market_event(told["kind"], told["ts_ns"], told["payload"])


def plan_of(*flags: str) -> MarketPlan:
    """The plan that some flags mean."""
    return generate_cli._plan(PARSER.parse(flags))


def test_it_prints_one_canonical_event_a_line(capsys: Capture) -> None:
    assert main(["--symbols", "AUSD,BUSD", "--seconds", "3"]) == 0
    out, err = capsys.readouterr()
    expected = lines_of(a_plan("AUSD", "BUSD", schedule=((Regime.CALM, 3),)))
    assert out == "".join(line + "\n" for line in expected)
    assert err == f"{len(expected)} events\n"
    assert all(codec.canonical(json.loads(line)) == line for line in expected)


@pytest.mark.parametrize("contract", [*MARKET_DATA, *MARKET_FACTS])
@pytest.mark.parametrize("seed", range(5))
def test_a_line_reads_back_to_its_event(contract: type[MarketEvent], seed: int) -> None:
    event = a_market_event(chance(seed), contract)
    assert restored(line_of(event).decode()) == event


def test_a_file_appears_whole(tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "market.jsonl"
    assert main(["--regime", "burst", "--seconds=20", "--out", str(out)]) == 0
    text = out.read_text(encoding="ascii")
    events = [restored(line) for line in text.splitlines()]
    assert len(events) > 1500 and text.endswith("\n")
    assert capsys.readouterr() == ("", f"{len(events)} events\n")
    assert set(read(events)) == {"BTCUSDT", "ETHUSDT"}
    assert main(["--regime", "burst", "--seconds=20"]) == 0
    assert capsys.readouterr().out == text


def test_what_happened_on_the_way_is_counted(tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "gaps.jsonl"
    flags = "--seconds 5 --drop 10:12,20 --duplicate 30:31 --delay 40:3 --swap 50 --lose 2:1"
    assert main([*flags.split(), "--out", str(out)]) == 0
    script: tuple[Disturbance, ...] = (
        Drop(10, 12), Drop(20, 20), Duplicate(30, 31), Delay(40, 3), Delay(50, 1),
        Lose(T0 + 2 * NS_PER_S, T0 + 3 * NS_PER_S),
    )  # fmt: skip
    plan = a_plan("BTCUSDT", "ETHUSDT", schedule=((Regime.CALM, 5),), disturbances=script)
    assert out.read_text().splitlines() == lines_of(plan)
    whole = len(lines_of(a_plan("BTCUSDT", "ETHUSDT", schedule=((Regime.CALM, 5),))))
    events = len(lines_of(plan))
    lost = whole + 2 - 4 + 2 - events  # twice two, less four; two facts came in
    assert capsys.readouterr().err == (
        f"{events} events, 4 dropped, 2 duplicated, 2 delayed, {lost} lost\n"
    )


# From flags to the plan.


def test_the_defaults() -> None:
    assert plan_of() == MarketPlan(("BTCUSDT", "ETHUSDT"), start_ns=T0)


def test_every_flag_reaches_the_plan() -> None:
    flags = """--symbols A,B --seed 7 --start 1970-01-01T00:00:01Z --regime thin --seconds 9
        --tick 0.05 --lot 2 --spread 3 --levels 4 --correlation 0.25 --toxic 1 --snapshots 0"""
    assert plan_of(*flags.split()) == MarketPlan(
        ("A", "B"), seed=7, start_ns=NS_PER_S, schedule=((Regime.THIN, 9),), tick=SCALE // 20,
        lot=2 * SCALE, spread_ticks=3, levels=4, correlation_e9=SCALE // 4, toxic_e9=SCALE,
        snapshot_seconds=0,
    )  # fmt: skip


def test_regimes_bring_their_seconds() -> None:
    assert plan_of("--regime", "calm:30,halted:5,burst:25").schedule == (
        (Regime.CALM, 30), (Regime.HALTED, 5), (Regime.BURST, 25),
    )  # fmt: skip
    assert plan_of("--regime", "trend:8").schedule == ((Regime.TREND, 8),)
    assert plan_of("--regime", "trend").schedule == ((Regime.TREND, 60),)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ("--regme calm", "usage: unknown flag '--regme' at argument 1; did you mean '--regime'?"),
        ("7", "usage: unknown word '7' at argument 1; see --help"),
        ("--regime clam", "input: --regime 'clam' is not calm, trend, burst, thin or halted;"
                          " did you mean 'calm'?"),
        ("--regime calm:3,brust:4", "input: --regime 'brust' is not calm, trend, burst, thin or"
                                    " halted; did you mean 'burst'?"),
        ("--regime calm:3,thin", "input: --regime 'thin' lacks its seconds; write thin:30"),
        ("--regime calm:x", "input: --regime seconds of calm 'x' is not a whole number;"
                            " give one from 1 to 604800"),
        ("--regime calm:3 --seconds 4", "usage: --seconds does not go with a --regime that brings"
                                        " its own; leave one out"),
        ("--regime calm:3,", "input: --regime '' is not calm, trend, burst, thin or halted;"
                             " see --help"),
        ("--regime=", "input: --regime '' is not calm, trend, burst, thin or halted; see --help"),
        ("--seconds=", "input: --seconds '' is not a whole number; give one from 1 to 604800"),
        ("--start=", "input: --start '' is not of the form 2025-01-01T00:00:00Z; write --start as"
                     " YYYY-MM-DDTHH:MM:SS[.ffffff]Z or leave it out"),
        ("--seconds 0", "input: --seconds 0 is out of range; give one from 1 to 604800"),
        ("--seconds 1.5",
         "input: --seconds '1.5' is not a whole number; give one from 1 to 604800"),
        ("--symbols ,", "input: symbols: at least one is required; see --help"),
        ("--symbols a", "input: --symbols: symbol 'a' is not 1 to 32 upper-case letters, digits or"
                        " . _ / : -; write BTCUSDT,ETHUSDT"),
        ("--seed -1", "input: --seed -1 is out of range; give one from 0 to 9223372036854775807"),
        ("--tick 0", "input: --tick '0' is out of range; give a number above 0 and up to 1000000,"
                     " with at most 9 decimals"),
        ("--lot 1000001", "input: --lot '1000001' is out of range; give a number above 0 and up to"
                          " 1000000, with at most 9 decimals"),
        ("--spread 0", "input: --spread 0 is out of range; give one from 1 to 100000"),
        ("--levels 1001", "input: --levels 1001 is out of range; give one from 1 to 1000"),
        ("--correlation -0.1", "input: --correlation '-0.1' is out of range; give a number from 0"
                               " to 1, with at most 9 decimals"),
        ("--toxic 60%", "input: --toxic '60%' is not a number; give a number from 0 to 1, with at"
                        " most 9 decimals"),
        ("--snapshots x",
         "input: --snapshots 'x' is not a whole number; give one from 0 to 604800"),
        ("--tick 100", "input: tick 100 is too coarse for ETHUSDT: with this spread and these"
                       " levels its first price must be at least 200 ticks; make a tick, the"
                       " spread or the levels smaller"),
        ("--start 2025-01-01", "input: --start '2025-01-01' is not of the form"
                               " 2025-01-01T00:00:00Z; write --start as"
                               " YYYY-MM-DDTHH:MM:SS[.ffffff]Z or leave it out"),
        ("--drop x", "input: --drop 'x' is not understood; write it like 100 or 100:105"),
        ("--drop 3,", "input: --drop '' is not understood; write it like 100 or 100:105"),
        ("--drop " + "9" * 99, f"input: --drop '{'9' * 60}' is not understood; write it like 100 or"
                               " 100:105"),
        ("--duplicate 1:2:3",
         "input: --duplicate '1:2:3' is not understood; write it like 100 or 100:105"),
        ("--delay 3", "input: --delay '3' is not understood; write it like 100:3"),
        ("--delay 3:0", "input: delay by 0 is not a whole number from 1 to 10000; correct it"),
        ("--swap 3:4", "input: --swap '3:4' is not understood; write it like 100"),
        ("--lose 3", "input: --lose '3' is not understood; write it like 10:5"),
        ("--drop 5:4",
         "input: drop last 4 is not a whole number from 5 to 1000000000000; correct it"),
        ("--drop 5 --swap 5", "input: message 5 is disturbed twice; keep one of the two"),
        ("--drop \u0663",
         "input: --drop '\\u0663' is not understood; write it like 100 or 100:105"),
        ("--out nowhere/x", "input: --out 'nowhere/x': there is no folder 'nowhere';"
                            " create it first"),
        ("--out=", "input: --out '' is not a file name; name a file"),
    ],
)  # fmt: skip
def test_a_wrong_flag_is_refused_in_one_line(
    flags: str, told: str, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = flags.split() if "--out" in flags else [*flags.split(), "--out", "x.jsonl"]
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert (out, err.encode("unicode_escape").decode().replace("\\\\", "\\")) == (
        "", f"error: {told}\\n"
    )  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_a_market_that_ends_early_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def broken(event: MarketEvent) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(generate_cli, "line_of", broken)
    assert main(["--out", str(tmp_path / "x")]) == 130
    assert capsys.readouterr().err == (
        "error: interrupted: SIGINT ended the market before its end; start it again\n"
    )
    assert not list(tmp_path.iterdir())


# The command.


@pytest.mark.parametrize("argv", [["--help"], ["-h", "--seconds", "x"]])
def test_it_helps(argv: list[str], capsys: Capture) -> None:
    assert main(argv) == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: python -m tools.live generate [FLAGS]\n") and err == ""
    assert all(len(line) <= 100 for line in out.splitlines())


def test_its_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    begin = lines.index("examples:") + 1
    examples = [shlex.split(line) for line in lines[begin : lines.index("", begin)]]
    assert len(examples) == 3
    for words in examples:
        assert words[:4] == ["python", "-m", "tools.live", "generate"]
        assert umbrella.main(words[3:]) == 0


def test_the_command_line_is_the_default(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "argv", ["generate", "--bad"])
    assert main() == 2
    assert capsys.readouterr().err.startswith("error: usage: unknown flag '--bad'")
