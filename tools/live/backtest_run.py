"""A backtest: the same loop, strategy and gate as every run, over a market of the past.

    run = Backtest("btcusdt.jsonl.gz", requote=True)
    run.run(until_step=1000)
    print(run.now_ns, run.state_sha256())
    run.seek(step=500)                    # back by beginning again: nothing in it is left to chance
    print(run.result().figures["returns"])

Nothing of it sleeps or reads a clock: the time of a run is that of its market.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from .audit.laws_performance import check_performance
from .backtest_history import History
from .backtest_line import PerformanceLine
from .backtest_result import BacktestResult, figures
from .backtest_settings import config_of, grid_ns, instant_ns
from .core.clock import NS_PER_MS, parse_utc
from .core.errors import ContractError
from .core.money import to_e9
from .core.quiet_gc import quiet_gc
from .edge_modes import begun_as
from .exchange import IExchangeClient
from .exchange_choice import FAKE, SIMULATED, exchange_of, misheard, world_of
from .execution_loop import ExecutionLoop
from .market.feed import MarketFeed, Source
from .market.recorded import RecordedMarket
from .market.synthetic import SyntheticMarket
from .market.window import MarketWindow
from .order_store import InMemoryOrderStore
from .params import ExecutionParams, Feed
from .portfolio.ledger import Ledger
from .portfolio.order_tracks import OrderRow
from .portfolio.performance import Performance
from .reports.snapshot import state_sha256
from .risk_monitor import RuntimeRiskMonitor
from .sim.exchange import SimulatedExchange

MakeExchange = Callable[[], IExchangeClient]
Market = Source | SyntheticMarket | RecordedMarket
GIVEN = "given"  # what a config says of a market or an exchange that no config names


class Backtest:
    """One run that can be stopped and gone on with between any two of its steps.

    `market` is a path, a source of market events, or None for the synthetic one; the settings are
    the flags of the command, spelled with `_`. An `exchange` of one's own is a function that makes
    it, anew each time the run begins. `tell` gets the row of each order when it ends, again after
    each new beginning.
    """

    def __init__(
        self, market: str | Source | None = None, *, exchange: str | MakeExchange = SIMULATED,
        tell: Callable[[OrderRow], None] | None = None, drawn: bool = False, **given: Any,
    ) -> None:  # fmt: skip
        if market is not None:
            given["market"] = market if isinstance(market, str) else GIVEN
        self._own = None if isinstance(exchange, str) else exchange
        self.config = config_of({**given, "exchange": FAKE if self._own else exchange})
        if self._own is not None:
            self.config["exchange"] = GIVEN
            if self.config["faults"] is not None:
                raise ContractError(
                    "faults go with an exchange that has a name; wrap your own in FaultyExchange"
                )
        self._market = open_market(self.config, None if isinstance(market, str) else market)
        self._alone: Feed | None = None
        self._tell = tell
        self._drawn = drawn
        self.edge = begun_as(self.config["edge"])
        self.begin()

    def begin(self) -> None:
        """Stand before the first step, as new."""
        config = self.config
        exchange = exchange_of(config) if self._own is None else self._own()
        self.feed = self._feed(exchange)
        self.params = _params(config, self.feed)
        start_ms = self.feed.start_ns // NS_PER_MS
        self.loop = ExecutionLoop(
            exchange, InMemoryOrderStore(config["retain"]), _monitor(config), lambda: start_ms,
            edge=self.edge,
        )  # fmt: skip
        self.performance = Performance(grid_ns(config), self._tell)
        self.history = History(self.performance) if self._drawn else None
        self.done = 0
        self.report: dict[str, Any] | None = None
        self._line: PerformanceLine | None = None
        self._going: Generator[int, None, dict[str, Any]] | None = None
        self._pausing = self._is_recorded = False

    def _feed(self, exchange: IExchangeClient) -> Feed:
        """What the loop hears. A world is read anew each time; a market alone was read before."""
        symbols, source = self.config["symbols"], self.config["source"]
        if isinstance(getattr(exchange, "exchange", exchange), SimulatedExchange):
            return world_of(exchange, self._market, symbols, source)
        if self._own is None and (bad := misheard(exchange, self._market, symbols, source)):
            return bad
        if self._alone is None:
            self._alone = survey(self._market, symbols, source)
        return self._alone

    @property
    def steps(self) -> int:
        """How many steps the market has."""
        return self.feed.steps

    @property
    def now_ns(self) -> int:
        """The time of the run: that of the newest event, or of the beginning."""
        return self.loop.event_clock.ns or self.feed.start_ns

    @property
    def finished(self) -> bool:
        """Whether the market is at its end and the last answers were heard."""
        return self.report is not None

    def state_sha256(self) -> str:
        """The hash of everything in the loop that decides what happens next."""
        return state_sha256(self.loop.fold, self.loop.seq, self.feed.start_ns)

    def step(self) -> bool:
        """Take one step; False when there is none left, and the run has ended."""
        if self.report is not None:
            return False
        if self._going is None:
            self._going = self._start()
        try:
            self.done = next(self._going)
        except StopIteration as end:
            if end.value is None:
                raise ContractError("an error has ended this run; begin it anew") from None
            self._finish(end.value)
            return False
        return True

    def run(
        self, *, until_step: int | None = None, until_ns: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> bool:  # fmt: skip
        """Go on to the end, or behind the first step that is `until_step` or reaches `until_ns`.

        Whether the run has ended. `progress` is told the steps done and all steps.
        """
        self._pausing = False
        steps = self.steps
        with quiet_gc():
            while not self._pausing:
                if until_step is not None and self.done >= until_step:
                    break
                if until_ns is not None and self.now_ns >= until_ns:
                    break
                if not self.step():
                    break
                if progress is not None:
                    progress(self.done, steps)
        return self.finished

    def pause(self) -> None:
        """Let `run` return behind the present step; for who is called by it."""
        self._pausing = True

    def seek(self, *, step: int | None = None, ns: int | None = None) -> None:
        """Stand behind this step, or the first that reaches this instant; back by a new begin."""
        if (step is None) is (ns is None):
            raise ContractError("seek takes a step or an instant; give one of them")
        if step is not None and not 0 <= step <= self.steps:
            raise ContractError(f"step {step} is not from 0 to {self.steps}; seek one of them")
        if self.finished or (step is not None and step < self.done) or (
            ns is not None and ns < self.now_ns
        ):
            if self._is_recorded:
                raise ContractError("a recorded run only goes forward; replay its journal instead")
            self.begin()
        self.run(until_step=step, until_ns=ns)

    def result(self) -> BacktestResult:
        """Go on to the end and say what the run came to; LawsBroken when it does not add up."""
        while not self.run():
            pass
        assert self.report is not None, "a run that has ended has a report"
        return BacktestResult(
            self.config,
            figures(self.performance, self.config),
            self.report,
            self.history,
        )

    def _start(self) -> Generator[int, None, dict[str, Any]]:
        """The line of the loop may have been put into a journal since the beginning."""
        self._is_recorded = self.loop.line is not None
        self._line = PerformanceLine(
            self.loop.line, self.loop.fold, self.performance, self.history
        )
        self.loop.line = self._line
        return self.loop.trade(self.params, self.feed)

    def _finish(self, report: dict[str, Any]) -> None:
        assert self._line is not None, "what ends has begun"
        self._line.settle()
        self.performance.finish(max(self._line.last_ns, self.feed.start_ns))
        check_performance(self.performance, self.loop.risk_monitor.ledger)
        self.report = report


def run_backtest(market: str | Source | None = None, **given: Any) -> BacktestResult:
    """Run a backtest to its end; the arguments are those of `Backtest`."""
    return Backtest(market, **given).result()


def open_market(config: dict[str, Any], market: Source | None = None) -> Market:
    """The market of a config, or the part of it that it names."""
    if config["quotes"] is not None:
        return RecordedMarket(config["quotes"], config["symbols"], "--quotes")
    source = open_source(config) if market is None else market
    if source is None:
        start_ns = parse_utc(config["start"], "--start")
        return SyntheticMarket(config["symbols"], config["iterations"], start_ns)
    return _window(config, source)


def survey(
    market: Market, symbols: list[str] | None, source: str | None
) -> SyntheticMarket | RecordedMarket | MarketFeed:
    """A market as a feed by itself, read once to know how long it is."""
    if isinstance(market, (SyntheticMarket, RecordedMarket)):
        return market
    return MarketFeed(market, symbols, source)


def open_source(config: dict[str, Any]) -> Source | None:
    """The recorded market of a config, all of it; None where it names none."""
    if config["market"] is None:
        return None
    from .market_source import open_picked

    symbols = config["symbols"]
    symbol = symbols[0] if symbols is not None and len(symbols) == 1 else None
    return open_picked(config["market"], field="--market", symbol=symbol, source=config["source"])


def _window(config: dict[str, Any], market: Source) -> Source:
    """The part of the market that was asked for."""
    if config["from"] is None and config["until"] is None:
        return market
    begin_ns = first_ns(market)
    from_ns = instant_ns(config["from"], begin_ns, "--from")
    until_ns = instant_ns(config["until"], begin_ns, "--until")
    if until_ns is not None and until_ns <= max(from_ns or begin_ns, begin_ns):
        raise ContractError("--until ends the market before it begins; give a later instant")
    return MarketWindow(market, from_ns, until_ns)


def first_ns(market: Source) -> int:
    """When a market begins; 0 for one without an event."""
    return next((item.ts_ns for item in market if hasattr(item, "ts_ns")), 0)


def _monitor(config: dict[str, Any]) -> RuntimeRiskMonitor:
    ledger = Ledger(
        fee_maker_bps=to_e9(config["fee_maker_bps"], "fee_maker_bps"),
        fee_taker_bps=to_e9(config["fee_taker_bps"], "fee_taker_bps"),
    )
    return RuntimeRiskMonitor(
        max_inventory_usd_per_symbol=config["max_inv"],
        max_total_notional_usd=config["max_total"],
        edge_freeze_threshold_bps=config["edge_threshold"],
        ledger=ledger,
    )


def _params(config: dict[str, Any], feed: Feed) -> ExecutionParams:
    return ExecutionParams(
        feed.symbols, feed.steps, config["max_inv"], config["max_total"],
        config["edge_threshold"], config["base_qty"], config["spread_bps"], config["requote"],
    )  # fmt: skip
