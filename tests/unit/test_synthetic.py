"""The synthetic market is the published saw-tooth, exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import QuoteUpdate
from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE
from tools.live.market.synthetic import (
    MAX_STEPS, SyntheticMarket, base_price, checked_symbols, scripted_edge,
)  # fmt: skip

T0 = 1_735_689_600 * NS_PER_S


@pytest.mark.parametrize(
    ("symbol", "base"),
    [("BTCUSDT", 50_000), ("XBTC", 50_000), ("ETHUSDT", 3_000), ("btcusdt", 3_000), ("B", 3_000)],
)
def test_bases(symbol: str, base: int) -> None:
    assert base_price(symbol) == base * SCALE


def test_the_first_quotes_by_hand() -> None:
    first, second = SyntheticMarket(["BTCUSDT", "ETHUSDT"], 2, T0)
    assert first == [
        QuoteUpdate("BTCUSDT", 49_975 * SCALE, 50_025 * SCALE, T0),
        QuoteUpdate("ETHUSDT", 2_998_500_000_000, 3_001_500_000_000, T0),
    ]
    assert second == [
        QuoteUpdate("BTCUSDT", 50_024_975_000_000, 50_075_025_000_000, T0 + NS_PER_S),
        QuoteUpdate("ETHUSDT", 3_001_498_500_000, 3_004_501_500_000, T0 + NS_PER_S),
    ]


@pytest.mark.parametrize(("symbol", "base"), [("BTCUSDT", 50_000), ("ETHUSDT", 3_000)])
def test_every_quote_is_exactly_the_published_formula(symbol: str, base: int) -> None:
    market = SyntheticMarket([symbol], 35, T0)
    for step, (quote,) in enumerate(market):
        mid = base * (1 + (step % 10) * Fraction(1, 1000))
        assert Fraction(quote.bid, SCALE) == mid * Fraction(9995, 10_000)
        assert Fraction(quote.ask, SCALE) == mid * Fraction(10_005, 10_000)
        assert (quote.symbol, quote.ts_ns) == (symbol, T0 + step * NS_PER_S)
    assert step == 34


def test_symbols_keep_their_order_and_the_market_can_be_walked_again() -> None:
    market = SyntheticMarket(["ETHUSDT", "BTCUSDT"], 3, 0)
    walks = [list(market), list(market)]
    assert walks[0] == walks[1]
    shown = [[quote.symbol for quote in quotes] for quotes in walks[0]]
    assert shown == [["ETHUSDT", "BTCUSDT"]] * 3
    assert (market.symbols, market.steps, market.start_ns) == (["ETHUSDT", "BTCUSDT"], 3, 0)
    assert market.describe() == {"kind": "synthetic"}


@pytest.mark.parametrize("steps", [0, -1, MAX_STEPS + 1, 10**12, 1.0, "5", True, None])
def test_steps_are_whole_and_bounded(steps: Any) -> None:
    with pytest.raises(ContractError) as refused:
        SyntheticMarket(["A"], steps, 0)
    assert str(refused.value) == f"iterations {steps!r} is not a whole number from 1 to 100000000"


@pytest.mark.parametrize("steps", [1, MAX_STEPS])
def test_the_limits_of_steps_are_allowed(steps: int) -> None:
    assert SyntheticMarket(["A"], steps, 0).steps == steps


@pytest.mark.parametrize(
    "symbol",
    [
        "", " ", "A B", "A\n", "\u0391", "A" * 33, "A,B", "A\0", "A\u0661", "$A", "A+B", "btc",
        "BTCusdt", None, 5, b"A",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_symbol_is_a_short_plain_name(symbol: Any) -> None:
    with pytest.raises(ContractError) as refused:
        checked_symbols(["BTCUSDT", symbol])
    assert str(refused.value) == (
        f"symbol {symbol!r} is not 1 to 32 upper-case letters, digits or . _ / : -"
    )


@pytest.mark.parametrize("symbol", ["A", "A" * 32, "BTC-USD", "BTC/USDT:USDT", "BRK.B", "X_1"])
def test_what_a_symbol_may_be(symbol: str) -> None:
    assert checked_symbols([symbol]) == [symbol]


def test_symbols_are_not_empty_and_not_repeated() -> None:
    with pytest.raises(ContractError, match="^symbols: at least one is required$"):
        checked_symbols([])
    with pytest.raises(ContractError, match="^symbol 'A' is given twice$"):
        checked_symbols(["A", "B", "A"])


def test_the_market_checks_its_symbols_and_keeps_a_list_of_its_own() -> None:
    with pytest.raises(ContractError, match="given twice"):
        SyntheticMarket(["A", "A"], 1, 0)
    given = ["A"]
    market = SyntheticMarket(given, 1, 0)
    given.append("B")
    assert market.symbols == ["A"]


@pytest.mark.parametrize("steps", [1, 3, 7, 20, 50, 1000])
def test_the_edge_falls_in_a_line_from_ten_to_two(steps: int) -> None:
    for step in range(steps + 1):
        exact = 10 - Fraction(8 * step, steps)
        assert scripted_edge(step, steps) == 10 * SCALE - round(Fraction(8 * step, steps) * SCALE)
        assert abs(Fraction(scripted_edge(step, steps), SCALE) - exact) <= Fraction(1, 2 * SCALE)


def test_the_edge_by_hand() -> None:
    assert [scripted_edge(step, 20) for step in (0, 10, 18, 20)] == [
        10 * SCALE, 6 * SCALE, 2_800_000_000, 2 * SCALE,
    ]  # fmt: skip
    assert scripted_edge(19, 20) == 2_400_000_000
