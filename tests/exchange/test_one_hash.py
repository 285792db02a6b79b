"""With no delay and full liquidity, fake, simulated and recorded exchange give one state hash."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tools.live.core import codec
from tools.live.core.contracts_v1 import Entry
from tools.live.core.line import Line
from tools.live.exchange import FakeExchangeClient, IExchangeClient
from tools.live.execution_loop import ExecutionLoop, ExecutionParams
from tools.live.journal.folding import Told
from tools.live.journal.recorded_exchange import CommandDiffers, RecordedExchange
from tools.live.market.synthetic import SyntheticMarket
from tools.live.order_store import InMemoryOrderStore
from tools.live.params import Feed
from tools.live.risk_monitor import RuntimeRiskMonitor
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.liquidity import FULL
from tools.live.sim.terms import Terms
from tools.live.sim.world import SimulatedWorld

T0_MS = 1_735_689_600_000
SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
STEPS = 150


def told(entries: list[Entry]) -> Iterator[Told]:
    """A line as a journal would tell it."""
    for entry in entries:
        said = codec.envelope(entry)
        yield Told(entry.src, said["kind"], entry.seq, said["ts_ns"], entry.corr, entry.cause,
                   said["payload"])  # fmt: skip


def a_run(
    exchange: IExchangeClient, feed: Feed, *, limit: int, requote: bool, qty: float = 0.01
) -> tuple[str, list[Entry]]:
    monitor = RuntimeRiskMonitor(
        max_inventory_usd_per_symbol=limit, max_total_notional_usd=limit * 3,
        edge_freeze_threshold_bps=1.5,
    )  # fmt: skip
    line = Line()
    loop = ExecutionLoop(exchange, InMemoryOrderStore(), monitor, lambda: T0_MS, line=line)
    if isinstance(exchange, RecordedExchange):
        exchange.follow(lambda: loop.seq)
    params = ExecutionParams(SYMBOLS, STEPS, limit, limit * 3, 1.5, qty, 5.0, requote)
    report = loop.run_shadow(params, feed)
    return report["integrity"]["state_sha256"], line.entries


@pytest.mark.parametrize("requote", [True, False])
@pytest.mark.parametrize("limit", [2_000, 1_000_000])
def test_three_exchanges_give_one_hash(limit: int, requote: bool) -> None:
    market = SyntheticMarket(SYMBOLS, STEPS, T0_MS * 10**6)
    fake = FakeExchangeClient(1.0, 0.0, 0, 0.0)
    simulated = SimulatedExchange(Terms(liquidity=FULL))
    first, entries = a_run(fake, market, limit=limit, requote=requote)
    second, _ = a_run(
        simulated, SimulatedWorld(market, simulated), limit=limit, requote=requote
    )
    third, again = a_run(RecordedExchange(told(entries)), market, limit=limit, requote=requote)
    assert first == second == third
    assert again == entries and len(entries) > 600


@pytest.mark.parametrize("seed", range(20))
def test_whatever_a_fake_did_its_record_does_again(seed: int) -> None:
    market = SyntheticMarket(SYMBOLS, STEPS, T0_MS * 10**6)
    rates = (seed % 4 / 3, seed % 3 / 10, 100 * (seed % 2), seed % 5 / 4)
    said = {"limit": 5_000, "requote": bool(seed % 2)}
    first, entries = a_run(FakeExchangeClient(*rates, seed=seed), market, **said)  # type: ignore
    again, line = a_run(RecordedExchange(told(entries)), market, **said)  # type: ignore[arg-type]
    assert again == first and line == entries
    with pytest.raises(CommandDiffers, match="order.place"):
        a_run(RecordedExchange(told(entries)), market, qty=0.02, **said)  # type: ignore[arg-type]
