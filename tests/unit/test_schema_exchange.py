"""A report of a run on any exchange, over any market, is what the published schema says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.json_schema import errors
from tools.live import backtest_cli, exec_demo
from tools.live.market.generator import GeneratedMarket
from tools.live.market.plan import MarketPlan
from tools.live.reports.schema import SCHEMAS
from tools.live.reports.schema_exchange import FAULTS, exchange
from tools.live.reports.schema_market import market
from tools.live.reports.schema_parts import closed

EXTRACT = "tests/market/extracts/binance-spot.jsonl"
TERMS = """
liquidity = "full"
cash = 5
retain = 10
slippage = {model = "spread"}
fees = [{model = "us_equity"}, {model = "per_unit", rate = 0.01}]
funding = {rate_bps = 1}
sessions = {opens = "00:00", closes = "23:00"}
rules = {BTCUSDT = {lot = 0.001}}
delays = {submit_ms = [1, 2], fill_ms = [1, 2, 3]}
"""
RUNS = {
    "simulated": "--exchange simulated",
    "terms": "--exchange simulated --terms {terms}",
    "preset": f"--exchange simulated --terms slow --market {EXTRACT} --requote",
    "quotes": "--exchange simulated --quotes tests/matrix/quotes.csv",
    "fake with faults": "--faults tests/matrix/faults.toml",
    "simulated with faults": "--exchange simulated --faults tests/matrix/faults.toml --delays 30",
    "bad feed": f"--exchange simulated --faults xs-284 --market {EXTRACT} --requote",
    "bad feed of the fake": f"--faults cf-606 --market {EXTRACT} --requote",
    "bad synthetic feed": "--faults ccxt-19717",
    "bad feed of quotes": "--faults ccxt-19717 --quotes tests/matrix/quotes.csv",
}


@pytest.fixture
def terms(tmp_path: Path) -> Path:
    file = tmp_path / "terms.toml"
    file.write_text(TERMS)
    return file


@pytest.mark.parametrize("words", RUNS.values(), ids=RUNS)
def test_a_report_is_what_the_schema_says(
    words: str, terms: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["--shadow", "--freeze-utc", "2025-01-01T00:00:00Z", *words.format(terms=terms).split()]
    assert exec_demo.main(argv) == 0
    report: Any = json.loads(capsys.readouterr().out)
    assert errors(report, SCHEMAS["report"]) == []


@pytest.mark.parametrize("words", [f"{EXTRACT} --from +0.2 --until +0.9", "--exchange fake"])
def test_so_is_the_report_inside_of_a_backtest(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backtest_cli.main(words.split()) == 0
    told: Any = json.loads(capsys.readouterr().out)
    assert errors(told["report"], SCHEMAS["report"]) == []


def test_an_exchange_that_says_more_or_less_is_none_of_the_forms(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exec_demo.main(["--shadow", "--exchange", "simulated"]) == 0
    told = json.loads(capsys.readouterr().out)["params"]["exchange"]
    assert errors(told, exchange()) == []
    for changed in (
        {**told, "more": 1}, {key: told[key] for key in told if key != "queue"},
        {**told, "delays": {}}, {**told, "cash": 5}, {**told, "faults": {}},
    ):  # fmt: skip
        assert errors(changed, exchange())
    assert errors({"seed": 1, "fault": []}, FAULTS) == []
    assert errors({"client": "Mine"}, exchange()) == []


def test_a_generated_market_is_told_by_its_whole_plan() -> None:
    heard = {"quotes": 1, "quoted_from": "quotes", "refused": {}}
    told = {**GeneratedMarket(MarketPlan(("BTCUSDT",))).describe(), **heard}
    assert errors(told, market()) == errors({**told, "from_ns": None}, market()) == []
    assert errors({**told, "more": 1}, market()) and errors({**told, "tick": -1}, market())
    del told["tick"]
    assert errors(told, market())


def test_a_closed_object_has_its_keys_and_may_have_some() -> None:
    schema = closed("of a test", one={"type": "string"}, maybe={"two": {"type": "boolean"}})
    assert schema["required"] == ["one"] and schema["description"] == "of a test"
    assert errors({"one": ""}, schema) == errors({"one": "", "two": True}, schema) == []
    assert errors({"two": True}, schema) and errors({"one": "", "three": 3}, schema)
    assert "description" not in closed()
