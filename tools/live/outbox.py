"""Orders whose sending had no definite end: what is asked about them, when, and what follows.

An answer can get lost while the order stands in the exchange's book. So an order without an answer
is never sent again, and never given up, before the exchange has said twice that it has no such
order, the second time when no copy of the request can be accepted any more. An exchange that
cannot be asked leaves it in doubt, however long that takes.
"""

from __future__ import annotations

from collections.abc import Iterator

from .core.contracts_v1 import REQUEST_LIFE_NS
from .core.order import Order

SECOND_NS = 1_000_000_000
# From the last attempt to send until "no such order" is final. Longer than a request lives.
SETTLE_NS = 2 * REQUEST_LIFE_NS
# An order that is older than this is not sent again: its price is of another market.
INTENT_LIFE_NS = 30 * SECOND_NS
# For how long an exchange may leave us in doubt before somebody should look.
ALERT_NS = 30 * SECOND_NS
MOST_WAIT_NS = 30 * SECOND_NS


class Doubt:
    """One order that the exchange may have or not."""

    __slots__ = (
        "order", "since_ns", "sent_ns", "due_ns", "absent", "unheard", "alerted", "dropping",
    )  # fmt: skip

    def __init__(self, order: Order, ts_ns: int) -> None:
        self.order = order
        self.since_ns = self.sent_ns = self.due_ns = ts_ns
        self.absent = 0  # how often the exchange had no such order since it was last sent
        self.unheard = 0  # how many questions in a row found no answer
        self.alerted = False
        self.dropping = False  # a cancel by our own id goes first, then it is given up

    def is_gone(self, ts_ns: int) -> bool:
        """The exchange has no such order now; whether that is final."""
        self.unheard = 0
        self.absent += 1
        settled_ns = self.sent_ns + SETTLE_NS
        if self.absent > 1 and ts_ns >= settled_ns:
            return True
        self.due_ns = max(settled_ns, ts_ns + SECOND_NS)
        return False

    def is_silent(self, ts_ns: int) -> bool:
        """A question found no answer; whether this is the moment to call somebody."""
        self.due_ns = ts_ns + wait_ns(self.unheard)
        self.unheard += 1
        if self.alerted or ts_ns - self.since_ns < ALERT_NS:
            return False
        self.alerted = True
        return True

    def sent_again(self, ts_ns: int) -> None:
        """Another attempt is on its way, and nothing is known about that one."""
        self.sent_ns = self.due_ns = ts_ns
        self.absent = self.unheard = 0


class Outbox:
    """All doubts by client order id, and when a cancel that was not confirmed is tried again."""

    def __init__(self) -> None:
        self.doubts: dict[str, Doubt] = {}
        self.cancels_due_ns: int | None = None
        self.cancels_tried = 0

    def doubt(self, order: Order, ts_ns: int) -> Doubt:
        """Begin to doubt an order, or go on to."""
        found = self.doubts.get(order.client_order_id)
        if found is None:
            found = self.doubts[order.client_order_id] = Doubt(order, ts_ns)
        return found

    def due(self, ts_ns: int) -> Iterator[Doubt]:
        """What should be asked by now, in the order in which it was doubted."""
        return (doubt for doubt in self.doubts.values() if doubt.due_ns <= ts_ns)

    def next_due_ns(self) -> int | None:
        """When somebody should look again; None when nothing waits for time to pass."""
        times = [doubt.due_ns for doubt in self.doubts.values()]
        if self.cancels_due_ns is not None:
            times.append(self.cancels_due_ns)
        return min(times, default=None)

    def cancel_failed(self, ts_ns: int) -> None:
        """A cancel was not confirmed; all of them are tried again after a pause."""
        if self.cancels_due_ns is None or self.cancels_due_ns <= ts_ns:
            self.cancels_wait(ts_ns)
            self.cancels_tried += 1

    def cancels_wait(self, ts_ns: int) -> None:
        """Look again after a pause."""
        self.cancels_due_ns = ts_ns + wait_ns(self.cancels_tried)

    def cancels_done(self) -> None:
        """Nothing waits for a cancel any more."""
        self.cancels_due_ns = None
        self.cancels_tried = 0


def wait_ns(tried: int) -> int:
    """A second, two, four, and so on; never more than half a minute."""
    return min(SECOND_NS << min(tried, 8), MOST_WAIT_NS)
