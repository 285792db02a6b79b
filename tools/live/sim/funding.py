"""Funding of perpetuals: at fixed times of the day the position pays, or is paid, at the mark.

At a positive rate longs pay and shorts are paid; the exchange itself keeps nothing. A payment is
`FundingPaid` on the line, and moves cash and nothing else.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ..core.clock import NS_PER_S
from ..core.contracts_v1 import FundingPaid
from ..core.errors import ContractError
from ..core.money import Number, fee_e18, text, to_e9

EIGHT_HOURS_NS = 8 * 60 * 60 * NS_PER_S


class FundingRates(Protocol):
    """The rate of one payment, in basis points at 10^9 of the position's value."""

    def rate_bps(self, symbol: str, ts_ns: int) -> int: ...

    def describe(self) -> dict[str, Any]: ...


class ConstantRate:
    """One rate for every symbol and time."""

    def __init__(self, bps: Number) -> None:
        self._bps = to_e9(bps, "funding rate_bps")

    def rate_bps(self, symbol: str, ts_ns: int) -> int:
        return self._bps

    def describe(self) -> dict[str, Any]:
        return {"model": "constant", "bps": text(self._bps)}


class RecordedRates:
    """Rates as a venue published them: by symbol, each from its time on to the next."""

    def __init__(self, rates: Mapping[str, Sequence[tuple[int, Number]]]) -> None:
        self._times: dict[str, list[int]] = {}
        self._bps: dict[str, list[int]] = {}
        for symbol in sorted(rates):
            times = [ts_ns for ts_ns, _ in rates[symbol]]
            if not times or any(one >= other for one, other in zip(times, times[1:])):
                raise ContractError(f"funding times of {symbol!r:.60} must rise; give at least one")
            self._times[symbol] = times
            what = f"funding rate_bps of {symbol:.60}"
            self._bps[symbol] = [to_e9(bps, what) for _, bps in rates[symbol]]

    def rate_bps(self, symbol: str, ts_ns: int) -> int:
        place = bisect_right(self._times.get(symbol, []), ts_ns)
        if not place:
            raise ContractError(
                f"no funding rate of {symbol!r:.60} is known at {ts_ns} ns; give one from then on"
            )
        return self._bps[symbol][place - 1]

    def describe(self) -> dict[str, Any]:
        return {
            "model": "recorded",
            "rates": {
                symbol: [
                    [str(ts_ns), text(bps)]
                    for ts_ns, bps in zip(self._times[symbol], self._bps[symbol])
                ]
                for symbol in self._times
            },
        }


class Funding:
    """When payments are due, and what they come to.

    They are due `offset_ns` behind midnight UTC, and every `every_ns` from there.
    """

    def __init__(
        self, rates: FundingRates, *, every_ns: int = EIGHT_HOURS_NS, offset_ns: int = 0
    ) -> None:
        if every_ns <= 0 or not 0 <= offset_ns < every_ns:
            raise ContractError(
                f"funding every {every_ns} ns from {offset_ns} ns: the first must be above 0, the"
                " second from 0 to below it"
            )
        self._rates = rates
        self._every_ns = every_ns
        self._offset_ns = offset_ns

    def next_ns(self, after_ns: int) -> int:
        """The first payment behind this time."""
        passed = (after_ns - self._offset_ns) // self._every_ns
        return (passed + 1) * self._every_ns + self._offset_ns

    def payment(self, symbol: str, qty: int, mark: int, ts_ns: int) -> FundingPaid | None:
        """What a signed position pays or gets; None when there is nothing to pay.

        Without a mark (0) nobody knows what the position is worth, and nothing is paid.
        """
        if not qty or mark <= 0:
            return None
        rate = self._rates.rate_bps(symbol, ts_ns)
        amount = -fee_e18(qty * mark, rate)
        if not amount:
            return None
        why = f"{text(rate)} bps on {text(qty)} at {text(mark)}"
        return FundingPaid(symbol, amount, why, ts_ns)

    def describe(self) -> dict[str, Any]:
        return {
            "every_ns": self._every_ns, "offset_ns": self._offset_ns,
            "rates": self._rates.describe(),
        }  # fmt: skip
