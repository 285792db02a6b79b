"""Numbers come in exactly or not at all, and go out correctly rounded."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from tests.unit import prop
from tools.live.core import money
from tools.live.core.errors import ContractError
from tools.live.core.money import LARGEST_E9, SCALE, Number, Scaled

SEEDS = range(40)
HUGE = "is beyond 1000000000000000 units"
LONG = "has more than 9 decimals; round it first"
NO_TEXT = "is not a number; give digits like 0.01"

EXACT: dict[str, tuple[Number, int]] = {
    "zero": (0, 0),
    "int": (3, 3 * SCALE),
    "negative int": (-3, -3 * SCALE),
    "float": (0.01, 10_000_000),
    "float of nine decimals": (0.123456789, 123_456_789),
    "negative float": (-2.5, -2_500_000_000),
    "negative zero": (-0.0, 0),
    "smallest step": (1e-9, 1),
    "large float": (123456.789, 123_456_789_000_000),
    "float integer": (1e15, LARGEST_E9),
    "text": ("0.01", 10_000_000),
    "text with sign": ("+1.5", 1_500_000_000),
    "negative text": ("-1.5", -1_500_000_000),
    "negative zero text": ("-0.0", 0),
    "text with zeros behind": ("1.500000000000", 1_500_000_000),
    "text with zeros before": ("0001.5", 1_500_000_000),
    "exponent": ("1e3", 1000 * SCALE),
    "capital exponent with sign": ("1.5E+3", 1500 * SCALE),
    "negative exponent": ("15e-9", 15),
    "exponent that the digits take back": ("1000e-12", 1),
    "zero with any exponent": ("0e9999", 0),
    "zero with any negative exponent": ("0.0e-9999", 0),
    "largest": ("1e15", LARGEST_E9),
    "decimal": (Decimal("0.000000001"), 1),
    "decimal with exponent": (Decimal("1E+3"), 1000 * SCALE),
    "largest int": (10**15, LARGEST_E9),
    "smallest int": (-(10**15), -LARGEST_E9),
}

REFUSED: dict[str, tuple[object, str]] = {
    "nan": (math.nan, "qty nan is not a finite number"),
    "infinity": (math.inf, "qty inf is not a finite number"),
    "negative infinity": (-math.inf, "qty -inf is not a finite number"),
    "1e400": (1e400, "qty inf is not a finite number"),
    "nan text": ("nan", f"qty 'nan' {NO_TEXT}"),
    "inf text": ("inf", f"qty 'inf' {NO_TEXT}"),
    "1e400 text": ("1e400", f"qty '1e400' {HUGE}"),
    "1e99999 text": ("1e99999", f"qty '1e99999' {NO_TEXT}"),
    "underscore": ("1_0", f"qty '1_0' {NO_TEXT}"),
    "arabic digits": ("\u0661\u0662", f"qty '\u0661\u0662' {NO_TEXT}"),
    "fullwidth digits": ("\uff11", f"qty '\uff11' {NO_TEXT}"),
    "space before": (" 1", f"qty ' 1' {NO_TEXT}"),
    "space behind": ("1 ", f"qty '1 ' {NO_TEXT}"),
    "newline": ("1\n", f"qty '1\\n' {NO_TEXT}"),
    "empty": ("", f"qty '' {NO_TEXT}"),
    "hex": ("0x10", f"qty '0x10' {NO_TEXT}"),
    "no digits before the point": (".5", f"qty '.5' {NO_TEXT}"),
    "no digits behind the point": ("5.", f"qty '5.' {NO_TEXT}"),
    "comma": ("1,5", f"qty '1,5' {NO_TEXT}"),
    "two signs": ("--1", f"qty '--1' {NO_TEXT}"),
    "no mantissa": ("e5", f"qty 'e5' {NO_TEXT}"),
    "no exponent": ("1e", f"qty '1e' {NO_TEXT}"),
    "41 digits": ("1" * 41, f"qty '{'1' * 41}' {NO_TEXT}"),
    "a long text is cut": ("x" * 99, f"qty '{'x' * 60}' {NO_TEXT}"),
    "true": (True, "qty True is not a number; give digits such as 0.01"),
    "false": (False, "qty False is not a number; give digits such as 0.01"),
    "nothing": (None, f"qty 'None' {NO_TEXT}"),
    "list": ([1], f"qty '[1]' {NO_TEXT}"),
    "decimal nan": (Decimal("NaN"), f"qty 'NaN' {NO_TEXT}"),
    "decimal infinity": (Decimal("Infinity"), f"qty 'Infinity' {NO_TEXT}"),
    "ten decimals": ("0.0000000001", f"qty '0.0000000001' {LONG}"),
    "ten decimals, negative": ("-0.0000000001", f"qty '-0.0000000001' {LONG}"),
    "ten decimals by exponent": ("1e-10", f"qty '1e-10' {LONG}"),
    "a digit far behind": ("1e-9999", f"qty '1e-9999' {LONG}"),
    "ten decimals, float": (1e-10, f"qty 1e-10 {LONG}"),
    "a third": (1 / 3, f"qty 0.3333333333333333 {LONG}"),
    "ten decimals, decimal": (Decimal("0.0000000001"), f"qty '1E-10' {LONG}"),
    "too large int": (10**15 + 1, f"qty 1000000000000001 {HUGE}"),
    "too small int": (-(10**15) - 1, f"qty -1000000000000001 {HUGE}"),
    "too large float": (1e16, f"qty 1e+16 {HUGE}"),
    "the next float": (math.nextafter(1e15, math.inf), f"qty 1000000000000000.1 {HUGE}"),
    "too large text": ("1000000000000000.1", f"qty '1000000000000000.1' {HUGE}"),
    "too large by exponent": ("1e16", f"qty '1e16' {HUGE}"),
    "too large decimal": (Decimal("1E+16"), f"qty '1E+16' {HUGE}"),
    "a large int is cut": (10**70, f"qty {'1' + '0' * 59} {HUGE}"),
}


@pytest.mark.parametrize("case", EXACT)
def test_what_is_read(case: str) -> None:
    value, scaled = EXACT[case]
    assert money.to_e9(value, "qty") == scaled


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_and_how(case: str) -> None:
    value, message = REFUSED[case]
    with pytest.raises(ContractError) as refused:
        money.to_e9(value, "qty")  # type: ignore[arg-type]
    assert str(refused.value) == message


@pytest.mark.parametrize("value", [10**5000, -(10**5000)], ids=["huge", "huge negative"])
def test_an_integer_too_long_to_print_is_refused_all_the_same(value: int) -> None:
    with pytest.raises(ContractError) as refused:
        money.to_e9(value, "qty")
    assert str(refused.value) == f"qty of over a thousand digits {HUGE}"


@pytest.mark.parametrize("seed", SEEDS)
def test_text_and_decimal_are_exact(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(100):
        scaled = rng.randint(-(10 ** rng.randint(1, 24)), LARGEST_E9)
        exact = Decimal(scaled).scaleb(-9)
        assert money.to_e9(exact, "x") == scaled
        assert money.to_e9(f"{exact:f}", "x") == scaled
        assert money.to_e9(f"{exact:E}", "x") == scaled
        assert Fraction(money.text(scaled)) == Fraction(scaled, SCALE)
        assert money.to_e9(money.text(scaled), "x") == scaled


def written(rng: Random) -> str:
    """A number as somebody could write it: sign, digits, point, exponent."""
    digits = str(rng.randint(0, 10 ** rng.randint(1, 20)))
    fraction = "." + "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 12)))
    exponent = f"{rng.choice('eE')}{rng.choice(('', '+', '-'))}{rng.randint(0, 24)}"
    sign = rng.choice(("", "+", "-"))
    return sign + digits + rng.choice(("", fraction)) + rng.choice(("", exponent))


@pytest.mark.parametrize("seed", SEEDS)
def test_text_is_read_as_a_fraction_reads_it(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(200):
        text = written(rng)
        exact = Fraction(text) * SCALE
        if exact.denominator != 1 or abs(exact) > LARGEST_E9:
            with pytest.raises(ContractError):
                money.to_e9(text, "x")
        else:
            assert money.to_e9(text, "x") == exact


@pytest.mark.parametrize("seed", SEEDS)
def test_a_float_means_its_shortest_text(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(200):
        scaled = rng.randint(-(10 ** rng.randint(1, 15)), 10 ** rng.randint(1, 15))
        value = float(Fraction(scaled, SCALE))
        assert money.to_e9(value, "x") == Fraction(repr(value)) * SCALE == scaled


@pytest.mark.parametrize("value", [0.01, 49_975.0, 3000.123456789, 1.1, 123_456.7])
@pytest.mark.parametrize("direction", [math.inf, -math.inf], ids=["above", "below"])
@pytest.mark.parametrize("sign", [1, -1])
def test_dust_of_four_ulps_is_dropped_and_more_is_refused(
    value: float, direction: float, sign: int
) -> None:
    dusty = value
    for _ in range(4):
        dusty = math.nextafter(dusty, direction)
        assert money.to_e9(sign * dusty, "x") == sign * Fraction(repr(value)) * SCALE
    with pytest.raises(ContractError, match=LONG):
        money.to_e9(sign * math.nextafter(dusty, direction), "x")


def test_the_dust_of_everyday_arithmetic_is_dropped() -> None:
    assert money.to_e9(50_000 * 1.0005, "x") == 50_025 * SCALE
    assert money.to_e9(0.1 + 0.2, "x") == 300_000_000


@pytest.mark.parametrize("seed", SEEDS)
def test_views_are_correctly_rounded(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(100):
        scaled = rng.randint(-(10 ** rng.randint(1, 40)), 10 ** rng.randint(1, 40))
        assert money.view(scaled) == float(Fraction(scaled, SCALE))
        assert money.view_cash(scaled) == float(Fraction(scaled, 10**18))


def test_a_view_of_zero_has_no_sign() -> None:
    assert math.copysign(1, money.view(0)) == 1
    assert math.copysign(1, money.view_cash(0)) == 1


@pytest.mark.parametrize(
    ("scaled", "digits"),
    [
        (0, "0"), (1, "0.000000001"), (-1, "-0.000000001"), (SCALE, "1"), (-SCALE, "-1"),
        (10 * SCALE, "10"), (1_500_000_000, "1.5"), (-1_500_000_000, "-1.5"),
        (10**27, "1000000000000000000"), (123_456_789_012_345_678, "123456789.012345678"),
    ],
)  # fmt: skip
def test_text_is_exact_and_short(scaled: int, digits: str) -> None:
    assert money.text(scaled) == digits


@pytest.mark.parametrize(("amount", "shown"), [
    (0, "0"), (10**18, "1"), (-(10**18), "-1"), (1, "0.000000000000000001"),
    (-15 * 10**17, "-1.5"), (100 * 10**18, "100"), (25 * 10**17, "2.5"),
])  # fmt: skip
def test_cash_is_written_exactly(amount: int, shown: str) -> None:
    assert money.cash_text(amount) == shown


@pytest.mark.parametrize(
    ("digits", "amount"),
    [
        ("0", 0), ("-0", 0), ("1", 10**18), ("-1.5", -15 * 10**17), ("0.000000000000000001", 1),
        ("-0.000000000000000001", -1), ("+2.50", 25 * 10**17), ("1000000000000000", 10**33),
    ],
)  # fmt: skip
def test_cash_is_read_exactly(digits: str, amount: int) -> None:
    assert money.to_e18(digits, "fee") == amount


@pytest.mark.parametrize(
    "digits",
    ["", ".5", "1.", "1e3", "1_0", "nan", "inf", "0.0000000000000000001", "x" * 99, "\u0661"],
)
def test_what_is_no_plain_cash_is_refused(digits: str) -> None:
    with pytest.raises(ContractError) as caught:
        money.to_e18(digits, "fee")
    assert str(caught.value) == (
        f"fee {digits[:60]!r} is not plain digits with at most 18 decimals, such as -0.75"
    )


def test_cash_beyond_every_amount_is_refused() -> None:
    with pytest.raises(ContractError) as caught:
        money.to_e18("-1000000000000000.1", "fee")
    assert str(caught.value) == (
        "fee '-1000000000000000.1' is beyond 1000000000000000 units"
    )


@pytest.mark.parametrize("seed", range(20))
def test_cash_comes_back_from_its_text(seed: int) -> None:
    rng = Random(seed)
    for _ in range(100):
        amount = rng.randint(-(10 ** rng.randint(0, 33)), 10 ** rng.randint(0, 33))
        assert money.to_e18(money.cash_text(amount), "fee") == amount


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [
        (0, 7, 0), (5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (1, 3, 0), (2, 3, 1),
        (-1, 3, 0), (-2, 3, -1), (6, 3, 2), (1, 2, 0), (3, 2, 2),
    ],
)  # fmt: skip
def test_half_even_by_hand(numerator: int, denominator: int, rounded: int) -> None:
    assert money.divide_half_even(numerator, denominator) == rounded


def a_ratio(rng: Random) -> tuple[int, int]:
    """Numbers of any size, often exact halves."""
    denominator = rng.randint(1, 10 ** rng.randint(1, 12))
    if rng.random() < 0.3:
        return denominator * rng.randint(-999, 999), 2 * denominator
    return rng.randint(-(10 ** rng.randint(1, 20)), 10 ** rng.randint(1, 20)), denominator


@pytest.mark.parametrize("seed", SEEDS)
def test_half_even_rounds_as_fractions_do(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(200):
        numerator, denominator = a_ratio(rng)
        expected = round(Fraction(numerator, denominator))
        assert money.divide_half_even(numerator, denominator) == expected


@pytest.mark.parametrize("seed", range(5))
def test_half_even_rounds_as_fractions_do_below_zero_too(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(200):
        numerator, denominator = a_ratio(rng)
        expected = round(Fraction(numerator, -denominator))
        assert money.divide_half_even(numerator, -denominator) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_fees_and_basis_points_round_as_fractions_do(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(100):
        notional = rng.randint(0, 10**28)
        rate = rng.randint(-(10**11), 10**11)
        exact = Fraction(notional * rate, 10_000 * SCALE)
        assert money.fee_e18(notional, rate) == round(exact)
        whole = rng.randint(1, 10**24) * rng.choice((1, -1))
        part = rng.randint(-(10**24), 10**24)
        assert money.bps_e9(part, whole) == round(Fraction(part, whole) * 10_000 * SCALE)


def test_a_fee_by_hand() -> None:
    notional = 500 * 10**18
    assert money.fee_e18(notional, 7 * SCALE) == 35 * 10**16
    assert money.fee_e18(notional, -2 * SCALE) == -10 * 10**16
    assert money.bps_e9(1, 200) == 50 * SCALE


@pytest.mark.parametrize("seed", SEEDS)
def test_a_measurement_is_rounded_to_nearest(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(100):
        value = rng.uniform(-1, 1) * 10 ** rng.randint(-12, 14)
        assert money.measured_e9(value, "x") == round(Fraction(value) * SCALE)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, "edge nan is not a finite number"),
        (math.inf, "edge inf is not a finite number"),
        (-math.inf, "edge -inf is not a finite number"),
        (1e16, f"edge 1e+16 {HUGE}"),
        (-1e300, f"edge -1e+300 {HUGE}"),
    ],
)
def test_a_measurement_is_finite_and_bounded(value: float, message: str) -> None:
    with pytest.raises(ContractError) as refused:
        money.measured_e9(value, "edge")
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("value", "scaled"),
    [
        (2.4, 2_400_000_000), (-1, -SCALE), (1e-10, 0), (1e15, LARGEST_E9), (1e16, None),
        (10**400, None), (math.nan, None), (-math.inf, None), ("1", None), (None, None),
        (Decimal(1), None),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_a_measurement_that_cannot_be_is_none(value: object, scaled: int | None) -> None:
    assert money.finite_e9(value) == scaled


@pytest.mark.parametrize("value", [0, -1, 0.0, -0.0, "-0.000000001"])
def test_positive_means_above_zero(value: Number) -> None:
    with pytest.raises(ContractError) as refused:
        money.positive_e9(value, "qty")
    assert str(refused.value) == f"qty {value!r} must be above 0"
    assert money.positive_e9("0.000000001", "qty") == 1


@pytest.mark.parametrize("value", [-1, "-0.000000001"])
def test_not_negative_means_zero_or_more(value: Number) -> None:
    with pytest.raises(ContractError) as refused:
        money.not_negative_e9(value, "fee")
    assert str(refused.value) == f"fee {value!r} must be 0 or more"
    assert money.not_negative_e9(0, "fee") == 0


class Door:
    __slots__ = ("amount_e9", "delta_e9")
    amount = Scaled("amount_e9")
    delta = Scaled("delta_e9", signed=True)


def test_a_scaled_attribute_reads_as_a_float_and_is_kept_as_an_integer() -> None:
    door = Door()
    door.amount = "0.01"
    assert door.amount == 0.01
    assert door.amount_e9 == 10_000_000
    door.amount_e9 = 3
    assert door.amount == 3e-9


def test_only_a_signed_attribute_may_be_negative() -> None:
    door = Door()
    door.delta = -1.5
    assert door.delta == -1.5
    with pytest.raises(ContractError, match="^amount -1.5 must be 0 or more$"):
        door.amount = -1.5


def test_a_scaled_attribute_is_itself_on_the_class() -> None:
    assert isinstance(Door.amount, Scaled)
