"""On what terms a simulated exchange trades: all of its parts in one record.

The record describes itself, because everything in it decides the run. Parts that keep state are
made anew from it for each life of an exchange, so `reset` gives what a new one would be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, Protocol

from ..core.market_v1 import MarketEvent
from ..core.money import cash_text
from ..core.record import fields_of, record
from ..core.words_v1 import Side
from .bars import BarRules
from .delays import Delays
from .evidence import Execution
from .fees import Fees
from .funding import Funding
from .liquidity import LiquidityRule
from .orders import SelfTrade, WorkingOrder
from .queue import PESSIMISTIC, QueueModel
from .rules import SymbolRules
from .session import ALWAYS_OPEN, Outside, Sessions
from .slippage import Slippage
from .triggers import TriggerBy
from .venue import SymbolVenue


class BarsHeard(str, Enum):
    """How a market of bars is heard, where not as bars."""

    CLOSES = "closes"  # each as one trade of its volume at its close


class Venue(Protocol):
    """One symbol: what the market shows of it (0 is nothing), and our orders in it."""

    @property
    def bid(self) -> int: ...

    @property
    def ask(self) -> int: ...

    @property
    def last(self) -> int: ...

    def hear(self, event: MarketEvent) -> list[Execution]: ...

    def fillable(self, side: Side, limit: int | None) -> int: ...

    def crosses(self, side: Side, price: int) -> bool: ...

    def take(self, order: WorkingOrder) -> list[Execution]: ...

    def rest(self, order: WorkingOrder) -> None: ...

    def leave(self, order: WorkingOrder) -> None: ...

    def reduce(self, order: WorkingOrder, leaves: int) -> None: ...

    def resting(self, side: Side | None = None) -> Iterator[WorkingOrder]: ...

    def state(self) -> tuple[object, ...]: ...


@record
class Terms:
    """The parts of an exchange; what is left out is the plainest that can be.

    `rules` are by symbol; with `only_listed` an order of any other symbol is refused. `fees` makes
    the schedule of one life of the exchange; None leaves it to whoever books the fills what they
    cost. With `explain` each fill says why it came about, but where all is filled in full.
    `cash_e18` None keeps no count of money.
    `retain` is how many finished orders are remembered, None for all. `venue` makes the market of
    a symbol, where it is another one than `SymbolVenue`. `bars` fill orders inside whole bars, and
    of nothing else; None does so by the plain rules where the market tells bars, in a book of
    displayed quantities where it does not.
    """

    queue: QueueModel = PESSIMISTIC
    liquidity: LiquidityRule = LiquidityRule()
    slippage: Slippage | None = None
    partial: bool = True
    delays: Delays = Delays()
    fees: Callable[[], Fees] | None = None
    explain: bool = True
    rules: Mapping[str, SymbolRules] = {}
    only_listed: bool = False
    sessions: Sessions = ALWAYS_OPEN
    outside: Outside = Outside.REFUSE
    self_trade: SelfTrade = SelfTrade.ALLOW
    trigger_by: TriggerBy = TriggerBy.LAST
    cash_e18: int | None = None
    funding: Funding | None = None
    currency: str = "USD"
    retain: int | None = None
    venue: Callable[[str], Venue] | None = None
    bars: BarRules | BarsHeard | None = None

    def venue_of(self, symbol: str) -> Venue:
        """A new, empty market of a symbol."""
        if self.venue is not None:
            return self.venue(symbol)
        return SymbolVenue(
            symbol, queue=self.queue, liquidity=self.liquidity, slippage=self.slippage,
            partial=self.partial, lot=self.lot_of(symbol),
        )  # fmt: skip

    def lot_of(self, symbol: str) -> int:
        """The step of its quantities; 0 where there is none."""
        rules = self.rules.get(symbol)
        return 0 if rules is None else rules.lot

    def describe(self) -> dict[str, Any]:
        """Every part by its name, in plain words and numbers."""
        told = {name: _plain(getattr(self, name)) for name in fields_of(self)}
        told["fees"] = None if self.fees is None else self.fees().describe()
        cash = told.pop("cash_e18")
        told["cash"] = None if cash is None else cash_text(cash)
        return told


def _plain(part: Any) -> Any:
    """A part in what JSON can hold."""
    if part is None or isinstance(part, (bool, int, str)):
        return part.value if isinstance(part, Enum) else part
    if isinstance(part, Mapping):
        return {str(name): _plain(part[name]) for name in sorted(part)}
    if hasattr(part, "describe"):
        return part.describe()
    if hasattr(part, "__match_args__"):
        named = {name: _plain(getattr(part, name)) for name in part.__match_args__}
        return {"model": part.__class__.__name__, **named}
    return getattr(part, "__name__", part.__class__.__name__)
