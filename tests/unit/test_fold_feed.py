"""What the fold makes of a feed that breaks: `tools.live.fold_feed`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import (
    BTC, ETH, T0_NS, PlainExchange, a_fill, a_loop, a_quote, a_quote_event, e9, placed, recorded,
    some_params,
)  # fmt: skip
from tests.unit.json_schema import errors
from tests.unit.test_fold_adoptions import adopted, resting
from tools.live.audit.laws import Violation, check
from tools.live.core.contracts_v1 import (
    BUY, Approved, CancelFailed, CancelOrder, Entry, FeedLost, FeedStale, GapDetected, Input,
    IntentRefused, OrderAccepted, OrderCanceled, OrderUnknown, RefusalReason, ResyncFinished,
    ResyncStarted,
)  # fmt: skip
from tools.live.execution_loop import ExecutionLoop
from tools.live.fold import Fold
from tools.live.journal.state_view import readable, state_view
from tools.live.reports.report import RunFacts, build_report
from tools.live.reports.schema import SCHEMAS
from tools.live.reports.snapshot import state_sha256

NS = T0_NS + 10
GAP = GapDetected(BTC, "binance-spot", 101, 104, NS)
STARTED = ResyncStarted(BTC, "binance-spot", "crossed_book", NS)
LOST = FeedLost(BTC, "binance-spot", "closed by the peer", NS)
STALE = FeedStale(BTC, "binance-spot", 5_000_000_001, NS)
BACK = ResyncFinished(BTC, "binance-spot", 200, NS)
# Each fact that takes a market away, the reason that stays, and its count.
AWAY: tuple[tuple[Input, str, str], ...] = (
    (GAP, "gap", "gaps"),
    (STARTED, "crossed_book", "resyncs_started"),
    (LOST, "lost", "losses"),
    (STALE, "silent", "silences"),
)
NAMES = [event.kind for event, _, _ in AWAY]


def reasons(outputs: Any) -> list[RefusalReason]:
    return [one.reason for one in outputs if isinstance(one, IntentRefused)]


@pytest.mark.parametrize(("fact", "why", "count"), AWAY, ids=NAMES)
def test_what_rests_there_is_canceled_and_nothing_more_leaves(
    fact: Input, why: str, count: str
) -> None:
    fold = resting()
    fold.step(a_quote_event(2_999, 3_001, ETH))
    canceled = fold.step(fact)
    assert [type(one) for one in canceled] == [CancelOrder, CancelOrder]
    assert [one.order_id for one in canceled if isinstance(one, CancelOrder)] == ["X1", "X2"]
    assert fold.monitor.exposures[BTC].stale == why
    assert fold.connectivity.counts()[count] == 1
    assert reasons(fold.step(a_quote_event())) == [RefusalReason.STALE_MARKET] * 2
    assert len(placed(fold.step(a_quote_event(2_999, 3_001, ETH)))) == 2
    assert fold.stats["risk_blocks"] == 2


def test_the_first_reason_stays_and_cancels_are_sent_once() -> None:
    fold = resting()
    assert len(fold.step(GAP)) == 2
    assert [fold.step(fact) for fact in (STARTED, LOST, STALE, GAP)] == [(), (), (), ()]
    assert fold.monitor.exposures[BTC].stale == "gap"
    assert fold.connectivity.counts() == {
        "gaps": 2, "missing_updates": 8, "resyncs_started": 1, "resyncs_finished": 0,
        "losses": 1, "silences": 1,
    }  # fmt: skip


def test_a_resync_for_no_stated_reason_is_one() -> None:
    fold = resting()
    fold.step(ResyncStarted(BTC, "binance-spot", "", NS))
    assert fold.monitor.exposures[BTC].stale == "resync"


def test_one_missing_update_is_one() -> None:
    fold = resting()
    fold.step(GapDetected(BTC, "binance-spot", 7, 7, NS))
    assert fold.connectivity.missing == 1


def test_orders_leave_again_at_the_first_quote_behind_a_resync() -> None:
    fold = resting()
    fold.step(GAP)
    for order_id in ("X1", "X2"):
        fold.step(OrderCanceled(order_id, NS))
    assert fold.step(BACK) == ()
    assert not fold.monitor.exposures[BTC].plain
    assert fold.connectivity.resyncs_finished == 1
    assert len(placed(fold.step(a_quote_event()))) == 2
    assert fold.monitor.exposures[BTC].plain


def test_a_quote_alone_does_not_bring_a_market_back() -> None:
    fold = resting()
    fold.step(STALE)
    for _ in range(3):
        assert reasons(fold.step(a_quote_event())) == [RefusalReason.STALE_MARKET] * 2
    assert not fold.monitor.exposures[BTC].plain


def test_a_reducing_order_does_not_leave_either() -> None:
    fold = resting()
    fold.step(a_fill("X1", "F1"))
    fold.step(GAP)
    assert fold.monitor.why_refused(BTC, "sell", 0.01, 50_000) is RefusalReason.STALE_MARKET


def test_a_market_may_be_lost_before_it_was_ever_quoted() -> None:
    fold = resting()
    assert fold.step(FeedLost("SOLUSDT", "bybit-spot", "refused", NS)) == []
    assert reasons(fold.step(a_quote_event(99, 101, "SOLUSDT"))) == [
        RefusalReason.STALE_MARKET
    ] * 2  # fmt: skip


def test_the_end_of_a_resync_that_nobody_began_is_counted_and_allows_nothing_new() -> None:
    fold = resting()
    assert fold.step(BACK) == ()
    assert fold.connectivity.counts()["resyncs_finished"] == 1
    assert fold.monitor.exposures[BTC].stale == ""


def test_an_order_in_doubt_is_given_up_and_not_sent_again() -> None:
    """It is marked, so its acknowledgement leads to a cancel."""
    fold = resting()
    fold.step(OrderCanceled("X1", NS))
    fold.step(OrderCanceled("X2", NS))
    assert len(placed(fold.step(a_quote_event()))) == 2
    fold.step(OrderUnknown("CLI00000003", "timed out", NS))
    assert fold.step(GAP) == []
    assert fold.unresolved.keys() == {"CLI00000003", "CLI00000004"}
    answer = fold.step(OrderAccepted("CLI00000003", "X3", NS + 1))
    assert [type(one) for one in answer] == [CancelOrder]


def test_a_cancel_that_is_not_confirmed_stays_unresolved() -> None:
    fold = resting()
    fold.step(GAP)
    fold.step(CancelFailed("X1", "the exchange said no", NS))
    assert fold.unresolved == {"X1": "the exchange said no"}


def test_what_is_adopted_meanwhile_is_canceled() -> None:
    fold = resting()
    fold.step(GAP)
    canceled = fold.step(adopted())
    assert [one.order_id for one in canceled if isinstance(one, CancelOrder)] == ["H1"]


def test_a_new_fold_has_heard_nothing() -> None:
    fold = resting()
    fold.step(GAP)
    fold.clear()
    assert not fold.connectivity.any


def test_the_state_names_what_was_heard_and_what_is_stale() -> None:
    states = []
    for events in ((), (GAP,), (STARTED,), (GAP, BACK), (GAP, GAP)):
        fold = resting()
        for event in events:
            fold.step(event)
        states.append(state_sha256(fold, 1, T0_NS))
    assert len(set(states)) == len(states)


# In a loop, with its report and its laws.


def a_broken_run() -> ExecutionLoop:
    loop = a_loop(PlainExchange())
    loop.on_quote(a_quote(), some_params())
    now_ns = loop.event_clock.ns
    loop.take(GapDetected(BTC, "binance-spot", 101, 104, now_ns))
    loop.take(ResyncStarted(BTC, "binance-spot", "gap", now_ns))
    return loop


def violations(loop: ExecutionLoop, entries: list[Entry] | None) -> list[Violation]:
    fold = loop.fold
    return check(
        store=fold.store, monitor=fold.monitor, stats=fold.stats, unresolved=fold.unresolved,
        refused_fills=fold.refused_fills, duplicate_fills=fold.duplicate_fills,
        exchange_moved={}, held_before={}, entries=entries, feed=fold.connectivity,
    )  # fmt: skip


def report_of(loop: ExecutionLoop) -> dict[str, Any]:
    params = {"iterations": 30, "symbols": [BTC]}
    return build_report(RunFacts(loop.fold, loop.line, loop.seq, params, "scripted", 0, 0, {}, {}))


def test_the_loop_cancels_and_the_report_says_why() -> None:
    loop = a_broken_run()
    exchange = loop.exchange
    assert isinstance(exchange, PlainExchange)
    assert exchange.canceled == ["X1", "X2"]
    report = report_of(loop)
    assert report["feed"] == {
        "gaps": 1, "missing_updates": 4, "resyncs_started": 1, "resyncs_finished": 0,
        "losses": 0, "silences": 0, "stale": {BTC: "gap"},
    }  # fmt: skip
    schema = {**SCHEMAS["report"]["properties"]["feed"]}
    assert errors(report["feed"], schema) == []
    assert "feed" not in report_of(a_loop(PlainExchange()))


def test_people_read_it_in_the_state() -> None:
    loop = a_broken_run()
    view = state_view(loop.fold)
    assert view["feed"]["stale"] == {BTC: "gap"}
    assert view["feed"]["missing_updates"] == 4
    assert "stale" in readable(view)
    loop.take(ResyncFinished(BTC, "binance-spot", 1, loop.event_clock.ns))
    assert state_view(loop.fold)["feed"]["stale"] == {}
    assert "feed" not in state_view(a_loop(PlainExchange()).fold)


def test_the_books_of_a_broken_feed_add_up() -> None:
    loop = a_broken_run()
    assert violations(loop, recorded(loop)) == []


@pytest.mark.parametrize(
    "name", ["gaps", "resyncs_started", "resyncs_finished", "losses", "silences"]
)
def test_every_count_is_held_against_the_events(name: str) -> None:
    loop = a_broken_run()
    setattr(loop.fold.connectivity, name, 5)
    found = violations(loop, recorded(loop))
    assert [one.law for one in found] == ["counters_are_events"]
    assert found[0].detail.startswith(f"{name} 5, events ")
    assert violations(loop, None) == []


def test_an_order_that_rests_on_a_stale_market_breaks_a_law() -> None:
    loop = a_loop(PlainExchange())
    loop.on_quote(a_quote(), some_params())
    loop.risk_monitor.exposures[BTC].lose("gap")
    found = violations(loop, None)
    assert {one.law for one in found} == {"frozen_is_quiet"}
    assert [one.detail for one in found] == [
        "CLI00000001 is still open", "CLI00000002 is still open",
    ]  # fmt: skip
    loop.fold.unresolved["X1"] = loop.fold.unresolved["X2"] = "the exchange said no"
    assert violations(loop, None) == []


def test_an_order_elsewhere_may_rest() -> None:
    loop = a_loop(PlainExchange())
    loop.on_quote(a_quote(), some_params((BTC, ETH)))
    loop.risk_monitor.exposure_of(ETH).lose("gap")
    assert violations(loop, None) == []


def test_an_order_that_was_sent_behind_a_gap_breaks_a_law() -> None:
    loop = a_broken_run()
    entries = recorded(loop)
    sent = Approved("CLI00000009", BTC, BUY, e9(0.01), e9(1), NS)
    other = Approved("CLI00000010", ETH, BUY, e9(0.01), e9(1), NS)
    planted = [*entries, Entry(90, "loop", 1, 1, sent), Entry(91, "loop", 1, 1, other)]
    found = violations(loop, planted)
    assert [(one.law, one.detail) for one in found] == [
        ("frozen_is_quiet", "at seq 90: CLI00000009 sent behind md.gap_detected")
    ]
    back = Entry(89, "feed", 1, 0, ResyncFinished(BTC, "binance-spot", 1, NS))
    loop.fold.connectivity.resyncs_finished = 1
    assert violations(loop, [*entries, back, Entry(90, "loop", 1, 1, sent)]) == []


def test_a_fold_of_a_broken_feed_is_no_other_kind_of_fold() -> None:
    assert isinstance(resting(), Fold)
