"""Which exchange a run trades on: the seeded fake, or a simulated one on the terms of the flags.

The simulated world is loaded only for who asks for it. Faults by plan go with either exchange.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .console import Usage, did_you_mean
from .core import codec
from .core.errors import ContractError
from .exchange import FakeExchangeClient, IExchangeClient
from .params import Feed

if TYPE_CHECKING:
    from .market.feed import Source
    from .market.recorded import RecordedMarket
    from .market.synthetic import SyntheticMarket
    from .sim.exchange import SimulatedExchange
    from .sim.faults.plan import FaultPlan
    from .sim.faults.wire import FaultyExchange
    from .sim.terms import Terms

FAKE, SIMULATED = "fake", "simulated"
KINDS = (FAKE, SIMULATED)
_OF_THE_FAKE = ("fill_rate", "reject_rate", "partial_fill_rate", "latency_ms")
_OF_THE_SIMULATED = ("terms", "queue", "delays")


def check_choice(chosen: Mapping[str, Any], given: Container[str]) -> None:
    """Refuse what says nothing about the chosen exchange; `given` are the keys that were set."""
    if chosen["exchange"] == FAKE:
        wrong, other = [key for key in _OF_THE_SIMULATED if chosen[key] is not None], SIMULATED
    else:
        wrong, other = [key for key in _OF_THE_FAKE if key in given], FAKE
    if wrong:
        flag = "--" + wrong[0].replace("_", "-")
        raise Usage(f"{flag} is about --exchange {other}; name that, or leave {flag} out")


def exchange_of(chosen: Mapping[str, Any]) -> IExchangeClient:
    """A new exchange, as the settings say; the same settings make the same one."""
    exchange: FakeExchangeClient | SimulatedExchange
    if chosen["exchange"] == FAKE:
        exchange = FakeExchangeClient(
            fill_rate=chosen["fill_rate"],
            reject_rate=chosen["reject_rate"],
            latency_ms=chosen["latency_ms"],
            partial_fill_rate=chosen["partial_fill_rate"],
            seed=chosen["seed"],
        )
    else:
        from .sim.exchange import SimulatedExchange

        exchange = SimulatedExchange(_terms(chosen), seed=chosen["seed"])
    if chosen["faults"] is None:
        return exchange
    from .sim.faults.wire import FaultyExchange

    return FaultyExchange(exchange, _plan(chosen["faults"]))


def world_of(
    exchange: IExchangeClient,
    market: Source | SyntheticMarket | RecordedMarket,
    symbols: Sequence[str] | None = None,
    source: str | None = None,
) -> Feed:
    """The market and a simulated exchange as one feed, with the faults that are between them."""
    from .sim.bar_feed import hear_bars
    from .sim.exchange import SimulatedExchange
    from .sim.faults.feed import FaultyMarket
    from .sim.faults.plan import MARKET
    from .sim.faults.wire import FaultyExchange
    from .sim.world import SimulatedWorld

    line = exchange if isinstance(exchange, FaultyExchange) else None
    simulated = exchange if line is None else line.exchange
    assert isinstance(simulated, SimulatedExchange)
    market = hear_bars(simulated, market)
    if line is not None and any(one.kind in MARKET for one in line.strikes.plan.faults):
        market = FaultyMarket(market, line.strikes.plan)
    return SimulatedWorld(market, simulated, symbols=symbols, source=source, line=line)


def misheard(
    exchange: IExchangeClient,
    market: Source | SyntheticMarket | RecordedMarket,
    symbols: Sequence[str] | None = None,
    source: str | None = None,
) -> Feed | None:
    """The market as the bad feed of a plan tells it; None where no plan touches the feed.

    For an exchange that hears of no market; a simulated one is driven by `world_of`.
    """
    if isinstance(exchange, FakeExchangeClient):
        return None
    from .market.feed import MarketFeed
    from .sim.faults.feed import FaultyMarket
    from .sim.faults.plan import MARKET
    from .sim.faults.wire import FaultyExchange

    assert isinstance(exchange, FaultyExchange)
    plan = exchange.strikes.plan
    if not any(one.kind in MARKET for one in plan.faults):
        return None
    return MarketFeed(FaultyMarket(market, plan), symbols, source)


def is_simulated(chosen: Mapping[str, Any]) -> bool:
    """Whether the run's market has to pass through its exchange."""
    return bool(chosen["exchange"] == SIMULATED)


def _terms(chosen: Mapping[str, Any]) -> Terms:
    """The table of terms, where one is named, and on top of it what flags say."""
    from .sim.presets import PRESETS
    from .sim.queue import queue_model
    from .sim.terms import Terms
    from .sim.terms_table import delays_in_words, read_terms, with_parts

    named = chosen["terms"]
    if named is None:
        terms = Terms()
    elif named in PRESETS:
        terms = PRESETS[named]
    else:
        raw, is_toml = _read(named, "--terms", tuple(PRESETS))
        terms = read_terms(raw, f"--terms {named!r}", toml=is_toml)
    parts: dict[str, Any] = {}
    if chosen["queue"] is not None:
        parts["queue"] = queue_model(chosen["queue"], "--queue")
    if chosen["delays"] is not None:
        parts["delays"] = delays_in_words(chosen["delays"], "--delays")
    return with_parts(terms, parts)


def _plan(named: str) -> FaultPlan:
    """The plan in a file, or a scenario by its name, which has no ending."""
    from .sim.faults.corpus import scenario
    from .sim.faults.plan import read_plan

    if "." not in named:
        return scenario(named, "--faults").plan()
    raw, is_toml = _read(named, "--faults")
    return read_plan(raw, f"--faults {named!r}", toml=is_toml)


def _read(file: str, flag: str, names: tuple[str, ...] = ()) -> tuple[bytes, bool]:
    """What is in a file, and whether it is TOML rather than JSON."""
    from .market.files import open_input

    if not file.endswith((".toml", ".json")):
        known = f", nor one of {', '.join(names)}" if names else ""
        advice = did_you_mean(file, names)
        advice = advice if advice.startswith("did") else "rename the file"
        raise ContractError(f"{flag} {file!r} is neither .toml nor .json{known}; {advice}")
    with open_input(file, flag) as opened:
        return opened.read(codec.MAX_BYTES + 1), file.endswith(".toml")
