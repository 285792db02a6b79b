"""The simulated exchange behind a bad line as a candidate: the line fails when the stage says so.

It is the candidate for lost answers and cut lines: the world and its market are those of
`stages_simulated`, and what goes wrong is a plan of one fault, put on the line for the moment.
"""

from __future__ import annotations

from ..sim.faults.plan import Fault, FaultKind, FaultPlan
from ..sim.faults.strikes import Strikes
from ..sim.faults.wire import FaultyExchange
from .candidate import Candidate, Stage
from .capabilities import Capabilities
from .stages import T0_MS
from .stages_simulated import SimulatedMarket

CAN = Capabilities(
    answers_later=True, query=True, cancel_by_client_id=True, fills_listing=True, balances=True,
    self_trade="cancel_newest", dedupes_client_ids=True, sequential_ids=True, liquidity=True,
    deterministic=True, lists_rules=True,
)  # fmt: skip


def faulty() -> Candidate:
    """Every answer takes its time, and some never come."""
    return behind(FaultyExchange)


def behind(line: type[FaultyExchange]) -> Candidate:
    """The same behind a line of another class."""
    market = SimulatedMarket(True)
    exchange = line(market.exchange, FaultPlan())
    exchange.join(market.line, lambda: T0_MS)
    bad = _BadLine(exchange)
    stage = Stage(
        market.meets, market.fill, bad.lose_answer, bad.keep_back, bad.disconnect, bad.reconnect,
        market.advance,
    )  # fmt: skip
    return Candidate(exchange, CAN, stage)


class _BadLine:
    """What is wrong with the line, as long as it is."""

    def __init__(self, exchange: FaultyExchange) -> None:
        self._exchange = exchange

    def lose_answer(self) -> None:
        """The next answer to a request is lost."""
        self._strike(Fault(FaultKind.LOSE_ANSWER, nth=(1,)))

    def keep_back(self) -> None:
        """The next request is not sent."""
        self._strike(Fault(FaultKind.NOT_SENT, nth=(1,)))

    def disconnect(self) -> None:
        """Nothing comes through."""
        self._strike(Fault(FaultKind.DISCONNECT))

    def reconnect(self) -> None:
        """All comes through again."""
        self._strike()

    def _strike(self, *faults: Fault) -> None:
        self._exchange.strikes = Strikes(FaultPlan(faults))
