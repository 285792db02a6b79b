"""Markets of which a simulated exchange hears whole bars, and everybody else what they say anyway.

    market = hear_bars(exchange, open_market("klines.csv", symbol="BTCUSDT"))

A file of bars says a trade at each close; that stays what we hear. The exchange hears the bar, at
the same moment, when it is over. Where bars are to be made of trades, we hear the market as it is,
and the exchange nothing but the bars.

Bars fill as the terms say; where these say nothing, a market of bars fills by the plain rules,
because orders that are held against closes alone miss what happened in between. An exchange whose
orders all fill in full, or that has a market of its own, stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..core.errors import ContractError
from ..core.market_v1 import MarketEvent, Trade
from ..core.record import fields_of
from ..market.feed import Source
from ..market.normalize.wire import WireRefused
from ..market.recorded import RecordedMarket
from ..market.synthetic import SyntheticMarket
from ..market.whole_bars import BarSource, WholeBar, bars_of
from .bar import Bar, made_bar
from .bar_making import bars_among
from .bars import BarRules
from .exchange import SimulatedExchange
from .faults.feed import FaultyMarket
from .terms import Terms

Heard = MarketEvent | WireRefused
Market = Source | SyntheticMarket | RecordedMarket


def hear_bars(exchange: SimulatedExchange, market: Market) -> Market:
    """The market as the exchange is to hear it; it may get its rules for bars here.

    Then the exchange becomes as new. What tells by itself what happens in it stays what it is.
    """
    bars = bars_of(market)
    if hasattr(market, "pairs"):
        _check_hidden(exchange.terms, market)
        return market
    if bars is not None and _by_default(exchange.terms):
        exchange.renew(_with(exchange.terms, BarRules()))
    rules = exchange.terms.bars
    if not isinstance(rules, BarRules):
        return market
    if rules.every_ns is None:
        if bars is None:
            raise ContractError("the terms fill inside bars, and this market tells none; set"
                                " every_seconds of bars to make them of trades")  # fmt: skip
        return WholeBars(bars)
    if bars is not None:
        raise ContractError("every_seconds makes bars of trades, and this market tells bars; leave"
                            " it out")  # fmt: skip
    if isinstance(market, (SyntheticMarket, RecordedMarket)) or not _any_trade(market):
        raise ContractError("every_seconds makes bars of trades, and this market has none; leave"
                            " bars out of the terms")  # fmt: skip
    return MadeBars(market, rules.every_ns)


class WholeBars:
    """A market of bars: each is told at its end, and the trade at its close is what we hear."""

    def __init__(self, market: BarSource) -> None:
        self._market = market

    def __iter__(self) -> Iterator[Heard]:
        return iter(self._market)

    def describe(self) -> dict[str, Any]:
        """The market itself; the exchange says that it hears bars."""
        return self._market.describe()

    def pairs(self) -> Iterator[tuple[Bar, Sequence[Heard]]]:
        """Each bar with what we hear of it."""
        ended_ns: dict[tuple[str, str], int] = {}
        for whole in self._market.whole_bars():
            bar, key = _bar_of(whole), (whole.trade.source, whole.trade.symbol)
            if bar.begin_ns < ended_ns.get(key, 0):
                what = f"a bar of {bar.symbol} from {bar.begin_ns} begins before the one in front"
                raise ContractError(f"{what} of it is over; sort the bars, each once")
            ended_ns[key] = bar.end_ns
            yield bar, (whole.trade,)


class MadeBars:
    """A market with trades, of which the exchange hears bars of one length."""

    def __init__(self, market: Source, every_ns: int) -> None:
        self._market = market
        self._every_ns = every_ns

    def __iter__(self) -> Iterator[Heard]:
        return iter(self._market)

    def describe(self) -> dict[str, Any]:
        """The market itself; the exchange says of how many seconds its bars are."""
        return self._market.describe()

    def pairs(self) -> Iterator[tuple[Bar | None, Sequence[Heard]]]:
        """Each bar where it is over, and in between what we hear."""
        for said in bars_among(self._market, self._every_ns):
            if isinstance(said, Bar):
                yield said, ()
            else:
                yield None, (said,)


def _by_default(terms: Terms) -> bool:
    """Whether terms that say nothing of bars leave a market of bars to the plain rules."""
    return terms.bars is None and terms.venue is None and not terms.liquidity.full


def _check_hidden(terms: Terms, market: object) -> None:
    """Behind a bad feed nobody sees bars any more."""
    if not isinstance(market, FaultyMarket) or market.tells_all:
        return
    if isinstance(terms.bars, BarRules) or (market.hides_bars and _by_default(terms)):
        raise ContractError("the bars of a market are behind its bad feed; give FaultyMarket what"
                            " hear_bars makes of the market")  # fmt: skip


def _with(terms: Terms, rules: BarRules) -> Terms:
    said = {name: getattr(terms, name) for name in fields_of(terms)}
    return Terms(**(said | {"bars": rules}))


def _any_trade(market: Source) -> bool:
    return any(isinstance(event, Trade) for event in market)


def _bar_of(whole: WholeBar) -> Bar:
    trade = whole.trade
    prices = whole.open, whole.high, whole.low, trade.price
    return made_bar(
        trade.symbol, trade.source, prices, trade.qty, whole.begin_ns, trade.ts_ns
    )
