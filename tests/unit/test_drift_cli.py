"""`drift`: a run against real fills, on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.life_files import E9, MS, T0, a_deal
from tools.live import __main__ as umbrella
from tools.live.core.contracts_v1 import SELL
from tools.live.core.market_v1 import Bbo, Trade
from tools.live.drift_cli import main
from tools.live.drift_queue import fit_queue, waited
from tools.live.life.match import match
from tools.live.market.normalize.wire import WireFault, WireRefused

Capture = pytest.CaptureFixture[str]


def a_run(folder: Path, count: int = 10) -> str:
    """A run's line: each second a buy of 1 at 100, filled at once for 1 bps."""
    rows: list[tuple[str, int, dict[str, Any]]] = []
    for n in range(count):
        at, name, order_id = T0 + n * E9, f"CLI{n}", f"ORD{n}"
        base = {"symbol": "X-Y", "side": "Buy", "qty": "1", "price": "100"}
        rows += [
            ("order.place", at, {"client_order_id": name, **base}),
            ("order.accepted", at, {"client_order_id": name, "order_id": order_id}),
            ("order.executed", at, {"fill_id": f"F{n}", "order_id": order_id, **base,
                                    "liquidity": "taker", "fee": "0.01", "why": ""}),
        ]  # fmt: skip
    path = folder / "run.jsonl"
    path.write_text("".join(
        json.dumps({"kind": kind, "payload": payload, "seq": seq, "ts_ns": at}) + "\n"
        for seq, (kind, at, payload) in enumerate(rows, 1)
    ))  # fmt: skip
    return str(path)


def fills(folder: Path, count: int = 10, **changes: Any) -> str:
    """The same in life, each 20 ms later, at 100.05 and for 2 bps."""
    lines = []
    for n in range(count):
        told = {"fill_id": f"L{n}", "order_id": f"V{n}", "client_order_id": f"CLI{n}",
                "symbol": "X/Y", "side": "buy", "qty": "1", "price": "100.05",
                "fee": "0.02001", "liquidity": "taker", "ts_ns": T0 + n * E9 + 20 * MS}  # fmt: skip
        lines.append(json.dumps({**told, **changes}) + "\n")
    path = folder / "fills.jsonl"
    path.write_text("".join(lines))
    return str(path)


def told(capsys: Capture, code: int, *words: str) -> tuple[str, str]:
    assert main(list(words)) == code
    out = capsys.readouterr()
    return out.out, out.err


def test_the_table_and_the_json_say_how_much_kinder(tmp_path: Path, capsys: Capture) -> None:
    life, run = fills(tmp_path), a_run(tmp_path)
    out, err = told(capsys, 0, life, "--run", run)
    assert "The simulation was 6 bps kinder than life (95 %: 6 to 6)" in out and not err
    assert "fitted submit delay, ms, of 10 orders: p50 20 (" in out
    assert "fitted taker fee, bps, of 10 fills: 2 (" in out
    out, _ = told(capsys, 0, "--fills", life, "--run", run, "--json")
    form = json.loads(out)
    assert form["matching"]["by_name"] == 10 and form["failed"] == []
    assert form["all"]["time_ns"]["p50"] == 20 * MS
    assert form["all"]["price_bps"]["p50"] == form["kinder"]["price_bps"]["value"]
    assert told(capsys, 0, life, "--run", run, "--json")[0] == out


def test_without_names_orders_are_paired_by_place(tmp_path: Path, capsys: Capture) -> None:
    life, run = fills(tmp_path, client_order_id=""), a_run(tmp_path)
    form = json.loads(told(capsys, 0, life, "--run", run, "--json")[0])
    assert (form["matching"]["by_name"], form["matching"]["by_place"]) == (0, 10)
    assert form["fit"]["submit"] is None
    tight = ("--within-bps", "1", "--within-ms", "10")
    form = json.loads(told(capsys, 1, life, "--run", run, "--json", *tight)[0])
    assert form["failed"] == ["nothing matched: no order filled in life and in the run"]


@pytest.mark.parametrize(
    ("flag", "kept", "broken"),
    [
        ("--most-bps", "6", "5.9"), ("--most-ms", "20", "19.5"), ("--most-missed", "10", "9"),
        ("--most-ghosts", "25", "0"), ("--most-refused", "1", "0"),
    ],
)  # fmt: skip
def test_a_tolerance_that_is_exceeded_fails(
    tmp_path: Path, capsys: Capture, flag: str, kept: str, broken: str
) -> None:
    life, run = fills(tmp_path, 11), a_run(tmp_path, 12)
    with open(life, "a", encoding="utf-8") as file:
        file.write("broken\n")
    lines = Path(life).read_text().splitlines()
    lines[10] = lines[10].replace("CLI10", "OTHER").replace("X/Y", "Z/Y")  # missed
    Path(life).write_text("\n".join(lines))
    told(capsys, 0, life, "--run", run, flag, kept)
    _, err = told(capsys, 1, life, "--run", run, flag, broken)
    assert err.startswith(f"check failed: {flag[2:].replace('-', ' ')} {broken}, found ")


def test_terms_are_written_for_the_next_run(tmp_path: Path, capsys: Capture) -> None:
    terms = tmp_path / "life.toml"
    told(capsys, 0, fills(tmp_path), "--run", a_run(tmp_path), "--terms", str(terms))
    assert terms.read_text() == (
        "# Fitted to fills of life.\n\n[delays]\nsubmit_ms = 20\n\n"
        '[fees]\nmodel = "flat"\ntaker_bps = 2\n'
    )


def test_a_clock_that_is_behind(tmp_path: Path, capsys: Capture) -> None:
    life, run = fills(tmp_path), a_run(tmp_path)
    form = json.loads(told(capsys, 0, life, "--run", run, "--json", "--offset-ms", "-20")[0])
    assert form["all"]["time_ns"]["p999"] == 0


def test_names_and_assets_that_are_told(tmp_path: Path, capsys: Capture) -> None:
    life, run = fills(tmp_path, symbol="XY.P"), a_run(tmp_path)
    told(capsys, 1, life, "--run", run)
    out, _ = told(capsys, 0, life, "--run", run, "--map", "XY.P=XY", "--convert", "BNB=600")
    assert "10 by name" in out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "FILLS is missing"), (("F",), 2, "--run RUN is missing"),
        (("F", "--run", "R", "--map", "A"), 2, "is no NAME=VALUE"),
        (("F", "--run", "R", "--map", "A=B,A=C"), 2, "is no NAME=VALUE"),
        (("F", "--run", "R", "--convert", "BNB=x"), 2, "--convert BNB 'x' is not a number"),
        (("F", "--run", "R", "--convert", "BNB=0"), 2, "--convert BNB '0' must be above 0"),
        (("F", "--run", "R", "--seed", "-1"), 2, "--seed -1 is out of range"),
        (("F", "--run", "R", "--within-ms", "x"), 2, "--within-ms 'x' is not a whole number"),
        (("F", "--run", "R", "--within-bps", "-1"), 2, "--within-bps '-1' is out of range"),
        (("F", "--run", "R", "--most-bps", "nan"), 2, "--most-bps 'nan' is not a number"),
        (("F", "--run", "R", "--powers="), 2, "1 powers are not 2 to 32"),
        (("F", "--run", "R", "--within-bps="), 2, "--within-bps '' is not a number"),
        (("F", "--run", "R", "--map="), 2, "--map '' is no NAME=VALUE"),
        (("F", "--run", "R", "--powers", "2"), 2, "1 powers are not 2 to 32"),
        (("F", "--run", "R", "--terms", "no/such/file"), 2, "there is no folder"),
        (("F", "--run", "R"), 2, "FILLS 'F' cannot be opened"),
    ],
)  # fmt: skip
def test_wrong_usage(
    capsys: Capture, words: tuple[str, ...], code: int, message: str,
) -> None:  # fmt: skip
    out, err = told(capsys, code, *words)
    assert message in err and not out and err.startswith("error: ") and ";" in err


def test_help_and_the_umbrella(capsys: Capture) -> None:
    out, _ = told(capsys, 0, "--help")
    assert "exit codes: 0 ok, 1 nothing matched" in out
    assert umbrella.main(["drift", "--help"]) == 0
    assert capsys.readouterr().out == out


def test_a_market_fits_a_queue(tmp_path: Path, capsys: Capture) -> None:
    life, run = fills(tmp_path, liquidity="maker"), a_run(tmp_path)
    market = tmp_path / "market.jsonl"
    rows = [{"symbol": "XY", "bid": "100", "ask": "101", "timestamp_ms": T0 // MS - 5 + n * 100}
            for n in range(120)]  # fmt: skip
    market.write_text("".join(json.dumps(row) + "\n" for row in rows))
    form = json.loads(told(capsys, 0, life, "--run", run, "--market", str(market), "--json",
                           "--powers", "1,2")[0])  # fmt: skip
    assert form["fit"]["queue"]["used"] == 10
    assert list(form["fit"]["queue"]["models"]) == ["log", "pessimistic", "power:1", "power:2"]
    assert not form["fit"]["queue"]["tells"]  # where nothing is canceled, all powers are one
    terms = tmp_path / "t.toml"
    told(capsys, 0, life, "--run", run, "--market", str(market), "--terms", str(terms))
    assert "queue" not in terms.read_text()


def test_a_market_without_a_name(tmp_path: Path, capsys: Capture) -> None:
    life, run = fills(tmp_path), a_run(tmp_path)
    for name in ("", "a\0b"):
        _, err = told(capsys, 2, life, "--run", run, f"--market={name}")
        assert err.startswith("error: input: --market ")


def test_which_orders_waited_in_life() -> None:
    life = [
        a_deal(1, name="A", at_ns=T0 + 50), a_deal(2, name="B", at_ns=T0 + 60, liquidity="taker"),
        a_deal(3, name="C", at_ns=T0 + 9), a_deal(4, name="D", at_ns=T0 + 70, liquidity=""),
    ]  # fmt: skip
    run = [a_deal(n, name=name, sent_ns=T0, ended_ns=T0 + 99) for n, name in enumerate("ABCDE", 1)]
    found = match(life, run)
    assert [(one.name, one.arrived_ns, one.filled_ns, one.left_ns) for one in
            waited(found, 10)] == [
        ("A", T0 + 10, T0 + 50, None), ("D", T0 + 10, T0 + 70, None), ("E", T0 + 10, None, T0 + 99),
    ]  # fmt: skip
    assert [one.arrived_ns for one in waited(found, 0)] == [T0] * 4
    unnamed = match([a_deal(1)], [a_deal(1), a_deal(2, sent_ns=T0)])
    assert waited(unnamed, 0) == []


def test_refused_rows_of_a_market_are_passed_over() -> None:
    found = match([a_deal(1, name="A", at_ns=T0 + 50)], [a_deal(1, name="A", sent_ns=T0)])
    quote = Bbo("BTCUSDT", "s", 100 * E9, E9, 101 * E9, E9, None, None, T0 - 1)
    trade = Trade("BTCUSDT", "s", "1", SELL, 100 * E9, 9 * E9, None, None, T0 + 50)
    market = [quote, WireRefused(WireFault.NOT_JSON, "", ""), trade]
    form = fit_queue(found, 0, market, ("1", "2"), 1)
    assert form["used"] == 1 and form["models"]["power:1"]["mean_loss_ns"] == 0
    assert fit_queue(found, 0, [], ("1", "2"), 1) == {
        "used": 0, "left_out": 1, "tells": False,
    }  # fmt: skip
