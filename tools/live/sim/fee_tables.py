"""What US regulators and clearers take, by the day: dated tables, and the schedule made of them.

A rate is in force from its day on until the next; days are New York's. A table ends on the last day
that its source vouches for, and a day outside it is a ContractError: give a table of your own then,
as nobody can guess a rate. Where each number comes from stands beside it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ..core.contracts_v1 import SELL
from ..core.errors import ContractError
from ..core.money import CASH_SCALE, SCALE, cash_text, divide_half_even, to_e18
from ..core.record import record
from .fee_days import day_of, new_york_day, told_day
from .fees import Charged, checked_size

CENT_E18 = CASH_SCALE // 100


@record
class Rate:
    """From this day on: so much a unit (a dollar, a share, a contract), in plain decimal text.

    `cap` is the most for one execution, empty where there is none.
    """

    since: str
    rate: str
    cap: str = ""


class RateTable:
    """Rates in the order of their days, and the last day that is known."""

    def __init__(self, name: str, rates: Sequence[Rate], *, through: str) -> None:
        self.name = name
        self._days = [day_of(one.since, f"{name} since") for one in rates]
        self._through = day_of(through, f"{name} through")
        rising = all(one < other for one, other in zip(self._days, self._days[1:]))
        if not self._days or not rising or self._through < self._days[-1]:
            raise ContractError(f"{name}: its days must rise, and end on or before {through!r}")
        self._rates = [
            (to_e18(one.rate, f"{name} rate"), to_e18(one.cap, f"{name} cap") if one.cap else None)
            for one in rates
        ]

    def on(self, day: int) -> tuple[int, int | None]:
        """Rate and cap of a day, both at 10^18."""
        if not self._days[0] <= day <= self._through:
            first, last, asked = map(told_day, (self._days[0], self._through, day))
            raise ContractError(
                f"{self.name} on {asked} is not known: the table goes from {first} to {last};"
                " give one that covers the day"
            )
        return self._rates[bisect_right(self._days, day) - 1]

    def describe(self) -> list[list[str | None]]:
        return [
            [told_day(day), cash_text(rate), None if cap is None else cash_text(cap)]
            for day, (rate, cap) in zip(self._days, self._rates)
        ]


@record
class Levy:
    """One fee of one authority: on the value of an execution, or on its units."""

    table: RateTable
    on_value: bool
    sells_only: bool


class RegulatoryFees:
    """Several levies on every execution, exact or by whole cents a day.

    With `to_the_cent` each levy's total of a New York day is rounded up to the cent, as brokers
    bill it: an execution pays by how much the rounded total grows. `unit_size` is what one unit
    stands for, such as 100 shares a contract; it matters for the value only.
    """

    def __init__(
        self, levies: Sequence[Levy], *, unit_size: int = 1, to_the_cent: bool = False
    ) -> None:
        self._levies = tuple(levies)
        self._unit_size = checked_size(unit_size)
        self._to_the_cent = to_the_cent
        self._day = -1
        self._totals = [0] * len(self._levies)  # exact, of the day

    def fee_e18(self, execution: Charged, *, ts_ns: int) -> int:
        day = new_york_day(ts_ns)
        if day > self._day:
            self._day, self._totals = day, [0] * len(self._levies)
        fee = 0
        for number, levy in enumerate(self._levies):
            exact = self._levied(levy, execution, day)
            if self._to_the_cent:
                before = self._totals[number]
                self._totals[number] = before + exact
                exact = up_to_the_cent(before + exact) - up_to_the_cent(before)
            fee += exact
        return fee

    def _levied(self, levy: Levy, execution: Charged, day: int) -> int:
        """What one execution owes, before any rounding to cents."""
        rate, cap = levy.table.on(day)
        if levy.sells_only and execution.order.side is not SELL:
            return 0
        if levy.on_value:
            value = execution.qty * execution.price * self._unit_size
            due = divide_half_even(value * rate, CASH_SCALE)
        else:
            due = divide_half_even(execution.qty * rate, SCALE)
        return due if cap is None else min(due, cap)

    def state(self) -> tuple[object, ...]:
        return (self._day, *self._totals)

    def describe(self) -> dict[str, Any]:
        levies = {levy.table.name: levy.table.describe() for levy in self._levies}
        return {
            "model": "regulatory", "unit_size": self._unit_size, "to_the_cent": self._to_the_cent,
            "levies": levies,
        }  # fmt: skip


# SEC, Exchange Act section 31, on what was sold, a dollar: the Commission's fee rate advisories and
# orders (34-99973 for 2024, 34-104909 for 2026). Another rate can be in force 60 days after a new
# fiscal year's appropriation, which is after 1 October: so this one is sure through 29 November.
SEC_FEES = RateTable(
    "SEC",
    (
        Rate("2021-02-25", "0.0000051"),
        Rate("2022-05-14", "0.0000229"),
        Rate("2023-02-27", "0.000008"),
        Rate("2024-05-22", "0.0000278"),
        Rate("2025-05-14", "0"),
        Rate("2026-04-04", "0.0000206"),
    ),
    through="2026-11-29",
)
# FINRA, By-Laws Schedule A section 1, on what was sold: a share with a cap for one trade, and a
# contract without. Charging it on purchases, as some calculators do, is a mistake.
TAF_SHARES = RateTable(
    "TAF",
    (
        Rate("2022-01-01", "0.00013", "6.49"),
        Rate("2023-01-01", "0.000145", "7.27"),
        Rate("2024-01-01", "0.000166", "8.30"),
        Rate("2026-01-01", "0.000195", "9.79"),
    ),
    through="2026-12-31",
)
TAF_OPTIONS = RateTable(
    "TAF options",
    (
        Rate("2022-01-01", "0.00218"),
        Rate("2023-01-01", "0.00244"),
        Rate("2024-01-01", "0.00279"),
        Rate("2026-01-01", "0.00329"),
    ),
    through="2026-12-31",
)
# Options regulatory fee, a contract, bought or sold: the sum over all exchanges as one broker
# published it for that day. It changes when any of them changes, usually in February and August.
ORF = RateTable("ORF", (Rate("2025-03-03", "0.02815"),), through="2025-07-31")
# Options Clearing Corporation, a contract, bought or sold: its press releases of 2020 and 2021, and
# its filings SR-OCC-2024-017 and 2025-002, by which the cap of 55 dollars for one trade went.
OCC = RateTable(
    "OCC",
    (
        Rate("2020-09-01", "0.045", "55"),
        Rate("2021-06-01", "0.02", "55"),
        Rate("2025-01-01", "0.025"),
    ),
    through="2025-12-31",
)


def us_equity_fees(
    *, sec: RateTable = SEC_FEES, taf: RateTable = TAF_SHARES, to_the_cent: bool = True
) -> RegulatoryFees:
    """SEC and TAF, both on sales only."""
    return RegulatoryFees((Levy(sec, True, True), Levy(taf, False, True)), to_the_cent=to_the_cent)


def us_option_fees(
    *,
    sec: RateTable = SEC_FEES,
    taf: RateTable = TAF_OPTIONS,
    orf: RateTable = ORF,
    occ: RateTable = OCC,
    contract_size: int = 100,
    to_the_cent: bool = True,
) -> RegulatoryFees:
    """SEC (on the premium) and TAF on sales only, ORF and OCC both ways."""
    return RegulatoryFees(
        (
            Levy(sec, True, True),
            Levy(taf, False, True),
            Levy(orf, False, False),
            Levy(occ, False, False),
        ),
        unit_size=contract_size,
        to_the_cent=to_the_cent,
    )


def up_to_the_cent(amount_e18: int) -> int:
    """The next whole cent; what is whole stays."""
    return -(-amount_e18 // CENT_E18) * CENT_E18
