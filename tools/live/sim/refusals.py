"""Why the simulated exchange says no: a closed list of reasons, each with a sentence."""

from __future__ import annotations

from enum import Enum

from ..core.record import record


class RejectReason(str, Enum):
    """Listed by precedence: the first that applies is the answer."""

    IMPOSSIBLE = "impossible"  # the order makes no sense, whatever the market
    TOO_LATE = "too_late"  # it arrived when it was to be refused
    UNKNOWN_SYMBOL = "unknown_symbol"
    DUPLICATE_ID = "duplicate_id"  # the client's name of an order that is known already
    EXPIRED = "expired"  # its own end is in the past
    CLOSED = "closed"  # outside the hours of the market
    LINK = "link"  # the order behind which it comes, or its group, has ended or is not known
    RULES = "rules"  # tick, lot, smallest and largest, price band
    WOULD_TAKE = "would_take"  # post-only
    WOULD_NOT_REDUCE = "would_not_reduce"  # reduce-only
    NOT_OPEN = "not_open"  # what it amends, or replaces, has ended


@record
class Refusal:
    """A no of the exchange."""

    reason: RejectReason
    detail: str

    @property
    def message(self) -> str:
        return f"{self.reason.value}: {self.detail}"
