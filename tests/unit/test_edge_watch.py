"""The watch over all symbols, and its state as plain data: a watch put away is the same watch."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.unit import prop
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import BUY, SELL, EdgeJudged, EdgeVerdict
from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE
from tools.live.fold_state.edge_watch import read_watch, tell_watch
from tools.live.portfolio.edge_counterfactual import WouldBe
from tools.live.portfolio.edge_decision import Decision, Evidence, Policy
from tools.live.portfolio.edge_markouts import Horizon, Markouts
from tools.live.portfolio.edge_watch import EdgeWatch, Watched

UNLIMITED = 10**40


def quote(
    watch: EdgeWatch, mid: int, ts_ns: int, symbol: str = "A", threshold: int = 0
) -> EdgeJudged | None:
    bid, ask = (mid - 1) * SCALE, (mid + 1) * SCALE
    return watch.on_quote(symbol, bid, ask, ts_ns, threshold * SCALE)


def losing(watch: EdgeWatch, rounds: int, start_ns: int = 0) -> list[EdgeJudged]:
    """Buy one at 99 on a middle of 100 that is 90 a second later, so many times; what was said.

    Capture is 1, adverse selection 10, of 100: a net edge of minus 900 basis points.
    """
    judged = []
    for number in range(rounds):
        ts_ns = start_ns + 3 * number * NS_PER_S
        judged += [quote(watch, 100, ts_ns)]
        watch.on_fill("A", BUY, SCALE, 99 * SCALE, 0, ts_ns)
        judged += [quote(watch, 90, ts_ns + NS_PER_S), quote(watch, 90, ts_ns + NS_PER_S + 1)]
    return [one for one in judged if one is not None]


def test_it_judges_by_the_markouts_of_a_second() -> None:
    assert losing(EdgeWatch(), 19) == []
    (judged,) = losing(EdgeWatch(), 20)
    gone, verdict = -900 * SCALE, EdgeVerdict.FREEZE
    ts_ns = 58 * NS_PER_S + 1
    assert judged == EdgeJudged("A", 1000, 20, gone, gone, 0, verdict, ts_ns)


def test_symbols_do_not_touch_each_other() -> None:
    watch = EdgeWatch(Policy(least=2))
    for number in range(4):
        watch.on_fill("B", SELL, SCALE, SCALE, 0, number)
    judged = losing(watch, 2)
    assert [one.symbol for one in judged] == ["A"]
    assert quote(watch, 50, 10**12, "B") is None
    assert watch.symbols["B"].markouts.fills == 4
    assert [one.unmeasured for one in watch.symbols["B"].markouts.horizons] == [4] * 3


def test_an_unusable_market_measures_nothing_and_lets_nothing_stand() -> None:
    watch = EdgeWatch()
    quote(watch, 100, 0)
    watch.on_fill("A", BUY, SCALE, SCALE, 0, 0)
    would_quote(watch)
    watch.on_unusable("A", 1)
    watch.on_unusable("B", 1)
    quote(watch, 100, 20 * NS_PER_S)
    one = watch.symbols["A"]
    assert [horizon.unmeasured for horizon in one.markouts.horizons] == [1] * 3
    assert one.would_be is not None
    assert one.would_be.standing == ()
    assert watch.symbols["B"].would_be is None


def would_quote(watch: EdgeWatch, symbol: str = "A", ts_ns: int = 0) -> None:
    intents = [(BUY, SCALE, 98 * SCALE), (SELL, SCALE, 102 * SCALE)]
    would_be = watch.would_be(symbol)
    if would_be.is_due(ts_ns):
        would_be.would_quote(intents, ts_ns, held=0, limit_e18=UNLIMITED, maker_bps=0)


def test_the_would_be_begins_at_the_middle_of_the_freeze() -> None:
    watch = EdgeWatch()
    quote(watch, 100, 0)
    would_quote(watch)
    would_be = watch.symbols["A"].would_be
    assert would_be is not None
    assert would_be.mark == would_be.markouts.mid == 100 * SCALE
    assert len(would_be.standing) == 2
    quote(watch, 90, 1)
    assert (would_be.qty, would_be.mark) == (SCALE, 90 * SCALE)
    would_quote(watch)
    assert watch.symbols["A"].would_be is would_be


def test_an_unfreeze_ends_the_would_be_and_begins_the_evidence_of_what_froze_anew() -> None:
    watch = EdgeWatch()
    losing(watch, 20)
    quote(watch, 100, 10**12, "B")
    would_quote(watch)
    quote(watch, 80, 10**12)
    watch.on_unfreeze(10**12)
    one = watch.symbols["A"]
    assert one.would_be is not None
    assert (one.would_be.qty, one.would_be.standing, one.would_be.pnl_e18) == (0, (), -18 * 10**18)
    assert (one.decision.armed, len(one.decision.evidence.rows)) == (False, 0)
    assert watch.symbols["B"].decision.armed
    assert losing(watch, 20, 10**12 + NS_PER_S)[0].verdict is EdgeVerdict.COOLING


# The state.


def lived(seed: int, rounds: int = 120) -> EdgeWatch:
    """A watch with everything in it: waiting fills, a freeze, would-be quotes, a cool-down."""
    rng = prop.chance(seed)
    watch = EdgeWatch()
    for _ in step(watch, rng, rounds):
        pass
    return watch


def step(watch: EdgeWatch, rng: Any, rounds: int) -> Any:
    """Let the market of a random run happen; what each of its quotes was answered."""
    ts_ns = 10**9
    for _ in range(rounds):
        symbol = rng.choice("AB")
        ts_ns += rng.choice((0, NS_PER_S // 20, NS_PER_S, 2 * NS_PER_S))
        mid = rng.randint(90, 110)
        match rng.randint(0, 9):
            case 0:
                watch.on_unusable(symbol, ts_ns)
            case 1:
                watch.on_unfreeze(ts_ns)
            case 2 | 3:
                would_quote(watch, symbol, ts_ns)
            case 4 | 5 | 6:
                watch.on_fill(symbol, prop.a_side(rng), SCALE, mid * SCALE, 5, ts_ns)
            case _:
                yield quote(watch, mid, ts_ns, symbol, threshold=500)


@pytest.mark.parametrize("seed", range(15))
def test_a_watch_that_was_put_away_goes_on_as_it_would_have(seed: int) -> None:
    whole = lived(seed, 30 * seed)
    again = read_watch(tell_watch(whole))
    assert tell_watch(again) == tell_watch(whole)
    one = list(step(whole, prop.chance(seed + 100), 300))
    other = list(step(again, prop.chance(seed + 100), 300))
    assert one == other
    assert tell_watch(again) == tell_watch(whole)


def test_the_state_is_complete() -> None:
    """Every attribute is told, follows from what is told, or is how the watch was built."""
    assert vars(EdgeWatch()).keys() == {"policy", "symbols"}
    assert Watched.__slots__ == ("decision", "markouts", "would_be")
    assert Decision.__slots__ == (
        "policy", "evidence", "recent", "fresh", "fired", "armed", "since_ns",
    )  # fmt: skip
    assert Evidence.__slots__ == (
        "window", "group_ns", "rows", "net", "notional", "net_net", "net_of", "of_of",
    )  # fmt: skip
    assert Markouts.__slots__ == ("mid", "fills", "horizons")
    assert Horizon.__slots__ == (
        "horizon_ns", "decision", "waiting", "fills", "unmeasured", "notional", "capture", "fee",
        "adverse",
    )  # fmt: skip
    assert WouldBe.__slots__ == (
        "standing", "asked_ns", "markouts", "mark", "qty", "cash", "fees", "volume",
    )  # fmt: skip


FULL = lived(4, 100)
TOLD = tell_watch(FULL)


def test_the_state_of_these_tests_has_everything_in_it() -> None:
    for one in FULL.symbols.values():
        assert one.decision.evidence.rows
        assert one.markouts.horizons[2].waiting
        assert one.would_be is not None
    assert any(one.would_be and one.would_be.standing for one in FULL.symbols.values())
    assert any(one.would_be and one.would_be.markouts.fills for one in FULL.symbols.values())


Damage = Callable[[Any], object]
DAMAGES: dict[str, tuple[Damage, str]] = {
    "a key more": (lambda a: a.update(more=1), "has 'more'"),
    "a key less": (lambda a: a["decision"].pop("armed"), "decision lacks armed"),
    "no flag": (lambda a: a["decision"].update(fired=1), "fired 1 is not true or false"),
    "a number": (lambda a: a["decision"].update(since_ns=4), "since_ns 4 is not decimal digits"),
    "long ago": (lambda a: a["decision"].update(since_ns="-2"), "since_ns '-2' is not -1 or more"),
    "a sample of nothing": (
        lambda a: a["decision"]["samples"][0].__setitem__(2, "0"), "notional '0' is not 1 or more",
    ),
    "too many samples": (
        lambda a: a["decision"].update(samples=[["1", "1", "1"]] * 201), "201 is not at most 200",
    ),
    "a middle below 0": (lambda a: a["markouts"].update(mid="-1"), "mid '-1' is not 0 or more"),
    "a fill lost": (
        lambda a: a["markouts"].update(fills=a["markouts"]["fills"] + 1),
        "is not those of the horizon",
    ),
    "a horizon less": (lambda a: a["markouts"]["horizons"].pop(), "a list of 3 values"),
    "a would-be fill lost": (
        lambda a: a["would_be"]["markouts"].update(fills=10**6), "fills 1000000 is not those",
    ),
    "no notional": (
        lambda a: a["markouts"]["horizons"][0].update(notional="0"), "notional 0 is not that of",
    ),
    "nothing waits": (
        lambda a: a["markouts"]["horizons"][2]["waiting"][0].__setitem__(1, "0"),
        "is not a quantity at a middle above 0",
    ),
    "waits without a middle": (
        lambda a: a["markouts"]["horizons"][2]["waiting"][0].__setitem__(2, "0"),
        "is not a quantity at a middle above 0",
    ),
    "asked long ago": (
        lambda a: a["would_be"].update(asked_ns="-2"), "asked_ns '-2' is not -1 or more",
    ),
    "no side": (
        lambda a: a["would_be"].update(standing=[["Hold", "1", "1", "0"]]), "side 'Hold' is not",
    ),
    "no quantity": (
        lambda a: a["would_be"].update(standing=[["Buy", "0", "1", "0"]]), "qty '0' is not 1 or",
    ),
    "no price": (
        lambda a: a["would_be"].update(standing=[["Buy", "1", "0", "0"]]), "price '0' is not 1 or",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_state_is_refused(name: str) -> None:
    damage, message = DAMAGES[name]
    told = deepcopy(TOLD)
    damage(told[0][1])
    with pytest.raises(ContractError, match=message):
        read_watch(told)


def test_a_symbol_that_is_there_twice_is_refused() -> None:
    with pytest.raises(ContractError, match="is there twice"):
        read_watch([*TOLD, TOLD[0]])


def test_more_than_can_wait_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = max(
        len(horizon.waiting)
        for one in FULL.symbols.values()
        for markouts in (one.markouts, one.would_be.markouts if one.would_be else one.markouts)
        for horizon in markouts.horizons
    )
    monkeypatch.setattr("tools.live.fold_state.edge_watch.MOST_WAITING", waiting)
    assert tell_watch(read_watch(TOLD)) == TOLD
    monkeypatch.setattr("tools.live.fold_state.edge_watch.MOST_WAITING", waiting - 1)
    with pytest.raises(ContractError, match=f"waiting {waiting} is not at most {waiting - 1}"):
        read_watch(TOLD)


def test_a_full_window_is_read() -> None:
    told = deepcopy(TOLD)
    told[0][1]["decision"]["samples"] = [["1", "-1", "1"]] * 200
    decision = read_watch(told).symbols[told[0][0]].decision
    for evidence, count in ((decision.evidence, 200), (decision.recent, 50)):
        assert (len(evidence.rows), evidence.net, evidence.notional) == (count, -count, count)
