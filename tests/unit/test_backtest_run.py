"""A backtest: the run of the demo, which can be stopped, gone on with and sought in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.backtest_builders import STEPS, a_market, market_file, small
from tools.live.audit.laws import LawsBroken
from tools.live.backtest import Backtest, BacktestResult, run_backtest
from tools.live.backtest_run import first_ns
from tools.live.core.clock import NS_PER_S
from tools.live.core.errors import ContractError
from tools.live.core.line import Line
from tools.live.exchange import FakeExchangeClient
from tools.live.execution_loop import ExecutionParams, run_shadow_demo
from tools.live.market.synthetic import SyntheticMarket
from tools.live.portfolio.order_tracks import OrderRow
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.world import SimulatedWorld

START_MS = 1_735_689_600_000


def hashes(run: Backtest) -> list[str]:
    found = [run.state_sha256()]
    while run.step():
        found.append(run.state_sha256())
    return found


def test_it_is_the_run_of_the_demo() -> None:
    demo = run_shadow_demo(iterations=STEPS, clock=lambda: START_MS, requote=True, fill_rate=0.5)
    result = small(retain=1_000_000).result()
    ours, theirs = dict(result.report), dict(demo.data)
    for report in (ours, theirs):
        report["integrity"] = {
            name: report["integrity"][name] for name in ("state_sha256", "config_sha256")
        }
    assert ours == theirs


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("exchange", ["simulated", "fake"])
@pytest.mark.parametrize("market", [None, a_market("AUSD", "BUSD")])
def test_at_every_step_the_state_is_that_of_a_straight_run(market: Any, exchange: str) -> None:
    given: dict[str, Any] = {"requote": True, "exchange": exchange}
    if market is None:
        given["iterations"] = 25
    straight = hashes(Backtest(market, **given))
    run = Backtest(market, **given)
    assert len(straight) == run.steps + 1 > 20
    step = max(run.steps // 25, 1)
    for place in [*range(0, run.steps + 1, step), *range(run.steps, -1, -step)]:
        run.seek(step=place)
        assert (run.done, run.state_sha256(), run.finished) == (place, straight[place], False)
    end = Backtest(market, **given).result()
    assert str(run.result()) == str(end)
    run.seek(step=run.steps)
    assert (run.finished, run.state_sha256()) == (False, straight[-1])
    run.result()
    run.seek(step=3)
    assert run.state_sha256() == straight[3] and str(run.result()) == str(end)


def test_until_a_time() -> None:
    run = small()
    begin = run.now_ns
    assert begin == START_MS * 10**6
    run.run(until_ns=begin)
    assert run.done == 0
    run.seek(ns=begin + 5 * NS_PER_S)
    assert run.now_ns >= begin + 5 * NS_PER_S and run.done in (5, 6)
    there, state = run.done, run.state_sha256()
    run.run(until_step=20)
    run.seek(ns=begin + 5 * NS_PER_S)
    assert (run.done, run.state_sha256()) == (there, state)
    run.seek(ns=begin + 10**6 * NS_PER_S)
    assert run.finished and not run.step()


def test_a_run_pauses_behind_the_step_in_which_it_is_asked_to() -> None:
    run = small()
    seen: list[tuple[int, int]] = []

    def progress(done: int, steps: int) -> None:
        seen.append((done, steps))
        if done in (3, 7):
            run.pause()

    assert not run.run(progress=progress) and run.done == 3
    assert not run.run(progress=progress) and run.done == 7
    assert run.run(progress=progress) and seen == [(n + 1, STEPS) for n in range(STEPS)]
    assert str(run.result()) == str(small().result())


def test_a_result_does_not_pause() -> None:
    run = small(tell=lambda row: run.pause())
    assert str(run.result()) == str(small().result())


def test_seek_takes_one_place_of_the_run() -> None:
    run = small()
    for wrong in ({}, {"step": 1, "ns": 1}):
        with pytest.raises(ContractError, match="seek takes a step or an instant; give one"):
            run.seek(**wrong)
    for step in (-1, STEPS + 1):
        with pytest.raises(ContractError, match=f"step {step} is not from 0 to {STEPS}; seek one"):
            run.seek(step=step)


def test_the_rows_of_the_orders_add_up() -> None:
    rows: list[OrderRow] = []
    run = small(tell=rows.append)
    figures = run.result().figures
    orders = figures["execution"]["orders"]
    assert len(rows) == orders["sent"] == sum(
        orders[end] for end in ("filled", "canceled", "rejected", "open")
    )
    assert sum(row.fills for row in rows) == figures["trading"]["fills"] > 20
    fees = sum(row.fees_e18 for row in rows)
    assert fees == run.performance.total("fees") - run.performance.total("rebates")


def test_an_exchange_of_ones_own_is_made_anew_for_each_beginning() -> None:
    made: list[FakeExchangeClient] = []

    def exchange() -> FakeExchangeClient:
        made.append(FakeExchangeClient(1.0, 0.0, 0, 0.0))
        return made[-1]

    run = small(exchange=exchange)
    assert (run.config["exchange"], small().config["exchange"]) == ("given", "fake")
    run.seek(step=5)
    run.seek(step=5)
    run.seek(ns=run.now_ns)
    assert len(made) == 1
    run.seek(step=2)
    assert len(made) == 2
    assert run.result().figures["execution"]["fill_ratio"] == 1.0


def test_a_simulated_exchange_lives_in_a_world_with_the_market() -> None:
    run = Backtest(iterations=3, seed=9, delays="2.5", queue="power:2")
    assert isinstance(run.feed, SimulatedWorld) and isinstance(run.loop.exchange, SimulatedExchange)
    told = run.loop.exchange.describe()
    assert (told["seed"], told["queue"]["queue"]) == (9, "power")
    assert told["delays"]["submit"]["ns"] == 2_500_000
    fake = Backtest(iterations=3, exchange="fake")
    before = fake.feed
    fake.begin()
    assert isinstance(before, SyntheticMarket) and fake.feed is before


@pytest.mark.parametrize("exchange", ["fake", "simulated"])
def test_symbols_are_picked(exchange: str) -> None:
    market = a_market("AUSD", "BUSD")
    run = Backtest(market, symbols="BUSD", exchange=exchange, requote=True)
    assert run.feed.symbols == ["BUSD"]
    assert list(run.result().figures["by_symbol"]) == ["BUSD"]


def test_in_a_dream_it_is_the_kindest_fake() -> None:
    ours = Backtest(a_market(), requote=True, terms="dream").result()
    fake = Backtest(a_market(), requote=True, exchange="fake", fill_rate=1, reject_rate=0,
                    latency_ms=0, partial_fill_rate=0).result()  # fmt: skip
    assert ours.figures == fake.figures and ours.figures["execution"]["fill_ratio"] == 1.0
    state = "state_sha256"
    assert ours.report["integrity"][state] == fake.report["integrity"][state]
    plain = Backtest(a_market(), requote=True, base_qty=3).result().figures
    assert 0 < plain["execution"]["fill_ratio"] < 1


@pytest.mark.parametrize("exchange", ["fake", "simulated"])
def test_a_bad_feed_is_heard_on_either_exchange(tmp_path: Path, exchange: str) -> None:
    market = market_file(tmp_path)
    good, bad = (
        Backtest(market, exchange=exchange, **faults).result().report
        for faults in ({}, {"faults": "ccxt-19717"})
    )
    assert "faults" not in good["params"]["market"]
    assert bad["params"]["market"]["faults"] == bad["params"]["exchange"]["faults"]


def test_faults_of_an_exchange_of_ones_own_are_its_own_business() -> None:
    with pytest.raises(ContractError, match="faults go with an exchange that has a name; wrap"):
        Backtest(iterations=5, exchange=FakeExchangeClient, faults="nt-4215")


def test_faults_by_plan(tmp_path: Path) -> None:
    plan = tmp_path / "faults.json"
    plan.write_text('{"seed": 1, "fault": [{"kind": "reject", "nth": [2]}]}')
    for exchange in ("fake", "simulated"):
        run = Backtest(iterations=5, exchange=exchange, faults=str(plan))
        assert run.loop.exchange.__class__.__name__ == "FaultyExchange"
        assert isinstance(run.feed, SimulatedWorld) is (exchange == "simulated")
        assert run.result().figures["execution"]["orders"]["rejected"] >= 1


def test_a_market_of_a_file_is_that_market(tmp_path: Path) -> None:
    given: dict[str, Any] = {"requote": True, "symbols": ["AUSD"]}
    path = market_file(tmp_path)
    of_file, of_source = run_backtest(path, **given), run_backtest(a_market(), **given)
    assert of_file.figures == of_source.figures
    assert (of_file.config["market"], of_source.config["market"]) == (path, "given")
    again = {key: value for key, value in of_file.config.items() if value is not None}
    assert str(Backtest(**again).result()) == str(of_file)
    assert json.loads(str(of_file)) == of_file.plain()


def test_a_part_of_a_market(tmp_path: Path) -> None:
    path, market = market_file(tmp_path), a_market()
    begin = first_ns(market)
    bounds = {"from": "+1", "until": "+2"}
    part = run_backtest(path, **bounds).figures["span"]
    assert (part["start_ns"], part["start_utc"]) == (
        begin + NS_PER_S, "2025-01-01T00:00:01.001002197Z",
    )  # fmt: skip
    assert begin + 1.8 * NS_PER_S < part["end_ns"] < begin + 2 * NS_PER_S
    early = run_backtest(market, until="2025-01-01T00:00:01Z").figures["span"]
    assert early["start_ns"] == begin
    for bounds in ({"from": "+2", "until": "+2"}, {"until": "2025-01-01T00:00:00Z"}):
        with pytest.raises(ContractError, match="--until ends the market before it begins"):
            Backtest(path, **bounds)


def test_quotes_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "quotes.csv"
    path.write_text("symbol,bid,ask,timestamp_ms\nA,99,101,1000\nA,98,100,2000\n")
    for exchange in ("fake", "simulated"):
        run = Backtest(quotes=str(path), exchange=exchange)
        assert (run.steps, run.feed.symbols, run.result().figures["span"]["start_ns"]) == (
            2, ["A"], 10**9,
        )  # fmt: skip


def test_a_market_without_an_event_has_no_beginning() -> None:
    class Empty:
        def __iter__(self) -> Any:
            return iter(())

        def describe(self) -> dict[str, Any]:
            return {}

    assert first_ns(Empty()) == 0


def test_figures_that_do_not_add_up_are_no_result() -> None:
    run = small()
    run.run(until_step=STEPS)
    next(iter(run.performance.tracks.values())).market += 1
    with pytest.raises(LawsBroken, match="profit_is_explained"):
        run.result()


def test_a_run_that_an_error_has_ended_does_not_go_on() -> None:
    run = small()
    run.run(until_step=3)

    def broken() -> None:
        raise RuntimeError("out of order")

    run.loop.on_fill = broken  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        run.run()
    for _ in range(2):
        with pytest.raises(ContractError, match="an error has ended this run; begin it anew"):
            run.result()
    run.begin()
    assert str(run.result()) == str(small().result())


def test_a_recorded_run_only_goes_forward() -> None:
    run = small()
    run.loop.line = Line()
    run.seek(step=5)
    run.seek(step=9)
    with pytest.raises(ContractError, match="a recorded run only goes forward; replay"):
        run.seek(step=8)
    assert run.done == 9


def test_a_loop_can_be_driven_step_by_step() -> None:
    run = small()
    params = ExecutionParams(["BTCUSDT"], 3, 10_000, 50_000, 1.5)
    going = run.loop.trade(params)
    assert [next(going), next(going), next(going)] == [1, 2, 3]
    with pytest.raises(StopIteration) as end:
        next(going)
    assert end.value.value["execution"]["iterations"] == 3


def test_what_is_exported() -> None:
    assert isinstance(run_backtest(iterations=1), BacktestResult)
