"""The desk of a reconciliation: what it has found so far, and what that leaves open.

An order that cannot be judged yet may still have filled, so a difference of a position that it
could explain is no mismatch yet.
"""

from __future__ import annotations

from ..core.contracts_v1 import BUY, Fill, Side
from ..core.record import record
from .reconcile_facts import (
    Answer, LocalOrder, LocalState, OnMismatch, Policy, Unanswered, VenueFill, VenueOrder,
    VenueState,
)  # fmt: skip
from .reconcile_findings import Action, Finding, Kind, Query, fact_id, finding


@record
class Missing:
    """The executions that our books lack, and how much no execution accounts for."""

    fills: tuple[Fill, ...]
    lacking: int


class Judgement:
    """What all judges share: both sides, the policy, the findings and the open questions."""

    def __init__(self, local: LocalState, venue: VenueState, policy: Policy) -> None:
        self.local = local
        self.venue = venue
        self.policy = policy
        self.at_ns = venue.at_ns
        self.findings: list[Finding] = []
        self.unjudged: list[str] = []
        self.moved: dict[str, int] = {}  # by symbol: what the fills to be booked now move
        self.known = {fill.fill_id: fill for fill in local.fills}
        self.by_client_id = {order.client_order_id: order for order in local.orders}
        self.fills_of: dict[str, list[VenueFill]] = {}
        self._may: dict[tuple[str, Side], int] = {}
        self._grown_up: list[int] = []
        self._answers_about: dict[str, list[Answer]] = {}
        for answer in venue.answers:
            self._answers_about.setdefault(answer.client_order_id, []).append(answer)
        self.executions = self._told()
        for fill in sorted(self.executions.values(), key=lambda one: (one.ts_ns, one.fill_id)):
            self.fills_of.setdefault(fill.order_id, []).append(fill)

    def _told(self) -> dict[str, VenueFill]:
        """Every execution that the exchange tells of, in its list or with its order."""
        listed = self.venue.fills if isinstance(self.venue.fills, tuple) else ()
        told = {fill.fill_id: fill for fill in listed}
        for answer in self.venue.answers:
            named = "" if answer.order is None else answer.order.order_id
            for fill in answer.fills:
                if fill.order_id == named and told.setdefault(fill.fill_id, fill) != fill:
                    why = f"execution {fill.fill_id} is told with two sets of numbers"
                    self.silent("executions", Unanswered(why))
        return told

    @property
    def doubtful(self) -> bool:
        """Whether the exchange left something open: then its holdings are not taken over."""
        return any(found.kind is Kind.UNKNOWN for found in self.findings)

    @property
    def cancels(self) -> bool:
        return self.policy.on_mismatch is OnMismatch.CANCEL

    @property
    def adopts(self) -> bool:
        return self.policy.on_mismatch is OnMismatch.ADOPT

    def add(
        self, kind: Kind, about: str, local: str, venue: str, *remedies: Action
    ) -> None:
        self.findings.append(finding(kind, about, local, venue, remedies))

    def too_young(self, order: LocalOrder) -> bool:
        """Whether news of it may still be on the way; then it is left open."""
        grown_up = order.changed_ns + self.policy.protection_ns
        if self.at_ns >= grown_up:
            return False
        self._grown_up.append(grown_up)
        self.put_off(order)
        return True

    def put_off(self, order: LocalOrder) -> None:
        """It is judged another time."""
        self.unjudged.append(f"order {order.client_order_id}")
        self.leave_open(order)

    def leave_open(self, order: LocalOrder, filled: int = 0) -> None:
        """Its position may move by what is left of it, or by what the exchange says it filled."""
        key = (order.symbol, order.side)
        might = max(order.qty, filled) - order.filled
        self._may[key] = self._may.get(key, 0) + max(might, 0)

    def explains(self, symbol: str, difference: int) -> bool:
        """Whether orders that are left open could have moved a position by this much."""
        side = BUY if difference > 0 else Side.SELL
        return abs(difference) <= self._may.get((symbol, side), 0)

    @property
    def leaves_open(self) -> bool:
        return any(self._may.values())

    def answers(self, order: LocalOrder) -> list[Answer]:
        """What was said about an order since its last change, oldest first."""
        told = self._answers_about.get(order.client_order_id, ())
        return [answer for answer in told if answer.at_ns >= order.changed_ns]

    def filled_at_venue(self, row: VenueOrder) -> int:
        """The quantity that its row and its executions tell of, the larger when one lags."""
        listed: int = sum(fill.qty for fill in self.fills_of.get(row.order_id, ()))
        return max(row.filled, listed)

    def missing(self, order: LocalOrder, row: VenueOrder, filled: int) -> Missing:
        """The executions between our filled quantity and the exchange's.

        The newest come first, as older ones may be booked under a name that we had to give. What
        the exchange does not itemise becomes one execution at the order's price, named by its
        facts; when it does itemise, only a policy to adopt may do that. It takes a complete
        answer: while something is silent, the execution itself may still come by the stream.
        """
        need = filled - order.filled
        taken: list[Fill] = []
        for fill in reversed(self.fills_of.get(row.order_id, ())):
            if fill.fill_id not in self.known and fill.qty <= need:
                need -= fill.qty
                taken.append(self._fill(fill.fill_id, row, fill.qty, fill.price, fill.liquidity))
        taken.reverse()
        itemises = self.venue.fills is not None
        if need and self.venue.complete and (self.adopts or not itemises):
            fill_id = "recon-" + fact_id(row.order_id, filled, row.price)
            taken.append(self._fill(fill_id, row, need, row.price, ""))
            need = 0
        return Missing(tuple(taken), need)

    def book(self, fills: tuple[Fill, ...]) -> None:
        """These are going to be booked, and will move the position."""
        for fill in fills:
            signed = fill.qty if fill.side is BUY else -fill.qty
            self.moved[fill.symbol] = self.moved.get(fill.symbol, 0) + signed

    def retry_at_ns(self) -> int | None:
        """When to look again: a question falls due, an order is old enough, or after a silence."""
        due = [
            remedy.not_before_ns
            for found in self.findings
            for remedy in found.remedies
            if isinstance(remedy, Query)
        ]
        if self.doubtful:
            due.append(self.at_ns + self.policy.protection_ns)
        return min([*due, *self._grown_up], default=None)

    def silent(self, about: str, part: Unanswered) -> None:
        """Report a part that the exchange did not answer."""
        self.add(Kind.UNKNOWN, about, "", f"unanswered: {part.why}")

    def _fill(self, fill_id: str, row: VenueOrder, qty: int, price: int, liquidity: str) -> Fill:
        return Fill(
            fill_id, row.order_id, row.symbol, row.side, qty, price, liquidity, self.at_ns
        )
