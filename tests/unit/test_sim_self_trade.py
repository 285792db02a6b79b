"""`sim/self_trade`: who of ours would meet, after how much of others, and who is canceled then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tools.live.core.contracts_v1 import BUY, SELL, Side
from tools.live.sim.orders import OrderKind, OrderRequest, SelfTrade, WorkingOrder
from tools.live.sim.self_trade import Meeting, crossing, resolve


class Street:
    """Others offer 5 at 101 and 5 at 102, and bid 5 at 99 and 5 at 98; ours are as told."""

    def __init__(self, *ours: WorkingOrder) -> None:
        self._ours = ours

    def fillable(self, side: Side, limit: int | None) -> int:
        assert limit is not None
        if side is BUY:
            return 5 * (limit >= 101) + 5 * (limit >= 102)
        return 5 * (limit <= 99) + 5 * (limit <= 98)

    def resting(self, side: Side | None = None) -> Iterator[WorkingOrder]:
        return (order for order in self._ours if order.side is side)


def an_order(
    number: int, side: Side, qty: int, price: int | None, ahead: int = 0
) -> WorkingOrder:
    kind = OrderKind.MARKET if price is None else OrderKind.LIMIT
    order = WorkingOrder(OrderRequest(f"C{number}", "BTC", side, qty, kind, price), f"O{number}",
                         number)
    order.ahead = ahead
    return order


NEAR, SAME, FAR = (
    an_order(1, SELL, 3, 101), an_order(2, SELL, 3, 102, ahead=4), an_order(3, SELL, 3, 103),
)  # fmt: skip
LOW, LOWER = an_order(4, BUY, 3, 99, ahead=2), an_order(5, BUY, 3, 97)


@pytest.mark.parametrize(("order", "met", "before"), [
    (an_order(9, BUY, 10, 100), [], 0),  # below all of ours
    (an_order(9, BUY, 10, 101), [1], 0),  # nobody else stands before it
    (an_order(9, BUY, 1, 101), [1], 0),
    (an_order(9, BUY, 9, 102), [1], 0),  # 5 at 101 and 4 before ours are enough for it
    (an_order(9, BUY, 10, 102), [1, 2], 0),
    (an_order(9, BUY, 10, 103), [1, 2], 0),  # what others offer is enough before the third
    (an_order(9, BUY, 11, 103), [1, 2, 3], 0),
    (an_order(9, BUY, 11, None), [1, 2, 3], 0),
    (an_order(9, SELL, 2, 99), [], 0),  # others stand before ours in the queue
    (an_order(9, SELL, 3, 99), [4], 2),
    (an_order(9, SELL, 10, 98), [4], 2),
    (an_order(9, SELL, 11, 97), [4, 5], 2),
    (an_order(9, SELL, 11, None), [4, 5], 2),
])  # fmt: skip
def test_an_order_meets_ours_when_others_are_not_enough(
    order: WorkingOrder, met: list[int], before: int
) -> None:
    found = crossing(Street(NEAR, SAME, FAR, LOW, LOWER), order)
    assert ([other.number for other in found.orders] if found else []) == met
    assert (found.takes_before if found else 0) == before


@pytest.mark.parametrize(("policy", "canceled", "most"), [
    (SelfTrade.ALLOW, [], None),
    (SelfTrade.CANCEL_NEWEST, [], 5),
    (SelfTrade.CANCEL_OLDEST, [1, 2], None),
    (SelfTrade.CANCEL_BOTH, [1], 5),
])  # fmt: skip
def test_who_is_canceled_is_chosen(
    policy: SelfTrade, canceled: list[int], most: int | None
) -> None:
    found = resolve(policy, Meeting((NEAR, SAME), 5))
    assert [order.number for order in found.cancel] == canceled
    assert found.take_at_most == most
    assert resolve(policy, None) == resolve(SelfTrade.ALLOW, None)


def test_an_order_of_ours_without_a_limit_stands_nowhere() -> None:
    assert crossing(Street(an_order(1, SELL, 3, None)), an_order(9, BUY, 10, None)) is None
