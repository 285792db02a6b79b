"""What a backtest and a sweep print is what their published schemas say, in every case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.backtest_builders import market_file
from tests.unit.json_schema import errors
from tools.live import backtest_cli, sweep_cli
from tools.live.reports.schema import SCHEMAS
from tools.live.reports.schema_backtest import VERSION, backtest, order, settings
from tools.live.reports.schema_parts import DIALECT
from tools.live.reports.schema_sweep import sweep, sweep_run
from tools.live.sweep import run_one

BACKTESTS = {
    "plain": "--iterations 20 --requote",
    "one step": "--iterations 1 --terms dream",
    "nothing fills": "--exchange fake --fill-rate 0 --iterations 3",
    "nothing is taken": "--exchange fake --reject-rate 1 --iterations 3",
    "frozen": "--iterations 20 --edge-threshold 3",
    "nothing may be traded": "--max-inv 0 --iterations 3",
    "markouts": "{market} --requote --base-qty 3 --symbols AUSD",
    "a part": "{market} --from +1 --until +2",
}
SWEEPS = {
    "grid": "--vary seed=1,2;requote=true,false --iterations 3 --jobs 1",
    "words": "--vary terms=fast,slow --iterations 2 --jobs 1",
    "nothing to choose from": "--vary seed=1 --iterations 1 --jobs 1",
    "walk": "{market} --requote --vary spread_bps=1,8;seed=1,2 --walk 1:1 --jobs 1",
}

RUN = SCHEMAS["sweep-run"]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> str:
    return market_file(tmp_path_factory.mktemp("market"))


@pytest.mark.parametrize("words", BACKTESTS.values(), ids=BACKTESTS)
def test_a_backtest(
    words: str, market: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = tmp_path / "orders.jsonl"
    assert backtest_cli.main([*words.format(market=market).split(), "--orders", str(orders)]) == 0
    assert errors(json.loads(capsys.readouterr().out), SCHEMAS["backtest"]) == []
    lines = orders.read_text().splitlines()
    assert (lines == []) is (words == BACKTESTS["nothing may be traded"])
    for line in lines:
        assert errors(json.loads(line), SCHEMAS["backtest-order"]) == []


@pytest.mark.parametrize("words", SWEEPS.values(), ids=SWEEPS)
def test_a_sweep(
    words: str, market: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.jsonl"
    assert sweep_cli.main([*words.format(market=market).split(), "--rows", str(rows)]) == 0
    told: Any = json.loads(capsys.readouterr().out)
    assert errors(told, SCHEMAS["sweep"]) == []
    made = [json.loads(line) for line in rows.read_text().splitlines()]
    assert len(made) == told["runs"] and [row for row in made if errors(row, RUN)] == []
    failed = {key: made[0][key] for key in made[0].keys() - {"frozen", "measures", "state_sha256"}}
    assert errors(failed, RUN) and errors({**made[0], "error": "why"}, RUN)
    assert errors({**failed, **run_one({"iterations": 3, "terms": "none.toml"})}, RUN) == []


def test_every_measure_is_named() -> None:
    made = RUN["oneOf"][0]["properties"]["measures"]
    assert list(made["properties"]) == list(sweep_cli.BY)


def test_a_spoilt_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert backtest_cli.main(["--iterations", "2"]) == 0
    told: Any = json.loads(capsys.readouterr().out)
    for section in ("returns", "drawdown", "risk_ratios", "exposure", "trading", "execution"):
        for spoilt in ({**told[section], "more": 1}, {}):
            assert errors({**told, section: spoilt}, SCHEMAS["backtest"])
    assert errors({**told, "laws": []}, SCHEMAS["backtest"])
    assert errors({**told["report"], "kind": "backtest"}, SCHEMAS["backtest"])
    assert errors({"a": {}}, settings()) and errors({"a": None}, settings()) == []


def test_each_is_named_by_its_version() -> None:
    made = (backtest({}), order(), sweep(), sweep_run())
    assert [one["$id"].rsplit(":", 2)[1:] for one in made] == [
        [name, str(VERSION)] for name in ("backtest", "backtest-order", "sweep", "sweep-run")
    ]
    assert {one["$schema"] for one in made} == {DIALECT}
