"""The ledger keeps FIFO lots exactly; cash is what profit, inventory and fees leave of it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest

from tests.unit import prop
from tests.unit.prop import RandomFill
from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.core.money import SCALE
from tools.live.portfolio.ledger import Holding, Ledger

E18 = SCALE * SCALE
MAKER, TAKER = 1 * SCALE, 7 * SCALE  # basis points at 10^9
SCHEDULES = {"none": (0, 0), "both": (MAKER, TAKER), "rebate": (-2 * SCALE, TAKER), "odd": (1, 3)}


def booked(*fills: tuple[Side, int, int]) -> Holding:
    """The holding after fills of whole units, without fees."""
    ledger = Ledger()
    for side, qty, price in fills:
        ledger.apply_fill("A", side, qty * SCALE, price * SCALE, taker=False)
    return ledger.holding("A")


def lots(holding: Holding) -> list[tuple[float, float]]:
    return [(qty / SCALE, price / SCALE) for qty, price in holding.lots]


def test_buying_opens_lots_and_spends_cash() -> None:
    held = booked((BUY, 1, 100), (BUY, 2, 103))
    assert lots(held) == [(1, 100), (2, 103)]
    assert (held.qty, held.cost_e18) == (3 * SCALE, 306 * E18)
    assert (held.cash_e18, held.realised_e18) == (-306 * E18, 0)
    assert held.avg_entry_price == 102.0
    assert (held.bought, held.bought_e18, held.sold, held.sold_e18) == (
        3 * SCALE, 306 * E18, 0, 0
    )  # fmt: skip


def test_selling_closes_the_oldest_lots_first() -> None:
    held = booked((BUY, 1, 100), (BUY, 2, 103), (SELL, 2, 110))
    assert lots(held) == [(1, 103)]
    assert held.realised_e18 == (10 + 7) * E18
    assert (held.qty, held.cost_e18, held.cash_e18) == (SCALE, 103 * E18, -86 * E18)
    assert (held.sold, held.sold_e18) == (2 * SCALE, 220 * E18)


def test_a_part_of_a_lot_closes() -> None:
    held = booked((BUY, 5, 100), (SELL, 2, 90))
    assert lots(held) == [(3, 100)]
    assert (held.realised_e18, held.cost_e18) == (-20 * E18, 300 * E18)


def test_selling_short_earns_cash_and_owes_cost() -> None:
    held = booked((SELL, 2, 100))
    assert lots(held) == [(-2, 100)]
    assert (held.qty, held.cost_e18, held.cash_e18) == (-2 * SCALE, -200 * E18, 200 * E18)
    assert held.avg_entry_price == 100.0
    held = booked((SELL, 2, 100), (BUY, 1, 90))
    assert (lots(held), held.realised_e18) == ([(-1, 100)], 10 * E18)


def test_a_flip_through_zero_closes_and_opens() -> None:
    held = booked((BUY, 1, 100), (SELL, 3, 110))
    assert (lots(held), held.realised_e18) == ([(-2, 110)], 10 * E18)
    held = booked((SELL, 1, 100), (SELL, 1, 104), (BUY, 5, 98))
    assert (lots(held), held.realised_e18) == ([(3, 98)], (2 + 6) * E18)
    assert (held.qty, held.cost_e18) == (3 * SCALE, 294 * E18)


def test_flat_is_flat() -> None:
    held = booked((BUY, 2, 100), (SELL, 2, 101))
    assert (held.qty, held.cost_e18, lots(held)) == (0, 0, [])
    assert (held.realised_e18, held.cash_e18, held.avg_entry_price) == (2 * E18, 2 * E18, 0.0)


def test_unrealised_is_what_closing_at_the_mark_would_add() -> None:
    assert booked((BUY, 2, 100)).unrealised_e18(103 * SCALE) == 6 * E18
    assert booked((SELL, 2, 100)).unrealised_e18(103 * SCALE) == -6 * E18
    assert booked((BUY, 1, 1), (SELL, 1, 1)).unrealised_e18(9 * SCALE) == 0


@pytest.mark.parametrize(
    ("taker", "fee"), [(False, 5 * 10**16), (True, 35 * 10**16)], ids=["maker", "taker"]
)
@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_fee_by_hand(taker: bool, fee: int, side: Side) -> None:
    ledger = Ledger(fee_maker_bps=MAKER, fee_taker_bps=TAKER)
    assert ledger.apply_fill("A", side, 5 * SCALE, 100 * SCALE, taker=taker) == fee
    held = ledger.holding("A")
    assert (held.fees_taker_e18, held.fees_maker_e18) == ((fee, 0) if taker else (0, fee))
    assert (held.taker_fills, held.maker_fills) == ((1, 0) if taker else (0, 1))
    assert held.fees_e18 == fee
    notional = 500 * E18
    assert held.cash_e18 == (-notional if side is BUY else notional) - fee


def test_a_rebate_is_a_negative_fee() -> None:
    ledger = Ledger(fee_maker_bps=-2 * SCALE)
    assert ledger.apply_fill("A", SELL, 5 * SCALE, 100 * SCALE, taker=False) == -(10**17)
    assert ledger.holding("A").cash_e18 == 500 * E18 + 10**17


def test_without_a_schedule_nothing_is_charged() -> None:
    ledger = Ledger()
    assert ledger.apply_fill("A", BUY, SCALE, SCALE, taker=True) == 0
    assert ledger.apply_fill("A", BUY, SCALE, SCALE, taker=False) == 0
    assert (ledger.fee_maker_bps, ledger.fee_taker_bps) == (0, 0)


@pytest.mark.parametrize("told", [0, 3, -3])
@pytest.mark.parametrize("taker", [False, True])
def test_a_told_fee_stands_for_the_schedule(told: int, taker: bool) -> None:
    ledger = Ledger(fee_maker_bps=MAKER, fee_taker_bps=TAKER)
    assert ledger.apply_fill("A", BUY, SCALE, SCALE, taker, told) == told
    held = ledger.holding("A")
    assert (held.fees_taker_e18, held.fees_maker_e18) == ((told, 0) if taker else (0, told))
    assert (held.taker_fills, held.maker_fills) == (taker, not taker)
    assert held.cash_e18 == -E18 - told


def test_funding_is_apart_from_fees_and_in_the_cash() -> None:
    ledger = Ledger(fee_taker_bps=TAKER)
    fee = ledger.apply_fill("A", BUY, SCALE, SCALE, taker=True)
    ledger.fund("A", -5)
    ledger.fund("A", 2)
    held = ledger.holding("A")
    assert (held.fundings, held.funding_e18, held.fees_e18) == (2, -3, fee)
    assert held.cash_e18 == -E18 - fee - 3
    assert held.net_e18(2 * SCALE) == E18 - fee - 3


def test_a_symbol_that_was_only_paid_for_has_something_to_show() -> None:
    ledger = Ledger()
    assert not ledger.holding("A").traded
    ledger.fund("A", 0)
    assert ledger.holding("A").traded


def test_a_holding_is_opened_flat_and_kept() -> None:
    ledger = Ledger()
    assert ledger.qty("A") == 0
    assert ledger.holdings == {}
    held = ledger.holding("A")
    assert (held.symbol, held.qty, held.traded) == ("A", 0, False)
    assert ledger.holding("A") is held
    ledger.apply_fill("A", SELL, 3, 1, taker=False)
    assert ledger.holding("A") is held
    assert (ledger.qty("A"), held.traded) == (-3, True)


def test_symbols_do_not_touch_each_other() -> None:
    ledger = Ledger()
    ledger.apply_fill("A", BUY, SCALE, SCALE, taker=False)
    ledger.apply_fill("B", SELL, 2 * SCALE, SCALE, taker=False)
    assert (ledger.qty("A"), ledger.qty("B")) == (SCALE, -2 * SCALE)


def test_reset_forgets_everything_but_the_schedule() -> None:
    ledger = Ledger(fee_maker_bps=MAKER, fee_taker_bps=TAKER)
    ledger.apply_fill("A", BUY, SCALE, SCALE, taker=False)
    ledger.reset()
    assert ledger.holdings == {}
    assert (ledger.fee_maker_bps, ledger.fee_taker_bps) == (MAKER, TAKER)


class NaiveHolding:
    """Lots as a plain list of fractions; one loop closes them from the front."""

    def __init__(self) -> None:
        self.lots: list[tuple[Fraction, Fraction]] = []
        self.realised = self.cash = self.fees = Fraction(0)

    def fill(self, side: Side, qty: Fraction, price: Fraction, bps: Fraction) -> None:
        sign = 1 if side is BUY else -1
        fee = Fraction(round(qty * price * bps / 10_000 * E18), E18)
        self.cash -= sign * qty * price + fee
        self.fees += fee
        while qty and self.lots and self.lots[0][0] * sign < 0:
            lot, entry = self.lots.pop(0)
            closed = min(abs(lot), qty)
            self.realised += closed * (price - entry) * -sign
            qty -= closed
            if abs(lot) > closed:
                self.lots.insert(0, (lot + sign * closed, entry))
        if qty:
            self.lots.append((sign * qty, price))


def check_against_naive(fills: Sequence[RandomFill], schedule: tuple[int, int]) -> None:
    ledger = Ledger(fee_maker_bps=schedule[0], fee_taker_bps=schedule[1])
    naive = {symbol: NaiveHolding() for symbol in prop.SYMBOLS}
    for fill in fills:
        ledger.apply_fill(fill.symbol, fill.side, fill.qty, fill.price, taker=fill.taker)
        bps = Fraction(schedule[1] if fill.taker else schedule[0], SCALE)
        model = naive[fill.symbol]
        model.fill(fill.side, Fraction(fill.qty, SCALE), Fraction(fill.price, SCALE), bps)
        held = ledger.holding(fill.symbol)
        assert [(Fraction(q, SCALE), Fraction(p, SCALE)) for q, p in held.lots] == model.lots
        assert Fraction(held.realised_e18, E18) == model.realised
        assert Fraction(held.cash_e18, E18) == model.cash
        assert Fraction(held.fees_e18, E18) == model.fees
        assert Fraction(held.qty, SCALE) == sum((qty for qty, _ in model.lots), Fraction(0))
        cost = sum((qty * price for qty, price in model.lots), Fraction(0))
        assert Fraction(held.cost_e18, E18) == cost


def check_the_laws(fills: Sequence[RandomFill], schedule: tuple[int, int]) -> None:
    ledger = Ledger(fee_maker_bps=schedule[0], fee_taker_bps=schedule[1])
    for count, fill in enumerate(fills, 1):
        ledger.apply_fill(fill.symbol, fill.side, fill.qty, fill.price, taker=fill.taker)
        held = ledger.holding(fill.symbol)
        assert held.cash_e18 == held.realised_e18 - held.cost_e18 - held.fees_e18
        assert held.qty == held.bought - held.sold == sum(qty for qty, _ in held.lots)
        assert held.cash_e18 == held.sold_e18 - held.bought_e18 - held.fees_e18
        assert len({qty > 0 for qty, _ in held.lots}) <= 1, "lots of both signs"
        assert all(qty for qty, _ in held.lots)
        profit = held.realised_e18 + held.unrealised_e18(fill.price) - held.fees_e18
        assert profit == held.cash_e18 + held.qty * fill.price
        holdings = ledger.holdings.values()
        assert sum(h.maker_fills + h.taker_fills for h in holdings) == count
        average = Fraction(held.cost_e18, held.qty * SCALE) if held.qty else 0
        assert held.avg_entry_price == float(average)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("seed", range(25))
def test_any_fills_give_what_a_naive_ledger_gives(seed: int, schedule: str) -> None:
    fills = prop.fills(prop.chance(seed), 120)
    prop.hold(lambda prefix: check_against_naive(prefix, SCHEDULES[schedule]), fills)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("seed", range(25, 50))
def test_cash_profit_inventory_and_fees_conserve(seed: int, schedule: str) -> None:
    fills = prop.fills(prop.chance(seed), 200)
    prop.hold(lambda prefix: check_the_laws(prefix, SCHEDULES[schedule]), fills)


def test_the_random_fills_flip_close_and_pile_up() -> None:
    flips = closes = piles = 0
    for seed in range(25):
        ledger = Ledger()
        for fill in prop.fills(prop.chance(seed), 120):
            before = ledger.qty(fill.symbol)
            ledger.apply_fill(fill.symbol, fill.side, fill.qty, fill.price, taker=fill.taker)
            after = ledger.qty(fill.symbol)
            flips += before * after < 0
            closes += before != 0 and after == 0
            piles += len(ledger.holding(fill.symbol).lots) > 3
    assert flips > 100
    assert closes > 50
    assert piles > 100
