"""Property tests with the standard library: seeded generators, and a shrinker of streams.

A test is parametrized over seeds, so a failing seed stands in its id; it draws everything from
`chance(seed)`. `some_of` switches a random part of the operations off, because rare states are
reached by runs that cannot do everything. `hold` names the shortest prefix that still fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple, TypeVar

from tools.live.core import contracts_v1 as contracts
from tools.live.core.contracts_v1 import BUY, SELL, Input, Side
from tools.live.core.market_v1 import MarketEvent
from tools.live.core.money import SCALE
from tools.live.core.record import declared_types

Item = TypeVar("Item")

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
_CENT = SCALE // 100
_TEXTS = ("", "plain", "with \"quotes\" and \\", "line\nbreak", "\u00e9\u4e2d\u2028", "\U0001d11e")


class RandomFill(NamedTuple):
    """One execution in the house's integers; `taker` says which fee it pays."""

    symbol: str
    side: Side
    qty: int
    price: int
    taker: bool


def chance(seed: int) -> Random:
    """The generator of one test run."""
    return Random(seed)


def some_of(rng: Random, operations: Sequence[Item]) -> list[Item]:
    """A random part of the operations, at least one, in their order."""
    kept = [operation for operation in operations if rng.random() < 0.6]
    return kept or [rng.choice(operations)]


def a_qty(rng: Random) -> int:
    """A quantity at 10^9: a step, a round lot, or any number of digits."""
    return rng.choice((
        rng.randint(1, 9),
        rng.randint(1, 500) * _CENT,
        rng.randint(1, 10 ** rng.randint(1, 13)),
    ))  # fmt: skip


def a_price(rng: Random) -> int:
    """A price at 10^9, from a step to a hundred thousand."""
    return rng.choice((
        rng.randint(1, 9),
        rng.randint(1, 10**7) * _CENT,
        rng.randint(1, 10 ** rng.randint(1, 14)),
    ))  # fmt: skip


def a_side(rng: Random) -> Side:
    return rng.choice((BUY, SELL))


def fills(rng: Random, count: int, symbols: Sequence[str] = SYMBOLS) -> list[RandomFill]:
    """Fills that pile up, flip through zero, and now and then close a position exactly."""
    sizes = [a_qty(rng) for _ in range(3)]
    sizes += [sizes[0] * 2, sizes[0] + sizes[1]]
    bias = rng.random()
    positions = dict.fromkeys(symbols, 0)
    made = []
    for _ in range(count):
        symbol = rng.choice(symbols)
        side = BUY if rng.random() < bias else SELL
        qty = rng.choice(sizes)
        held = positions[symbol]
        if held and rng.random() < 0.15:
            side, qty = SELL if held > 0 else BUY, abs(held)
        positions[symbol] += qty if side is BUY else -qty
        made.append(RandomFill(symbol, side, qty, a_price(rng), rng.random() < 0.4))
    return made


def an_input(rng: Random, contract: type[Any]) -> Input:
    """Any input contract with random contents of the right types."""
    made = {name: _a_value(rng, name) for name in contract.__match_args__}
    event: Input = contract(**made)
    return event


def a_market_event(rng: Random, contract: type[Any]) -> MarketEvent:
    """Any market event with random contents of the right types."""
    types = declared_types(contract)
    event: MarketEvent = contract(**{n: _a_market_value(rng, n, types[n]) for n in types})
    return event


def inputs(rng: Random, count: int) -> list[Input]:
    """A stream of random inputs; some kinds are switched off."""
    kinds = some_of(rng, contracts.INPUTS)
    return [an_input(rng, rng.choice(kinds)) for _ in range(count)]


def _a_value(rng: Random, name: str) -> Any:
    if name == "side":
        return a_side(rng)
    if name == "ts_ns":
        return rng.randint(0, 2**62)
    if name in ("first_missing", "last_missing", "silent_ns"):
        return rng.randint(0, 2**62)
    if name == "sequence":
        return rng.choice((None, rng.randint(0, 2**62)))
    if name == "net_bps":
        return rng.choice((None, rng.randint(-(10**12), 10**12)))
    if name in ("fee_e18", "amount_e18"):
        amount = rng.randint(-(10**20), 10**20) * rng.choice((1, 10**9))
        return rng.choice((None, 0, amount)) if name == "fee_e18" else amount
    if name == "order_ids":
        return tuple(f"ORD{rng.randint(1, 99):06d}" for _ in range(rng.randint(0, 4)))
    if name == "symbol":
        return rng.choice(SYMBOLS)
    if name == "liquidity":
        return rng.choice(("maker", "taker", ""))
    if name == "min_notional_e18":
        return rng.choice((0, a_qty(rng) * a_price(rng)))
    if name in ("tick", "lot", "min_qty"):
        return rng.choice((0, a_qty(rng)))
    if name in ("qty", "base_qty", "filled"):
        return a_qty(rng)
    if name in ("price", "bid", "ask", "spread_bps"):
        return a_price(rng)
    return rng.choice(_TEXTS) + str(rng.randint(0, 999))


def _a_market_value(rng: Random, name: str, declared: str) -> Any:
    if declared.endswith(" | None") and rng.random() < 0.3:
        return None
    if declared == "Levels":
        return tuple((a_price(rng), rng.choice((0, a_qty(rng)))) for _ in range(rng.randint(0, 5)))
    if declared.startswith("int") and name not in ("bid", "ask", "price"):
        return rng.randint(0, 2**62)
    return a_side(rng) if declared.startswith("Side") else _a_value(rng, name)


def shortest_failing_prefix(
    stream: Sequence[Item], fails: Callable[[Sequence[Item]], bool]
) -> Sequence[Item] | None:
    """The shortest prefix that fails, the whole stream included; None when none does.

    It tries every length from the shortest, so it needs no promise that a failing prefix stays
    failing when it grows.
    """
    for length in range(len(stream) + 1):
        prefix = stream[:length]
        if fails(prefix):
            return prefix
    return None


def hold(check: Callable[[Sequence[Item]], None], stream: Sequence[Item]) -> None:
    """Run a check over a stream; when it fails, fail with the shortest prefix that does."""
    try:
        check(stream)
    except AssertionError as error:
        shortest = shortest_failing_prefix(stream, lambda prefix: _fails(check, prefix))
        if shortest is None:
            raise AssertionError(f"fails only sometimes: {error}") from error
        shown = "\n".join(f"  {place}: {item!r}" for place, item in enumerate(shortest))
        raise AssertionError(f"{error}\nshortest failing prefix:\n{shown}") from error


def _fails(check: Callable[[Sequence[Item]], None], prefix: Sequence[Item]) -> bool:
    try:
        check(prefix)
    except AssertionError:
        return True
    return False
