"""Fills inside bars: each kind of order, gaps, ties within a bar, and the part of its volume."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.bar_builders import a_bar, an_order
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE, text, to_e9
from tools.live.sim.bar import made_bar
from tools.live.sim.bar_offers import SLIPPED, BarPrices
from tools.live.sim.bars import BarMarket, BarRules, SameBar
from tools.live.sim.evidence import Execution, FillReason
from tools.live.sim.orders import OrderKind, OrderRequest, WorkingOrder
from tools.live.sim.slippage import FixedBps, SpreadBased

MARKET, LIMIT, STOP = OrderKind.MARKET, OrderKind.LIMIT, OrderKind.STOP
STOP_LIMIT, TRAILING = OrderKind.STOP_LIMIT, OrderKind.TRAILING_STOP
TOUCHED = OrderKind.MARKET_IF_TOUCHED
NO_CAP = BarRules(volume_cap_bps=None)
REAL = BarPrices(entry=FixedBps(5), stop=SLIPPED.stop, target=SLIPPED.target)


def prices(done: list[Execution]) -> list[str]:
    return [text(execution.price) for execution in done]


def one(order: WorkingOrder, *bar: str, rules: BarPrices = BarPrices()) -> tuple[str, str, str]:
    """Price, liquidity and reason of the one fill in a bar; empty texts where there is none."""
    done = BarMarket(BarRules(rules, volume_cap_bps=None)).hear(a_bar(*bar), [order])
    if not done:
        return "", "", ""
    (execution,) = done
    assert execution.order is order and not order.leaves and not order.shown
    return text(execution.price), execution.liquidity, execution.why.reason.value


def test_market_orders_trade_at_the_open_and_slip() -> None:
    bar = ("100", "101", "99", "100.5")
    assert one(an_order(1, BUY, MARKET), *bar) == ("100", "taker", "bar_open")
    assert one(an_order(1, BUY, MARKET), *bar, rules=REAL)[0] == "100.05"
    assert one(an_order(1, SELL, MARKET), *bar, rules=REAL)[0] == "99.95"


def test_slippage_of_a_market_order_is_held_at_the_end_of_the_bar() -> None:
    order = an_order(1, BUY, MARKET)
    (done,) = BarMarket(BarRules(REAL)).hear(a_bar("100", "100.02", "99", "99"), [order])
    assert text(done.price) == "100.02" and "to the end of the bar 100.02" in done.why.evidence
    assert one(an_order(1, SELL, MARKET), "100", "101", "99.99", "100", rules=REAL)[0] == "99.99"
    spread = BarPrices(entry=SpreadBased(2))
    assert one(an_order(1, BUY, MARKET), "100", "101", "99", "99", rules=spread)[0] == "100"


@pytest.mark.parametrize(("side", "limit", "expected"), [
    (BUY, "99", ("99", "maker", "bar_touched")),
    (BUY, "98.99", ("", "", "")),
    (BUY, "100", ("100", "maker", "bar_touched")),
    (BUY, "100.01", ("100", "taker", "bar_open")),
    (SELL, "101", ("101", "maker", "bar_touched")),
    (SELL, "101.01", ("", "", "")),
    (SELL, "100", ("100", "maker", "bar_touched")),
    (SELL, "99.99", ("100", "taker", "bar_open")),
])  # fmt: skip
def test_limits(side: Any, limit: str, expected: tuple[str, str, str]) -> None:
    assert one(an_order(1, side, price=limit), "100", "101", "99", "100.5") == expected


@pytest.mark.parametrize(("side", "limit", "fills"), [
    (BUY, "99.02", True), (BUY, "99.01", False), (SELL, "100.98", True), (SELL, "100.99", False),
])  # fmt: skip
def test_a_bar_may_have_to_go_beyond_a_limit(side: Any, limit: str, fills: bool) -> None:
    order = an_order(1, side, price=limit)
    verified = BarPrices(verify_ticks=2)
    assert bool(one(order, "100", "101", "99", "100", rules=verified)[0]) is fills


@pytest.mark.parametrize(("side", "level", "expected"), [
    (SELL, "99", "99"), (SELL, "98.99", ""), (SELL, "100", "100"), (SELL, "100.5", "100"),
    (BUY, "101", "101"), (BUY, "101.01", ""), (BUY, "100", "100"), (BUY, "99.5", "100"),
])  # fmt: skip
def test_stops_and_gaps_at_their_level(side: Any, level: str, expected: str) -> None:
    found = one(an_order(1, side, STOP, stop=level), "100", "101", "99", "100")
    assert found == ((expected, "taker", "stop_triggered") if expected else ("", "", ""))


def test_a_stop_slips_and_says_where_it_leaves_the_bar() -> None:
    order = an_order(1, SELL, STOP, stop="99")
    (done,) = BarMarket(BarRules(REAL)).hear(a_bar("100", "101", "99", "100"), [order])
    assert text(done.price) == "98.802" and "slipped to 98.802, outside the bar" in (
        done.why.evidence)  # fmt: skip
    order = an_order(1, SELL, STOP, stop="99")
    (done,) = BarMarket(BarRules(REAL)).hear(a_bar("100", "101", "98", "100"), [order])
    assert text(done.price) == "98.802" and "outside" not in done.why.evidence
    assert one(an_order(1, BUY, STOP, stop="100"), "110", "120", "100", "110", rules=REAL) == (
        "110.22", "taker", "stop_triggered")  # fmt: skip
    assert one(an_order(1, BUY, STOP, stop="100"), "90", "100", "90", "90", rules=SLIPPED)[0] == (
        "100.2")  # fmt: skip


@pytest.mark.parametrize(("side", "stop", "limit", "bar", "expected"), [
    (SELL, "99", "98", ("100", "101", "97", "97"), "98.802"),  # slipped, within the limit
    (SELL, "99", "98.9", ("100", "101", "97", "97"), "98.9"),  # slipped up to the limit
    (SELL, "99", "98", ("98.5", "99", "97", "97"), "98.303"),  # triggered by the open
    (SELL, "99", "98", ("97", "98", "96", "97"), "98"),  # opened beyond the limit, came back
    (SELL, "99", "98", ("97", "97.9", "96", "97"), ""),
    (SELL, "99", "99.5", ("100", "101", "97", "99"), ""),  # nobody knows what came afterwards
    (SELL, "96", "95", ("100", "101", "97", "97"), ""),
    (BUY, "101", "101.1", ("100", "102", "99", "99"), "101.1"),
    (BUY, "101", "102", ("103", "104", "102", "104"), "102"),
])  # fmt: skip
def test_stop_limits_trigger_and_never_pass_their_limit(
    side: Any, stop: str, limit: str, bar: tuple[str, ...], expected: str
) -> None:
    order = an_order(1, side, STOP_LIMIT, stop=stop, price=limit)
    assert one(order, *bar, rules=REAL)[0] == expected


def test_a_triggered_stop_limit_is_a_limit_in_the_next_bar() -> None:
    market, order = BarMarket(NO_CAP), an_order(1, SELL, STOP_LIMIT, stop="99", price="99.5")
    assert market.hear(a_bar("100", "101", "98", "98"), [order]) == []
    assert market.state() == (("ORD1",), ())
    (done,) = market.hear(a_bar("98", "99.5", "98", "99", at=1), [order])
    assert text(done.price) == "99.5" and done.why.reason is FillReason.BAR_TOUCHED
    assert market.state() == ((), ())


@pytest.mark.parametrize(("side", "level", "bar", "expected"), [
    (SELL, "101", ("100", "102", "99", "100"), "100.9495"),  # 5 bps worse
    (SELL, "101", ("101.5", "102", "99", "100"), "101.44925"),
    (SELL, "103", ("100", "102", "99", "100"), ""),
    (BUY, "99", ("100", "102", "98", "100"), "99.0495"),
    (BUY, "99", ("98.5", "98.51", "98", "98.5"), "98.51"),
])  # fmt: skip
def test_orders_at_a_touched_level(
    side: Any, level: str, bar: tuple[str, ...], expected: str
) -> None:
    found = one(an_order(1, side, TOUCHED, stop=level), *bar, rules=REAL)
    assert found == ((expected, "taker", "target_triggered") if expected else ("", "", ""))


@pytest.mark.parametrize(("how", "expected"), [
    ({"trail": "2"}, [[], [], ["101"]]),  # 98, then 99, then 101
    ({"trail_bps": "200"}, [[], [], ["100.94"]]),
    ({"trail": "2", "stop": "99.6"}, [["99.6"], [], []]),
])  # fmt: skip
def test_a_trailing_sell_follows_the_highs_of_the_bars_before(
    how: dict[str, str], expected: list[list[str]]
) -> None:
    market, order = BarMarket(NO_CAP), an_order(1, SELL, TRAILING, **how)
    bars = (("100", "101", "99.5", "101"), ("101", "103", "100", "103"),
            ("103", "110", "100", "101"))  # fmt: skip
    found = [
        prices(market.hear(a_bar(*bar, at=at), [order] if order.leaves else []))
        for at, bar in enumerate(bars)
    ]
    assert found == expected
    assert market.state() == ((), ())


def test_a_trailing_stop_never_goes_back() -> None:
    market, sell = BarMarket(NO_CAP), an_order(1, SELL, TRAILING, trail="2")
    buy = an_order(2, BUY, TRAILING, trail="2", stop="103")
    for at, bar in enumerate((("100", "101", "100", "101"), ("100", "100.5", "100", "100"))):
        assert market.hear(a_bar(*bar, at=at), [sell, buy]) == []
    assert market.state() == ((), (("ORD1", 99 * SCALE), ("ORD2", 102 * SCALE)))
    market.hear(a_bar("101", "101.9", "101", "101", at=2), [sell, buy])
    assert market.state()[1] == (("ORD1", 999 * SCALE // 10), ("ORD2", 102 * SCALE))


def test_a_trailing_buy_follows_the_lows() -> None:
    market, order = BarMarket(NO_CAP), an_order(1, BUY, TRAILING, trail="2")
    assert market.hear(a_bar("100", "101", "95", "96"), [order]) == []
    assert market.state() == ((), (("ORD1", 97 * SCALE),))
    assert prices(market.hear(a_bar("96", "98", "96", "98"), [order])) == ["97"]


TIES = [  # rule, up bar?, a long position's exit, a short one's
    (SameBar.STOP_FIRST, True, "95", "105"), (SameBar.STOP_FIRST, False, "95", "105"),
    (SameBar.TARGET_FIRST, True, "105", "95"), (SameBar.TARGET_FIRST, False, "105", "95"),
    (SameBar.HIGH_LOW_ORDER, True, "95", "95"), (SameBar.HIGH_LOW_ORDER, False, "105", "105"),
    (SameBar.WORST_CASE, True, "95", "105"), (SameBar.WORST_CASE, False, "95", "105"),
]


@pytest.mark.parametrize(("rule", "up", "long", "short"), TIES)
@pytest.mark.parametrize("stop_is_older", [True, False])
def test_stop_and_target_in_one_bar(
    rule: SameBar, up: bool, long: str, short: str, stop_is_older: bool
) -> None:
    bar = a_bar("100", "106", "94", "101" if up else "99")
    ages = (1, 2) if stop_is_older else (2, 1)
    for side, stop, target, expected in ((SELL, "95", "105", long), (BUY, "105", "95", short)):
        pair = [
            an_order(ages[0], side, STOP, stop=stop, one_cancels_other="exit"),
            an_order(ages[1], side, LIMIT, price=target, one_cancels_other="exit"),
        ]
        done = BarMarket(BarRules(same_bar=rule, volume_cap_bps=None)).hear(bar, pair)
        assert prices(done) == [expected]


def test_what_the_open_decides_is_decided_except_in_the_worst_case() -> None:
    def run(rule: SameBar) -> list[str]:
        pair = [
            an_order(1, SELL, STOP, stop="95", one_cancels_other="exit"),
            an_order(2, SELL, LIMIT, price="105", one_cancels_other="exit"),
        ]
        return prices(BarMarket(BarRules(same_bar=rule)).hear(
            a_bar("106", "107", "94", "95"), pair))  # fmt: skip

    assert run(SameBar.STOP_FIRST) == ["106"] and run(SameBar.WORST_CASE) == ["95"]


def test_a_bar_that_closes_where_it_opened_went_to_its_high_first() -> None:
    pair = [
        an_order(1, SELL, STOP, stop="95", one_cancels_other="exit"),
        an_order(2, SELL, LIMIT, price="105", one_cancels_other="exit"),
    ]
    market = BarMarket(BarRules(same_bar=SameBar.HIGH_LOW_ORDER))
    assert prices(market.hear(a_bar("100", "106", "94", "100"), pair)) == ["105"]


def test_a_stop_at_the_open_trades_before_what_comes_later() -> None:
    orders = [an_order(1, SELL, LIMIT, price="101"), an_order(2, SELL, STOP, stop="100")]
    done = BarMarket(NO_CAP).hear(a_bar("100", "101", "99", "100"), orders)
    assert [execution.order.number for execution in done] == [2, 1]


def test_two_of_a_kind_in_a_group_and_groups_apart() -> None:
    orders = [
        an_order(1, SELL, LIMIT, price="101", one_cancels_other="a"),
        an_order(2, SELL, LIMIT, price="102", one_cancels_other="a"),
        an_order(3, SELL, LIMIT, price="101", one_cancels_other="b"),
    ]
    done = BarMarket(NO_CAP).hear(a_bar("100", "103", "99", "100"), orders)
    assert [execution.order.number for execution in done] == [1, 3]


def test_all_orders_of_a_bar_share_a_part_of_its_volume() -> None:
    market = BarMarket()
    orders = [
        an_order(2, BUY, LIMIT, "30", price="99"), an_order(1, BUY, LIMIT, "10", price="99"),
        an_order(3, BUY, MARKET, "20"), an_order(4, SELL, LIMIT, "5", price="101"),
    ]
    done = market.hear(a_bar("100", "101", "99", "100", "1000"), orders)
    assert [(e.order.number, text(e.qty)) for e in done] == [(3, "20"), (1, "10"), (2, "20")]
    assert [text(order.leaves) for order in orders] == ["10", "0", "0", "5"]
    assert "; 20 of the 50 that we may have, 0 left" in done[-1].why.evidence
    assert market.hear(a_bar("100", "101", "99", "100", "0", at=1), orders) == []


def test_what_is_left_of_a_triggered_stop_trades_at_the_next_open() -> None:
    market = BarMarket(BarRules(REAL))
    stop = an_order(1, SELL, STOP, "60", stop="99")
    touched = an_order(2, SELL, TOUCHED, stop="100.5")
    market.hear(a_bar("100", "101", "98", "98"), [stop, touched])
    assert text(stop.leaves) == "10" and market.state()[0] == ("ORD1", "ORD2")
    done = market.hear(a_bar("90", "91", "89", "90", at=1), [stop, touched])
    assert prices(done) == ["89.82", "89.955"]


def test_others_and_finished_orders_do_not_trade() -> None:
    order = an_order(1, BUY, MARKET)
    other = WorkingOrder(OrderRequest("C", "ETHUSDT", BUY, SCALE, MARKET), "ORD2", 2)
    market = BarMarket(NO_CAP)
    bar = a_bar("100", "101", "99", "100")
    assert len(market.hear(bar, [order, other])) == 1
    assert market.hear(bar, [order, other]) == []


def test_every_fill_says_why() -> None:
    order = an_order(1, BUY, LIMIT, price="99.5")
    (done,) = BarMarket(NO_CAP).hear(a_bar("100", "101", "99", "100.5"), [order])
    assert done.why.sentence() == (
        "bar_touched: bar 100 101 99 100.5 of 1000; limit 99.5 reached, the bar went to 99"
    )


def test_the_rules_describe_themselves() -> None:
    told = BarMarket(BarRules(REAL, SameBar.TARGET_FIRST)).describe()
    assert told["same_bar"] == "target_first" and told["volume_cap_bps"] == 500
    assert told["stop"] == {"slippage": "fixed_bps", "bps": "20", "tick": "0"}
    assert told["tick"] == "0.01" and BarMarket().describe()["entry"] is None


@pytest.mark.parametrize(("order", "what"), [
    (an_order(1, SELL, LIMIT), "order ORD1 has no limit; give a limit one"),
    (an_order(1, SELL, STOP), "order ORD1 is a stop without a stop; give one"),
    (an_order(1, SELL, TRAILING), "order ORD1 has no distance; give trail or trail_bps"),
])  # fmt: skip
def test_orders_that_lack_something(order: WorkingOrder, what: str) -> None:
    with pytest.raises(ContractError, match=what):
        BarMarket().hear(a_bar("100", "101", "99", "100"), [order])


def test_rules_and_bars_that_cannot_be() -> None:
    for cap in (-1, 10_001):
        with pytest.raises(ContractError, match=f"volume_cap_bps {cap} must be 0 to 10000"):
            BarMarket(BarRules(volume_cap_bps=cap))
    for wrong in (BarPrices(tick=-1), BarPrices(verify_ticks=-1)):
        with pytest.raises(ContractError, match="verify_ticks and tick must be 0 or more"):
            BarMarket(BarRules(wrong))
    for shape in ((0, 1, 0, 1), (5, 4, 3, 4), (3, 4, 3, 5), (2, 4, 3, 3), (3, 4, 3, 2)):
        with pytest.raises(ContractError, match="are no bar; low must be above 0"):
            made_bar("X", "s", shape, 1, 0, 1)
    with pytest.raises(ContractError, match="volume -1 must be 0 or more"):
        made_bar("X", "s", (1, 1, 1, 1), to_e9(-1, "volume"), 0, 1)
    for begin, end in ((-1, 1), (1, 1)):
        with pytest.raises(ContractError, match="must end after it begins"):
            made_bar("X", "s", (1, 1, 1, 1), 0, begin, end)


def test_how_late_and_how_long_has_its_bounds() -> None:
    for late in (-1, 10_001):
        with pytest.raises(ContractError, match=f"late_bps {late} must be 0 to 10000"):
            BarRules(late_bps=late).checked()
    for every in (0, -1, 367 * 86_400 * 10**9):
        with pytest.raises(ContractError, match=f"every_ns {every} must be above 0 and at most"):
            BarRules(every_ns=every).checked()
    told = BarRules(every_ns=1_500_000_000, late_bps=7).checked().describe()
    assert (told["every_s"], told["late_bps"]) == ("1.5", 7)
    assert BarRules().describe()["every_s"] is None


def test_a_stop_that_has_triggered_elsewhere_trades_at_the_open_and_trails_no_more() -> None:
    market = BarMarket(BarRules(volume_cap_bps=100))
    order = an_order(1, SELL, TRAILING, "4", trail="2")
    market.trigger(order)
    assert market.has_triggered(order)
    assert prices(market.hear(a_bar("100", "110", "100", "110", "300"), [order])) == ["100"]
    assert market.state() == (("ORD1",), ())
    assert prices(market.hear(a_bar("109", "110", "100", "110", at=1), [order])) == ["109"]


def test_whoever_books_the_fills_says_how_much_an_order_takes() -> None:
    asked: list[tuple[int, int]] = []

    def may(order: WorkingOrder, qty: int) -> int:
        asked.append((order.number, qty // SCALE))
        return qty if order.number == 3 else qty // 2

    orders = [an_order(number, BUY, MARKET, "4") for number in (1, 2, 3, 4)]
    done = BarMarket(BarRules(volume_cap_bps=100)).hear(
        a_bar("100", "101", "99", "100", "700"), orders, may
    )
    assert asked == [(1, 4), (2, 4), (3, 3)]
    assert [(e.order.number, text(e.qty)) for e in done] == [(1, "2"), (2, "2"), (3, "3")]


@pytest.mark.parametrize(("rule", "first", "second", "told"), [
    (SameBar.STOP_FIRST, "95", "105", "stop 95 reached; stop_first over ORD2"),
    (SameBar.WORST_CASE, "95", "105", "stop 95 reached; worst_case over ORD2"),
    (SameBar.TARGET_FIRST, "100", "105",
     "stop 100 behind the open 100; at the open, before ORD2"),
])  # fmt: skip
def test_the_evidence_names_what_decided(
    rule: SameBar, first: str, second: str, told: str
) -> None:
    pair = [
        an_order(1, SELL, STOP, stop=first, one_cancels_other="g"),
        an_order(2, SELL, LIMIT, price=second, one_cancels_other="g"),
    ]
    (done,) = BarMarket(BarRules(same_bar=rule, volume_cap_bps=None)).hear(
        a_bar("100", "106", "94", "99"), pair
    )
    assert done.why.evidence.partition("; ")[2] == told


def test_the_evidence_names_the_older_of_two_of_a_kind() -> None:
    pair = [an_order(n, SELL, LIMIT, price="105", one_cancels_other="g") for n in (1, 2)]
    (done,) = BarMarket(NO_CAP).hear(a_bar("100", "106", "94", "99"), pair)
    assert done.why.evidence.endswith("; older than ORD2")


@pytest.mark.parametrize(("side", "limit", "fills"), [
    (BUY, "101", "101"), (BUY, "100.02", "100.02"), (BUY, "99", "99"), (BUY, "98.9", ""),
    (SELL, "99", "99"), (SELL, "101", "101"), (SELL, "101.1", ""),
])  # fmt: skip
def test_post_only_orders_were_in_the_book_and_fill_at_their_limit(
    side: Any, limit: str, fills: str
) -> None:
    order = an_order(1, side, LIMIT, price=limit, post_only=True)
    found = one(order, "100", "101", "99", "100")
    assert found == ((fills, "maker", "bar_touched") if fills else ("", "", ""))


def test_a_post_only_order_that_the_open_goes_beyond_fills_there_and_so_first() -> None:
    rules = BarRules(BarPrices(verify_ticks=2), volume_cap_bps=None)
    orders = [an_order(1, BUY, LIMIT, price="99.5"), an_order(2, BUY, LIMIT, price="100.02",
                                                             post_only=True)]  # fmt: skip
    done = BarMarket(rules).hear(a_bar("100", "101", "99", "100"), orders)
    assert [execution.order.number for execution in done] == [2, 1]
    orders = [an_order(1, BUY, LIMIT, price="99.5"), an_order(2, BUY, LIMIT, price="100.01",
                                                             post_only=True)]  # fmt: skip
    done = BarMarket(rules).hear(a_bar("100", "101", "99", "100"), orders)
    assert [execution.order.number for execution in done] == [1, 2]
