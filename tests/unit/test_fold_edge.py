"""A fold with a watched edge: what it says, when it freezes, and what has no power meanwhile."""

from __future__ import annotations

from tests.unit.builders import BTC, ETH, T0_NS, a_fill, a_monitor, a_quote_event, e9, placed
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import (
    BUY, SELL, Approved, EdgeJudged, EdgeUpdate, EdgeVerdict, FeedLost, FeedStale, FreezeOrdered,
    Frozen, ListOpenOrders, OrderAccepted, OrderRejected, Output, ParamsSet, ResyncFinished,
    ResyncStarted, UnfreezeOrdered,
)  # fmt: skip
from tools.live.core.money import SCALE
from tools.live.fold import Fold
from tools.live.fold_edge import new_watch, why_frozen
from tools.live.order_store import InMemoryOrderStore
from tools.live.portfolio.edge_counterfactual import WouldBe
from tools.live.portfolio.edge_markouts import Markouts
from tools.live.portfolio.edge_watch import EdgeWatch
from tools.live.risk_monitor import RuntimeRiskMonitor

ROUND_NS = 10 * NS_PER_S


def a_watched_fold(monitor: RuntimeRiskMonitor | None = None) -> Fold:
    """A fold that answers quotes with 0.01 on each side at the middle, and watches its edge."""
    made = Fold(
        InMemoryOrderStore(), a_monitor(10**6, 10**7) if monitor is None else monitor,
        markouts=True,
    )  # fmt: skip
    made.step(ParamsSet(e9(0.01), 0, T0_NS))
    return made


def watch_of(fold: Fold) -> EdgeWatch:
    assert fold.watch is not None
    return fold.watch


def would_be_of(fold: Fold, symbol: str = BTC) -> WouldBe:
    one = watch_of(fold).symbols[symbol].would_be
    assert one is not None
    return one


def markouts_of(fold: Fold) -> Markouts:
    return watch_of(fold).symbols[BTC].markouts


def bought_before_the_fall(fold: Fold, rounds: int, start: int = 0) -> list[Output]:
    """Buy at 99 on a middle of 100 that is 90 a second later; what the last quote was answered."""
    last: list[Output] = []
    for number in range(start, start + rounds):
        ts_ns = T0_NS + number * ROUND_NS
        for order in placed(fold.step(a_quote_event(100, 100, ts_ns=ts_ns))):
            if order.side is SELL:
                fold.step(OrderRejected(order.client_order_id, "not this side", ts_ns))
                continue
            fold.step(OrderAccepted(order.client_order_id, f"B{number}", ts_ns))
            fold.step(a_fill(f"B{number}", f"F{number}", BUY, price=99, ts_ns=ts_ns))
        for later in (ts_ns + NS_PER_S, ts_ns + NS_PER_S + 1):
            last = list(fold.step(a_quote_event(90, 90, ts_ns=later)))
            for order in placed(last):
                fold.step(OrderRejected(order.client_order_id, "not now", later))
    return last


def test_what_is_judged_is_said_before_the_orders_that_follow() -> None:
    fold = a_watched_fold(a_monitor(10**6, 10**7, threshold=-1000))
    last = bought_before_the_fall(fold, 20)
    assert [type(output) for output in last] == [EdgeJudged, Approved, Approved]
    judged = last[0]
    assert isinstance(judged, EdgeJudged)
    assert (judged.verdict, judged.samples, judged.net_bps) == (EdgeVerdict.KEPT, 20, e9(-900))
    assert fold.edge_bps == {BTC: e9(-900)}
    assert not fold.monitor.frozen


def test_an_edge_that_is_gone_freezes_with_the_twentieth_sample() -> None:
    fold = a_watched_fold()
    assert [type(output) for output in bought_before_the_fall(fold, 19)] == [Approved, Approved]
    last = bought_before_the_fall(fold, 1, 19)
    assert [type(output) for output in last] == [EdgeJudged, Frozen, ListOpenOrders]
    reason = "Edge degradation: at most -900.00 BPS < 1.50 BPS (-900.00 over 20 samples)"
    cause = fold.monitor.first_freeze
    assert cause is not None
    assert (cause.reason, cause.symbol) == (reason, BTC)
    assert cause.ts_ns == T0_NS + 19 * ROUND_NS + NS_PER_S + 1
    assert last[1] == Frozen(reason, BTC, cause.ts_ns)


def test_the_reason_rounds_for_people() -> None:
    judged = EdgeJudged(BTC, 1000, 31, e9("0.804"), e9("1.126"), e9("1.5"), EdgeVerdict.FREEZE, 7)
    expected = "Edge degradation: at most 1.13 BPS < 1.50 BPS (0.80 over 31 samples)"
    assert why_frozen(judged) == expected


def test_while_frozen_the_strategy_is_asked_without_any_power() -> None:
    fold = a_watched_fold()
    bought_before_the_fall(fold, 20)
    orders, blocks = len(fold.store.get_all()), fold.monitor.blocks_total
    next_id, stats = fold.store.next_id, dict(fold.stats)
    ts_ns = T0_NS + 20 * ROUND_NS
    for place, (bid, ask) in enumerate([(90, 90), (88, 89), (91, 92)]):
        assert list(fold.step(a_quote_event(bid, ask, ts_ns=ts_ns + place * NS_PER_S))) == []
    assert (len(fold.store.get_all()), fold.monitor.blocks_total) == (orders, blocks)
    assert (fold.store.next_id, fold.stats) == (next_id, stats)
    would_be = would_be_of(fold)
    # The freeze's own quote of 90, then 90: both sides fill. On 88 to 89 the buy at 90 does, and
    # on 91 to 92 the sell at 88.5.
    assert would_be.markouts.fills == 4
    assert would_be.volume == e9(0.01) * e9(90 + 90 + 90 + 88.5)
    assert (would_be.qty, would_be.pnl_e18) == (0, -e9(0.01) * e9(1.5))


def test_the_would_be_answers_as_the_strategy_and_pays_the_makers_fee() -> None:
    fold = a_watched_fold(a_monitor(10**6, 10**7, maker_bps=1))
    fold.step(FreezeOrdered("halt", None, "ada", T0_NS))
    fold.step(a_quote_event(100, 102))
    price = e9(101)
    fee = e9(0.01) * price // 10_000
    assert would_be_of(fold).standing == (
        (BUY, e9(0.01), price, fee), (SELL, e9(0.01), price, fee),
    )  # fmt: skip


def test_between_two_seconds_the_would_be_is_not_asked() -> None:
    fold = a_watched_fold()
    fold.step(FreezeOrdered("halt", None, "ada", T0_NS))
    fold.step(a_quote_event(100, 102))
    before = would_be_of(fold).standing
    fold.step(a_quote_event(100, 103, ts_ns=T0_NS + NS_PER_S - 1))
    assert would_be_of(fold).standing == before
    fold.step(a_quote_event(100, 103, ts_ns=T0_NS + NS_PER_S))
    assert [price for _, _, price, _ in would_be_of(fold).standing] == [e9(101.5)] * 2


def test_the_would_be_keeps_to_the_limit_beside_what_is_held() -> None:
    fold = a_watched_fold(a_monitor(1.5, 10**7))
    fold.monitor.on_fill(BTC, "Buy", 0.01, 100)
    fold.step(FreezeOrdered("halt", None, "ada", T0_NS))
    fold.step(a_quote_event(100, 100))
    assert [side for side, *_ in would_be_of(fold).standing] == [SELL]


def test_on_a_crossed_market_nothing_would_be_quoted() -> None:
    fold = a_watched_fold()
    fold.step(FreezeOrdered("halt", None, "ada", T0_NS))
    fold.step(a_quote_event(101, 100))
    assert would_be_of(fold).standing == ()


def test_without_a_strategy_there_is_no_would_be() -> None:
    fold = Fold(InMemoryOrderStore(), a_monitor(), markouts=True)
    fold.step(FreezeOrdered("halt", None, "ada", T0_NS))
    fold.step(a_quote_event())
    assert watch_of(fold).symbols[BTC].would_be is None


def test_where_trading_is_not_frozen_there_is_no_would_be() -> None:
    fold = a_watched_fold()
    fold.step(a_quote_event())
    assert watch_of(fold).symbols[BTC].would_be is None


def test_an_unfreeze_ends_the_would_be_and_the_evidence() -> None:
    fold = a_watched_fold()
    bought_before_the_fall(fold, 20)
    fold.step(a_quote_event(80, 80, ts_ns=T0_NS + 20 * ROUND_NS))
    ts_ns = T0_NS + 21 * ROUND_NS
    fold.step(UnfreezeOrdered("fixed", "ada", ts_ns))
    would_be = would_be_of(fold)
    assert (would_be.qty, would_be.standing) == (0, ())
    assert would_be.pnl_e18 == -e9(0.01) * e9(10)
    decision = watch_of(fold).symbols[BTC].decision
    assert (decision.since_ns, decision.fired, decision.armed) == (ts_ns, False, False)
    assert len(placed(fold.step(a_quote_event(80, 80, ts_ns=ts_ns)))) == 2


def test_fills_are_measured_with_their_fees() -> None:
    fold = a_watched_fold(a_monitor(10**6, 10**7, maker_bps=2))
    bought_before_the_fall(fold, 1)
    last = markouts_of(fold).horizons[1]
    assert (last.fills, last.fee) == (1, e9(0.01) * e9(99) * 2 // 10_000)


def test_a_market_that_is_not_to_be_used_measures_nothing() -> None:
    fold = a_watched_fold()
    bought_before_the_fall(fold, 1)
    later = T0_NS + 2 * NS_PER_S
    fold.step(FeedStale(BTC, "a feed", 10**9, later))
    fold.step(a_quote_event(70, 70, ts_ns=later + NS_PER_S))
    fold.step(FeedLost(BTC, "a feed", "gone", later + 30 * NS_PER_S))
    fold.step(a_quote_event(71, 71, ts_ns=later + 40 * NS_PER_S))
    last = markouts_of(fold).horizons[2]
    assert (markouts_of(fold).mid, last.unmeasured) == (0, 0)
    fold.step(ResyncFinished(BTC, "a feed", 7, later + 50 * NS_PER_S))
    assert markouts_of(fold).mid == 0
    fold.step(a_quote_event(95, 95, ts_ns=later + 51 * NS_PER_S))
    assert markouts_of(fold).mid == e9(95)
    assert [one.fills for one in markouts_of(fold).horizons] == [1, 1, 0]
    assert [one.unmeasured for one in markouts_of(fold).horizons] == [0, 0, 1]


def test_on_a_market_that_is_not_to_be_used_nothing_would_be_quoted() -> None:
    fold = a_watched_fold()
    fold.step(FreezeOrdered("halt", None, "ada", T0_NS))
    fold.step(a_quote_event(100, 102))
    fold.step(ResyncStarted(BTC, "a feed", "gap", T0_NS + 1))
    fold.step(a_quote_event(90, 91, ts_ns=T0_NS + 5 * NS_PER_S))
    assert (would_be_of(fold).standing, would_be_of(fold).qty) == ((), 0)


def test_a_feed_that_breaks_before_anything_was_quoted_is_watched() -> None:
    fold = a_watched_fold()
    fold.step(FeedLost(BTC, "a feed", "gone", T0_NS))
    fold.step(a_quote_event(ts_ns=T0_NS + 1))
    assert markouts_of(fold).mid == 0
    Fold(InMemoryOrderStore(), a_monitor()).step(FeedLost(BTC, "a feed", "gone", T0_NS))


def test_an_edge_that_somebody_tells_is_judged_as_ever() -> None:
    fold = a_watched_fold()
    assert fold.step(EdgeUpdate(BTC, e9(1.5), T0_NS)) == ()
    assert isinstance(fold.step(EdgeUpdate(ETH, e9(1.4), T0_NS))[0], Frozen)
    assert fold.edge_bps == {BTC: e9(1.5), ETH: e9(1.4)}


def test_a_cleared_fold_begins_its_watch_anew() -> None:
    fold = a_watched_fold()
    bought_before_the_fall(fold, 2)
    fold.clear()
    assert watch_of(fold).symbols == {}
    assert new_watch().symbols == {}


def test_the_old_measurement_is_not_watched() -> None:
    fold = Fold(InMemoryOrderStore(), a_monitor(), measure_edge=True)
    fold.step(a_quote_event(1, 2))
    assert fold.watch is None
    assert fold.edge._mids == {BTC: 3 * SCALE // 2}
