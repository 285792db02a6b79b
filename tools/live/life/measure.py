"""How far the fills of a run are from those of life, and on whose side the difference is.

Every difference is signed so that above zero the simulation was kinder: it bought cheaper or sold
dearer, it filled earlier, it paid less. Of a pair the quantity that both filled is matched; what
only life filled is missed, what only the run filled is a ghost. Matched and missed are all of life,
matched and ghost all of the run, in orders as in quantity and value; that is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..core.contracts_v1 import BUY
from ..core.errors import InvariantBroken
from ..core.money import BPS, SCALE, divide_half_even
from ..core.record import record
from .deals import SILENT, Deal
from .intervals import Estimate, nearest_rank, ratio
from .match import Matched

PERMILLES = {"p50": 500, "p90": 900, "p99": 990, "p999": 999}
SEED = 42


@record
class Difference:
    """One pair of which both filled; `value_e18` is what of life's order is matched, in money."""

    life: Deal
    run: Deal
    qty: int
    value_e18: int
    price_bps_e9: int
    time_ns: int
    fee_bps_e9: int | None
    price_gain_e18: int
    fee_gain_e18: int | None


@record
class Sums:
    """Orders, quantities and values of one part of the trade; quantities only of one symbol."""

    life: int
    run: int
    matched: int
    missed: int
    ghosts: int
    life_qty: int
    run_qty: int
    matched_qty: int
    missed_qty: int
    ghost_qty: int
    life_value_e18: int
    run_value_e18: int
    matched_value_e18: int
    missed_value_e18: int
    ghost_value_e18: int


@record
class Spread:
    """How a difference is spread: how many are known, and their quantiles by nearest rank."""

    count: int
    quantiles: tuple[int, ...]


@record
class Part:
    """A part of the trade: all of it, or that of one symbol, side or liquidity."""

    name: str
    sums: Sums
    price_bps_e9: Spread
    time_ns: Spread
    fee_bps_e9: Spread


@record
class Kindness:
    """How much kinder the simulation was on what both filled, in basis points of life's value.

    `fee` is that of the orders whose fees both sides tell, None when there are none; `total` is
    price and fee of all matched orders, an unknown fee difference counting as none.
    """

    price: Estimate
    fee: Estimate | None
    total: Estimate
    gain_e18: int


@record
class Drift:
    """All that differs."""

    parts: tuple[tuple[str, tuple[Part, ...]], ...]
    whole: Part
    kindness: Kindness | None
    unfilled: int
    differences: tuple[Difference, ...]


def measure(matched: Matched, *, seed: int = SEED) -> Drift:
    """What differs between life and the run."""
    both = [_difference(life, run) for life, run in matched.pairs if run.filled]
    life_only = [*matched.life_only, *(life for life, run in matched.pairs if not run.filled)]
    run_only = [one for one in matched.run_only if one.filled]

    def part(name: str, keep: Callable[[Deal], bool]) -> Part:
        differences = [one for one in both if keep(one.life)]
        return _part(name, differences, list(filter(keep, life_only)), list(filter(keep, run_only)))

    deals = [*(one.life for one in both), *life_only, *run_only]
    parts = tuple(
        (group, tuple(part(name, _of(key, name)) for name in _names(map(key, deals))))
        for group, key in _GROUPS
    )
    return Drift(
        parts, part("all", lambda _: True), _kindness(both, seed),
        len([one for one in matched.run_only if not one.filled]), tuple(both),
    )  # fmt: skip


def _symbol(one: Deal) -> str:
    return one.symbol


def _side(one: Deal) -> str:
    return one.side.value


def _liquidity(one: Deal) -> str:
    return one.liquidity if one.liquidity != SILENT else "unknown"


_GROUPS: tuple[tuple[str, Callable[[Deal], str]], ...] = (
    ("symbol", _symbol), ("side", _side), ("liquidity", _liquidity),
)  # fmt: skip


def _of(key: Callable[[Deal], str], name: str) -> Callable[[Deal], bool]:
    return lambda one: key(one) == name


def _names(names: Iterable[str]) -> list[str]:
    return sorted(dict.fromkeys(names))


def _difference(life: Deal, run: Deal) -> Difference:
    """What differs between two orders that both filled."""
    assert life.first_ns is not None and run.first_ns is not None, "both filled"
    sign = 1 if life.side is BUY else -1
    qty = min(life.filled, run.filled)
    value, paid = _share(life.cost_e18, qty, life.filled), _share(run.cost_e18, qty, run.filled)
    price_bps = divide_half_even(
        sign * (life.cost_e18 * run.filled - run.cost_e18 * life.filled) * BPS * SCALE,
        life.cost_e18 * run.filled,
    )
    fee_bps = fee_gain = None
    if life.fee_e18 is not None and run.fee_e18 is not None:
        fee_gain = _share(life.fee_e18, qty, life.filled) - _share(run.fee_e18, qty, run.filled)
        fee_bps = divide_half_even(
            (life.fee_e18 * run.cost_e18 - run.fee_e18 * life.cost_e18) * BPS * SCALE,
            life.cost_e18 * run.cost_e18,
        )
    return Difference(
        life, run, qty, value, price_bps, life.first_ns - run.first_ns, fee_bps,
        sign * (value - paid), fee_gain,
    )  # fmt: skip


def _share(whole: int, qty: int, filled: int) -> int:
    return divide_half_even(whole * qty, filled)


def _part(
    name: str, both: Sequence[Difference], life_only: Sequence[Deal], run_only: Sequence[Deal]
) -> Part:
    life = [*(one.life for one in both), *life_only]
    run = [*(one.run for one in both), *run_only]
    life_qty, run_qty = _total(life, _filled), _total(run, _filled)
    life_value, run_value = _total(life, _cost), _total(run, _cost)
    qty = value = ghost_value = 0
    for one in both:
        qty, value = qty + one.qty, value + one.value_e18
        ghost_value += one.run.cost_e18 - _share(one.run.cost_e18, one.qty, one.run.filled)
    ghost_value += _total(run_only, _cost)
    missed = _total(life_only, _cost)
    for one in both:
        missed += one.life.cost_e18 - one.value_e18
    sums = Sums(
        len(life), len(run), len(both), len(life_only), len(run_only), life_qty, run_qty, qty,
        life_qty - qty, run_qty - qty, life_value, run_value, value, missed, ghost_value,
    )  # fmt: skip
    _add_up(name, sums)
    return Part(
        name, sums, _spread([one.price_bps_e9 for one in both]),
        _spread([one.time_ns for one in both]),
        _spread([one.fee_bps_e9 for one in both if one.fee_bps_e9 is not None]),
    )  # fmt: skip


def _add_up(name: str, sums: Sums) -> None:
    """Matched and missed are life, matched and ghosts are the run: or we are wrong."""
    if (
        sums.matched + sums.missed != sums.life
        or sums.matched + sums.ghosts != sums.run
        or min(sums.missed_qty, sums.ghost_qty) < 0
        or sums.matched_value_e18 + sums.missed_value_e18 != sums.life_value_e18
    ):
        raise InvariantBroken(f"the fills of {name} do not add up: {sums!r}")


def _filled(one: Deal) -> int:
    return one.filled


def _cost(one: Deal) -> int:
    return one.cost_e18


def _total(deals: Iterable[Deal], number: Callable[[Deal], int]) -> int:
    total = 0
    for one in deals:
        total += number(one)
    return total


def _spread(found: list[int]) -> Spread:
    ordered = sorted(found)
    ranks = PERMILLES.values() if ordered else ()
    return Spread(len(ordered), tuple(nearest_rank(ordered, permille) for permille in ranks))


def _kindness(both: Sequence[Difference], seed: int) -> Kindness | None:
    """The gains over the values, with intervals by drawing the orders anew."""
    scale = BPS * SCALE
    known = [one for one in both if one.fee_gain_e18 is not None]
    price = ratio([(one.price_gain_e18, one.value_e18) for one in both], scale, seed, "price")
    fee = ratio([(one.fee_gain_e18 or 0, one.value_e18) for one in known], scale, seed, "fee")
    total = ratio([(_gain(one), one.value_e18) for one in both], scale, seed, "total")
    if price is None or total is None:
        return None
    gain = 0
    for one in both:
        gain += _gain(one)
    return Kindness(price, fee, total, gain)


def _gain(one: Difference) -> int:
    return one.price_gain_e18 + (one.fee_gain_e18 or 0)
