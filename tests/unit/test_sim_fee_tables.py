"""Dated levies: `tools.live.sim.fee_tables`."""

from __future__ import annotations

from random import Random

import pytest

from tests.unit.fee_builders import CENT, AnExecution, AnOrder, at, bought, fee, sold
from tools.live.core.contracts_v1 import SELL
from tools.live.core.errors import ContractError
from tools.live.core.money import CASH_SCALE
from tools.live.sim.fee_days import day_of
from tools.live.sim.fee_tables import (
    OCC, ORF, SEC_FEES, TAF_OPTIONS, TAF_SHARES, Levy, Rate, RateTable, RegulatoryFees,
    up_to_the_cent, us_equity_fees, us_option_fees,
)  # fmt: skip

HOUR_NS = 3_600 * 10**9
IN_2026 = day_of("2026-06-01", "day")
IN_2025 = day_of("2025-04-01", "day")
FOREVER = "2100-01-01"


def flat(name: str, rate: str, cap: str = "") -> RateTable:
    return RateTable(name, (Rate("1969-12-31", rate, cap),), through=FOREVER)


# The tables.


@pytest.mark.parametrize(
    ("table", "day", "rate", "cap"),
    [
        (SEC_FEES, "2021-02-25", "0.0000051", None),
        (SEC_FEES, "2022-05-13", "0.0000051", None),
        (SEC_FEES, "2022-05-14", "0.0000229", None),
        (SEC_FEES, "2023-02-27", "0.000008", None),
        (SEC_FEES, "2024-05-21", "0.000008", None),
        (SEC_FEES, "2024-05-22", "0.0000278", None),
        (SEC_FEES, "2025-05-13", "0.0000278", None),
        (SEC_FEES, "2025-05-14", "0", None),
        (SEC_FEES, "2026-04-03", "0", None),
        (SEC_FEES, "2026-04-04", "0.0000206", None),
        (TAF_SHARES, "2022-12-31", "0.00013", "6.49"),
        (TAF_SHARES, "2023-01-01", "0.000145", "7.27"),
        (TAF_SHARES, "2025-12-31", "0.000166", "8.30"),
        (TAF_SHARES, "2026-01-01", "0.000195", "9.79"),
        (TAF_OPTIONS, "2022-01-01", "0.00218", None),
        (TAF_OPTIONS, "2023-01-01", "0.00244", None),
        (TAF_OPTIONS, "2025-12-31", "0.00279", None),
        (TAF_OPTIONS, "2026-12-31", "0.00329", None),
        (ORF, "2025-03-03", "0.02815", None),
        (OCC, "2021-05-31", "0.045", "55"),
        (OCC, "2024-12-31", "0.02", "55"),
        (OCC, "2025-01-01", "0.025", None),
    ],
)
def test_a_rate_is_in_force_from_its_day_on(
    table: RateTable, day: str, rate: str, cap: str | None
) -> None:
    def e18(digits: str) -> int:
        return round(float(digits) * 10**9) * 10**9

    assert table.on(day_of(day, "day")) == (e18(rate), None if cap is None else e18(cap))


@pytest.mark.parametrize(
    ("table", "day", "said"),
    [
        (SEC_FEES, "2021-02-24",
         "SEC on 2021-02-24 is not known: the table goes from 2021-02-25 to 2026-11-29; give one"
         " that covers the day"),
        (SEC_FEES, "2026-11-30",
         "SEC on 2026-11-30 is not known: the table goes from 2021-02-25 to 2026-11-29; give one"
         " that covers the day"),
        (TAF_SHARES, "2027-01-01",
         "TAF on 2027-01-01 is not known: the table goes from 2022-01-01 to 2026-12-31; give one"
         " that covers the day"),
    ],
)  # fmt: skip
def test_a_day_that_nobody_vouches_for_is_no_guess(table: RateTable, day: str, said: str) -> None:
    table.on(day_of("2024-01-01", "day"))
    with pytest.raises(ContractError) as caught:
        table.on(day_of(day, "day"))
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("days", "through"),
    [((), "2026-01-01"), (("2026-01-02", "2026-01-01"), "2026-02-01"),
     (("2026-01-01", "2026-01-01"), "2026-02-01"), (("2026-01-02",), "2026-01-01")],
)  # fmt: skip
def test_a_table_whose_days_do_not_rise_is_refused(days: tuple[str, ...], through: str) -> None:
    with pytest.raises(ContractError) as caught:
        RateTable("T", [Rate(day, "1") for day in days], through=through)
    assert str(caught.value) == f"T: its days must rise, and end on or before {through!r}"


def test_a_table_may_end_on_the_day_it_begins() -> None:
    table = RateTable("T", (Rate("2026-01-01", "1"),), through="2026-01-01")
    assert table.on(day_of("2026-01-01", "day")) == (CASH_SCALE, None)


# What is charged.


def test_the_known_example_of_a_sale() -> None:
    """1,000 shares at 50: 1.39 of SEC and 0.195 of TAF, to the cent 1.39 and 0.20."""
    tables = {"sec": flat("SEC", "0.0000278"), "taf": flat("TAF", "0.000195", "9.79")}
    assert fee(us_equity_fees(to_the_cent=False, **tables), sold(1_000, 50)) == 1.585
    assert fee(us_equity_fees(**tables), sold(1_000, 50)) == 1.59


def test_a_purchase_of_shares_costs_nothing() -> None:
    assert fee(us_equity_fees(), bought(1_000, 50), IN_2026) == 0


def test_the_cap_is_the_most_for_one_trade() -> None:
    fees = RegulatoryFees((Levy(TAF_SHARES, False, True),))
    assert fee(fees, sold(50_000, 1), IN_2026) == 9.75
    assert fee(fees, sold(60_000, 1), IN_2026) == 9.79


def test_contracts_pay_both_ways_but_for_what_is_on_sales() -> None:
    fees = us_option_fees(to_the_cent=False)
    both_ways = 10 * 0.02815 + 10 * 0.025
    assert fee(fees, bought(10, 2), IN_2025) == pytest.approx(both_ways, abs=1e-15)
    sale = both_ways + 10 * 0.00279 + 10 * 2 * 100 * 0.0000278
    assert fee(fees, sold(10, 2), IN_2025) == pytest.approx(sale, abs=1e-15)


def test_a_cap_for_one_trade_of_contracts_counts_only_while_it_was_in_force() -> None:
    fees = RegulatoryFees((Levy(OCC, False, False),), unit_size=100)
    assert fee(fees, bought(3_000, 2), day_of("2024-06-03", "day") + 1) == 55.0
    assert fee(fees, bought(3_000, 2), IN_2025) == 75.0


def test_a_purchase_of_contracts_needs_the_days_of_every_table() -> None:
    with pytest.raises(ContractError, match="^SEC on 1999-12-31 is not known"):
        fee(us_option_fees(), bought(1, 1), day_of("2000-01-01", "day"))
    with pytest.raises(ContractError, match="^ORF on 2026-05-31 is not known"):
        fee(us_option_fees(), bought(1, 1), IN_2026)


def test_a_days_total_is_rounded_up_once_and_each_levy_by_itself() -> None:
    fees = us_equity_fees()
    paid = [fees.fee_e18(sold(1, 10), ts_ns=at("2026-06-01T15:00:00")) for _ in range(60)]
    # 0.000206 of SEC and 0.000195 of TAF each time: 0.01236 and 0.0117 in all, 0.02 each.
    assert paid[0] == 2 * CENT
    assert sum(paid) == 4 * CENT
    assert [place for place, one in enumerate(paid) if one] == [0, 48, 51]
    assert fees.fee_e18(sold(1, 10), ts_ns=at("2026-06-02T15:00:00")) == 2 * CENT


def test_a_day_ends_at_midnight_in_new_york() -> None:
    fees = us_equity_fees()
    late = at("2026-06-02T03:30:00")  # half past eleven of the day before
    assert fees.fee_e18(sold(1, 10), ts_ns=at("2026-06-01T20:00:00")) == 2 * CENT
    assert fees.fee_e18(sold(1, 10), ts_ns=late) == 0
    assert fees.fee_e18(sold(1, 10), ts_ns=late + HOUR_NS) == 2 * CENT
    assert fees.state() == (day_of("2026-06-02", "day"), 206 * 10**12, 195 * 10**12)


def test_what_is_a_whole_cent_stays() -> None:
    assert [up_to_the_cent(n) for n in (0, 1, CENT, CENT + 1)] == [0, CENT, CENT, 2 * CENT]


@pytest.mark.parametrize("seed", range(10))
def test_what_a_day_paid_is_its_exact_totals_rounded_up(seed: int) -> None:
    rng = Random(seed)
    rounded, exact = us_equity_fees(), us_equity_fees(to_the_cent=False)
    paid = owed = 0
    for _ in range(100):
        execution = AnExecution(AnOrder("O1", SELL), rng.randint(1, 10**12), 10**11, "")
        ts_ns = IN_2026 * 24 * HOUR_NS + rng.randint(5, 27) * HOUR_NS
        one = rounded.fee_e18(execution, ts_ns=ts_ns)
        assert one >= 0 and one % CENT == 0
        paid += one
        owed += exact.fee_e18(execution, ts_ns=ts_ns)
    assert 0 <= paid - owed < 2 * CENT


def test_levies_describe_themselves() -> None:
    table = flat("T", "0.5", "9.79")
    assert RegulatoryFees((Levy(table, True, False),), unit_size=10).describe() == {
        "model": "regulatory", "unit_size": 10, "to_the_cent": False,
        "levies": {"T": [["1969-12-31", "0.5", "9.79"]]},
    }  # fmt: skip
    assert ORF.describe() == [["2025-03-03", "0.02815", None]]
