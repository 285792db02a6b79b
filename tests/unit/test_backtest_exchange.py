"""The exchange of a backtest, and the feed that goes with it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.backtest_builders import a_market
from tools.live.backtest_exchange import (
    delays_of, make_exchange, slippage_model, survey, terms_of, world_of,
)  # fmt: skip
from tools.live.backtest_run import Backtest
from tools.live.backtest_settings import config_of
from tools.live.core.clock import NS_PER_MS
from tools.live.core.errors import ContractError
from tools.live.exchange import FakeExchangeClient
from tools.live.market.synthetic import SyntheticMarket
from tools.live.sim.delays import SLOW
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.world import SimulatedWorld


def test_a_config_names_the_exchange() -> None:
    config = config_of({"exchange": "fake", "fill_rate": 0.25, "seed": 9})
    made = make_exchange(config)
    assert isinstance(made, FakeExchangeClient)
    assert (made.describe()["fill_rate"], made.describe()["seed"]) == (0.25, 9)
    simulated = make_exchange(config_of({"seed": 9, "retain": 7}))
    assert isinstance(simulated, SimulatedExchange)
    assert (simulated.seed, simulated.terms.retain) == (9, 7)


def test_terms() -> None:
    plain = terms_of(config_of({})).describe()
    assert plain["liquidity"] == {"liquidity": "displayed", "unknown_qty": None,
                                  "unknown_ahead": None}  # fmt: skip
    given = {"queue": "power:2", "slippage": "bps:3", "liquidity": "full", "delays": "slow"}
    asked = terms_of(config_of(given))
    assert asked.liquidity.full and asked.delays is SLOW
    assert asked.describe()["queue"] != plain["queue"] and plain["slippage"] is None
    assert asked.describe()["slippage"]["bps"] == "3"


def test_delays_in_milliseconds() -> None:
    ways = delays_of("2.5").describe().values()
    assert list(ways) == [{"model": "constant", "ns": NS_PER_MS * 5 // 2}] * 6
    assert delays_of("0").is_zero


@pytest.mark.parametrize("name", ["bps:3", "spread:0.5", "volume:1000"])
def test_slippages(name: str) -> None:
    model = slippage_model(name)
    assert model is not None and slippage_model("none") is None


@pytest.mark.parametrize("name", ["", "bps:", "no:1", "bps:x"])
def test_what_is_no_slippage(name: str) -> None:
    with pytest.raises(ContractError):
        slippage_model(name)


def test_the_fake_hears_of_no_market() -> None:
    market = SyntheticMarket(["A"], 3, 0)
    assert survey(market, None, None) is market
    assert world_of(market, SimulatedExchange(), None, None).steps == 3
    assert isinstance(Backtest(iterations=3).feed, SimulatedWorld)
    fake = Backtest(iterations=3, exchange="fake")
    before = fake.feed
    fake.begin()
    assert isinstance(before, SyntheticMarket) and fake.feed is before


def figures(**given: Any) -> dict[str, Any]:
    return Backtest(a_market(), requote=True, base_qty=3, **given).result().figures


def test_what_it_trades_on_matters() -> None:
    kind, plain, late = figures(liquidity="full"), figures(), figures(delays="slow")
    assert kind["execution"]["fill_ratio"] == 1.0
    assert 0 < plain["execution"]["fill_ratio"] < 1
    assert late["execution"]["fill_ratio"] != plain["execution"]["fill_ratio"]


@pytest.mark.parametrize("exchange", ["fake", "simulated"])
def test_symbols_are_picked(exchange: str) -> None:
    market = a_market("AUSD", "BUSD")
    run = Backtest(market, symbols="BUSD", exchange=exchange, requote=True)
    assert run.feed.symbols == ["BUSD"]
    assert list(run.result().figures["by_symbol"]) == ["BUSD"]


def test_without_delays_and_with_full_liquidity_it_is_the_kindest_fake() -> None:
    ours = Backtest(a_market(), requote=True, liquidity="full", delays="instant").result()
    fake = Backtest(a_market(), requote=True, exchange="fake", fill_rate=1, reject_rate=0,
                    latency_ms=0, partial_fill_rate=0).result()  # fmt: skip
    assert ours.figures == fake.figures
    state = "state_sha256"
    assert ours.report["integrity"][state] == fake.report["integrity"][state]
