"""What a reconciliation says: findings by one taxonomy, and what is to be done, as plain values.

Every name is a hash of what the exchange said, so saying it again makes the same names and a
second application finds nothing left to do.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from ..core import codec
from ..core.contracts_v1 import Input
from ..core.money import text
from ..core.order import OrderState
from ..core.record import record
from .reconcile_facts import LocalOrder, VenueFill, VenueOrder


class Kind(str, Enum):
    """How our books and the exchange stand to each other on one subject."""

    MATCHED = "MATCHED"
    STALE = "STALE"
    VENUE_MISSING = "VENUE_MISSING"
    LOCAL_MISSING = "LOCAL_MISSING"
    ORPHAN = "ORPHAN"
    DUPLICATE = "DUPLICATE"
    QTY_MISMATCH = "QTY_MISMATCH"
    PRICE_DIVERGENCE = "PRICE_DIVERGENCE"
    UNKNOWN = "UNKNOWN"


class Severity(str, Enum):
    """OK is agreement, a WARNING mends itself, a CRITICAL one without a remedy halts."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"


SEVERITY = {
    Kind.MATCHED: Severity.OK,
    Kind.STALE: Severity.WARNING,
    Kind.VENUE_MISSING: Severity.WARNING,
    Kind.LOCAL_MISSING: Severity.CRITICAL,
    Kind.ORPHAN: Severity.CRITICAL,
    Kind.DUPLICATE: Severity.CRITICAL,
    Kind.QTY_MISMATCH: Severity.CRITICAL,
    Kind.PRICE_DIVERGENCE: Severity.CRITICAL,
    Kind.UNKNOWN: Severity.CRITICAL,
}


class Outcome(str, Enum):
    """READY: all is judged and agrees. SETTLING: apply the actions and look again.

    WAITING: nothing is wrong, but not everything could be judged yet. HALTED: no trading.
    """

    READY = "ready"
    SETTLING = "settling"
    WAITING = "waiting"
    HALTED = "halted"


# What is to be done.


@record
class Take:
    """Give this fact of the exchange its place on the line."""

    event: Input


@record
class AdoptOrder:
    """Keep the exchange's order in our books, under this name, state and filled quantity.

    It replaces an order of the same client order id. Positions are not moved by it. `fills` are
    those of its executions that our books do not know; they are to be known before the order is.
    """

    id: str
    order: VenueOrder
    state: OrderState
    fills: tuple[VenueFill, ...] = ()


@record
class AdoptFill:
    """Know this execution as the exchange tells it. Positions are not moved by it."""

    fill: VenueFill


@record
class AdoptPosition:
    """Hold what the exchange says we hold."""

    id: str
    symbol: str
    qty: int
    was: int


@record
class AdoptBalance:
    """Expect what the exchange says is there."""

    id: str
    currency: str
    amount_e18: int
    was_e18: int


@record
class Cancel:
    """Cancel this order at the exchange: by its id, or by our name when no id is known."""

    order_id: str | None
    client_order_id: str


@record
class Query:
    """Ask the exchange about this order by its client order id, not before this moment."""

    client_order_id: str
    not_before_ns: int


Adoption: TypeAlias = AdoptOrder | AdoptFill | AdoptPosition | AdoptBalance
Action: TypeAlias = Take | Adoption | Cancel | Query

# Facts first, then what is taken over (the absolute numbers last), then what goes out.
_RANK: dict[type, int] = {
    Take: 0, AdoptOrder: 1, AdoptFill: 2, AdoptPosition: 3, AdoptBalance: 4, Cancel: 5, Query: 6,
}  # fmt: skip


@record
class Finding:
    """One subject, what each side says of it, and what would mend it."""

    id: str
    kind: Kind
    about: str
    local: str
    venue: str
    remedies: tuple[Action, ...]

    @property
    def severity(self) -> Severity:
        return SEVERITY[self.kind]

    @property
    def halts(self) -> bool:
        """Whether it is critical and nothing but a question could be done about it."""
        mended = any(remedy.__class__ is not Query for remedy in self.remedies)
        return self.severity is Severity.CRITICAL and not mended


@record
class Reconciliation:
    """Everything found, in order; what was too young to judge; what is to be done, in order."""

    at_ns: int
    outcome: Outcome
    findings: tuple[Finding, ...]
    unjudged: tuple[str, ...]
    actions: tuple[Action, ...]
    reason: str
    retry_at_ns: int | None

    def counts(self) -> dict[str, int]:
        """How many findings of each kind, those that occur, in the order of the taxonomy."""
        kinds = [found.kind for found in self.findings]
        return {kind.value: kinds.count(kind) for kind in Kind if kind in kinds}


def in_order(actions: list[Action]) -> list[Action]:
    """The order in which to carry out; the order within one kind stays.

    A cancel by name goes before everything: only then may the order be given up.
    """
    return sorted(actions, key=_rank)


def _rank(action: Action) -> int:
    by_name = isinstance(action, Cancel) and action.order_id is None
    return -1 if by_name else _RANK[action.__class__]


def fact_id(*facts: str | int | None) -> str:
    """Sixteen hex digits that stand for these facts and no others."""
    return codec.sha256([str(fact) for fact in facts])[:16]


def finding(
    kind: Kind, about: str, local: str, venue: str, remedies: tuple[Action, ...] = ()
) -> Finding:
    """A finding under the name that its facts give it."""
    return Finding(fact_id(kind.value, about, venue), kind, about, local, venue, remedies)


def shown_local(order: LocalOrder) -> str:
    """An order of ours in a few words."""
    named = order.order_id or "not acknowledged"
    return f"{order.state.value} {_terms(order)} ({named})"


def shown_venue(order: VenueOrder, state: str = "open") -> str:
    """An order of the exchange in a few words."""
    return f"{state} {_terms(order)} ({order.order_id})"


def _terms(order: LocalOrder | VenueOrder) -> str:
    filled = f"{text(order.filled)} of {text(order.qty)} filled"
    return f"{order.side.value} {order.symbol} at {text(order.price)}, {filled}"
