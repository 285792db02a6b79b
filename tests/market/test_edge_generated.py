"""The edge on a generated market: the same minutes, with aggressors who know and who do not.

Ten quotes a second and their trades come as a venue tells them. We quote four basis points around
the mid, inside its spread of ten, so that every aggressor finds us first. What the freeze prevented
can be seen where the market leaps: its usual steps do not trade through a would-be quote. Each of
those fills would have lost at once; what its position came to later is chance.
"""

from __future__ import annotations

import pytest

from tests.market.test_edge_flow import Run
from tests.unit.builders import BTC, T0_NS
from tools.live.audit.laws_edge import check_watch
from tools.live.core.contracts_v1 import BUY, QuoteUpdate
from tools.live.core.market_v1 import Bbo, Trade
from tools.live.core.money import SCALE
from tools.live.edge_modes import MARKOUTS
from tools.live.execution_loop import ExecutionParams
from tools.live.market.generator import GeneratedMarket
from tools.live.market.plan import MarketPlan
from tools.live.market.regimes import Regime
from tools.live.reports.edge_section import edge_section

SEEDS = range(8)
PARAMS = ExecutionParams([BTC], 1, 10**9, 10**9, 1.5, 0.01, 8.0, True)


def traded(seed: int, toxic_e9: int) -> Run:
    """A calm market and one that leaps; the run goes on behind a freeze, without power."""
    schedule = ((Regime.CALM, 90), (Regime.BURST, 30))
    plan = MarketPlan(
        (BTC,), seed=seed, start_ns=T0_NS, schedule=schedule, toxic_e9=toxic_e9
    )
    run = Run()
    run.loop.set_params(PARAMS)
    for event in GeneratedMarket(plan):
        if isinstance(event, Bbo):
            run.loop.cancel_all("requote", BTC)
            run.loop.take(QuoteUpdate(BTC, event.bid, event.ask, event.ts_ns))
        elif isinstance(event, Trade):
            run.venue.hit(event.side is BUY, event.ts_ns // 10**6)
            run.loop.on_fill()
    return run


@pytest.mark.parametrize("seed", SEEDS)
def test_aggressors_who_know_freeze_us_and_would_go_on_taking(seed: int) -> None:
    run = traded(seed, SCALE)
    section = edge_section(run.loop.fold, MARKOUTS)
    decision, measured = section["decision"][BTC], section["measured"][BTC]
    assert run.frozen
    assert (decision["fired"], decision["upper_bps"] < 1.5) == (True, True)
    assert measured["1s"]["net_bps"] < measured["0.1s"]["net_bps"]
    would_be = section["counterfactual"]["by_symbol"][BTC]
    assert would_be["fills"] > 0
    assert would_be["markouts"]["0.1s"]["net_usd"] < 0
    watch = run.loop.fold.watch
    assert watch is not None
    assert list(check_watch(watch, run.fills)) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_aggressors_who_do_not_know_leave_us_trading(seed: int) -> None:
    run = traded(seed, 0)
    section = edge_section(run.loop.fold, MARKOUTS)
    assert not run.frozen
    assert section["decision"][BTC]["samples"] > 60
    assert section["measured"][BTC]["0.1s"]["net_bps"] > 0
    assert section["counterfactual"] == {"fills": 0, "saved_usd": 0.0, "by_symbol": {}}
