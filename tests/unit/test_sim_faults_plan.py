"""A plan of faults as data: what can be said, what is refused, and that it reads what it says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.live.core.codec import MAX_BYTES
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError
from tools.live.core.money import SCALE
from tools.live.core.rng import stream
from tools.live.sim.faults.plan import (
    LASTING, MARKET, Fault, FaultKind, FaultPlan, checked, plan_of, read_plan,
)  # fmt: skip

SECOND = 10**9
TEXT = """
seed = 7

[[fault]]
kind = "lose_answer"
nth = [1, 4]

[[fault]]
kind = "late_fill"
by_ms = 800
chance = 0.2
from_s = 10
for_s = 30
symbol = "BTCUSDT"
side = "sell"
most = 3
"""


def test_a_plan_is_read_from_toml() -> None:
    plan = read_plan(TEXT)
    assert plan.seed == 7
    assert plan.faults == (
        Fault(FaultKind.LOSE_ANSWER, nth=(1, 4)),
        Fault(
            FaultKind.LATE_FILL, from_ns=10 * SECOND, for_ns=30 * SECOND, symbol="BTCUSDT",
            side=SELL, chance=SCALE // 5, most=3, by_ns=800 * 10**6,
        ),
    )  # fmt: skip


def test_json_is_read_alike() -> None:
    plan = read_plan(TEXT)
    assert read_plan(json.dumps(plan.describe()), toml=False) == plan


def test_nothing_is_a_plan_in_which_nothing_goes_wrong() -> None:
    assert read_plan("") == FaultPlan() == plan_of({})


@pytest.mark.parametrize("seed", range(50))
def test_a_plan_reads_what_it_says(seed: int) -> None:
    plan = _a_plan(seed)
    assert plan_of(plan.describe()) == plan
    assert read_plan(json.dumps(plan.describe()), toml=False) == plan


def test_a_plan_ends_with_its_last_fault() -> None:
    assert FaultPlan().ends_ns == 0
    assert read_plan(TEXT).ends_ns is None  # the first of them has no end
    two = (
        Fault(FaultKind.REJECT, for_ns=5 * SECOND),
        Fault(FaultKind.LATE_FILL, from_ns=SECOND, for_ns=SECOND, by_ns=4 * SECOND),
    )
    assert FaultPlan(two).ends_ns == 6 * SECOND


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("seed = -1", "seed of plan -1 is not a whole number from 0 to 9223372036854775807"),
        ("seed = true", "seed of plan True is not a whole number"),
        ("sead = 1", "key 'sead' of plan is unknown; did you mean 'seed'?"),
        ("zzz = 1", "key 'zzz' of plan is unknown; known are seed, fault"),
        ("fault = 1", "fault of plan is no list of at most 1000 faults; write [[fault]]"),
        ("fault = [1]", "fault 1 of plan is no table; write its keys and values"),
        ("seed =", "plan is not TOML"),
        ("[[fault]]", "kind None of fault 1 of plan is unknown; take one of"),
        ('[[fault]]\nkind = "loose_answer"', "did you mean 'lose_answer'?"),
        ('[[fault]]\nkind = "qqqq"', "take one of not_sent, lose_request"),
        ('[[fault]]\nkind = "reject"\nside = "up"', "side 'up' of fault 1 of plan is neither"),
        ('[[fault]]\nkind = "reject"\nside = 1', "side 1 of fault 1 of plan is neither"),
        ('[[fault]]\nkind = "reject"\nsymbol = ""', "symbol '' of fault 1 of plan is no name"),
        ('[[fault]]\nkind = "reject"\nsymbol = 4', "symbol 4 of fault 1 of plan is no name"),
        ('[[fault]]\nkind = "reject"\nnth = 3', "nth 3 of fault 1 of plan is no list"),
        ('[[fault]]\nkind = "reject"\nnth = [0]', "nth of fault 1 of plan 0 is not a whole"),
        ('[[fault]]\nkind = "reject"\nnth = ["1"]', "nth of fault 1 of plan '1' is not a whole"),
        ('[[fault]]\nkind = "reject"\nchance = 1.5', "chance of fault 1 of plan at 10^9"),
        ('[[fault]]\nkind = "reject"\nchance = true', "chance of fault 1 of plan True is not"),
        ('[[fault]]\nkind = "reject"\nchance = "1"', "chance of fault 1 of plan '1' is not"),
        ('[[fault]]\nkind = "reject"\nchance = -0.5', "chance of fault 1 of plan"),
        ('[[fault]]\nkind = "reject"\nchance = nan', "chance of fault 1 of plan"),
        ('[[fault]]\nkind = "reject"\nmost = 0', "most of fault 1 of plan 0 is not a whole"),
        ('[[fault]]\nkind = "reject"\nfrom_s = 1\nfrom_ms = 1', "has from_s and from_ms"),
        ('[[fault]]\nkind = "reject"\nfrom_s = 0.5', "from_s of fault 1 of plan '0.5'"),
        ('[[fault]]\nkind = "reject"\nfrom_ms = -5', "from of fault 1 of plan in ns"),
        ('[[fault]]\nkind = "reject"\nfor_s = 0', "for of fault 1 of plan in ns 0"),
        ('[[fault]]\nkind = "reject"\nfor_ms = 86400001', "for_ms of fault 1 of plan 86400001"),
        ('[[fault]]\nkind = "reject"\nby_ms = 5', "reject of fault 1 of plan knows no by_ms"),
        ('[[fault]]\nkind = "late_fill"', "late_fill of fault 1 of plan needs by_ms, how late"),
        ('[[fault]]\nkind = "late_fill"\nby_ms = -5', "by of fault 1 of plan in ns -5000000"),
        ('[[fault]]\nkind = "reject"\nlimit = 5', "reject of fault 1 of plan knows no limit"),
        ('[[fault]]\nkind = "rate_limit"\nwindow_ms = 5', "limit of fault 1 of plan 0"),
        ('[[fault]]\nkind = "rate_limit"\nlimit = 5', "window of fault 1 of plan in ns 0"),
        ('[[fault]]\nkind = "outage"\nnth = [1]', "outage of fault 1 of plan lasts"),
        ('[[fault]]\nkind = "amnesia"\nchance = 0.5', "amnesia of fault 1 of plan lasts"),
        ('[[fault]]\nkind = "disconnect"\nmost = 1', "disconnect of fault 1 of plan lasts"),
        ('[[fault]]\nkind = "amnesia"\nside = "buy"', "is of a whole line; leave symbol and side"),
        ('[[fault]]\nkind = "outage"\nsymbol = "AAA"', "outage of fault 1 of plan is of a whole"),
        ('[[fault]]\nkind = "crossed_book"\nside = "buy"', "has no side; leave side"),
    ],
)
def test_what_is_wrong_is_named(text: str, why: str) -> None:
    with pytest.raises(ContractError) as refused:
        read_plan(text)
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ['{"seed": 1, "seed": 2}', '{"seed": NaN}', "seed = 1", "[]"])
def test_json_is_read_strictly(text: str) -> None:
    with pytest.raises(ContractError, match="plan.json"):
        read_plan(text, "plan.json", toml=False)


def test_a_text_that_is_too_large_or_no_text_is_not_read() -> None:
    with pytest.raises(ContractError, match="plan.toml has more than"):
        read_plan("#" * (MAX_BYTES + 1), "plan.toml")
    with pytest.raises(ContractError, match="plan.toml is not UTF-8 at byte 0"):
        read_plan(b"\xff", "plan.toml")
    assert read_plan("#" * MAX_BYTES) == FaultPlan()


def test_a_list_that_is_too_long_is_not_read() -> None:
    told = {"fault": [{"kind": "reject"}] * 1001}
    with pytest.raises(ContractError, match="no list of at most 1000 faults"):
        plan_of(told)


def test_a_fault_made_in_python_is_checked_alike() -> None:
    with pytest.raises(ContractError, match="kind 'reject' of fault is no FaultKind"):
        checked(Fault("reject"))  # type: ignore[arg-type]
    assert checked(Fault(FaultKind.CLOCK_SKEW, by_ns=-SECOND)).by_ns == -SECOND
    for field in ("from_ns", "for_ns", "by_ns"):
        with pytest.raises(ContractError, match="no whole number of milliseconds"):
            checked(Fault(FaultKind.CLOCK_SKEW, **{"by_ns": SECOND, field: SECOND + 1}))


def test_a_window_is_open_at_its_beginning_and_closed_at_its_end() -> None:
    fault = Fault(FaultKind.REJECT, from_ns=5, for_ns=3)
    assert [fault.is_on(ns) for ns in (4, 5, 7, 8)] == [False, True, True, False]
    assert Fault(FaultKind.REJECT).is_on(10**18)


def _a_plan(seed: int) -> FaultPlan:
    """Any plan at all."""
    draw = stream(seed, "a plan").random

    def one_of(*these: Any) -> Any:
        return these[int(draw() * len(these))]

    faults = []
    for _ in range(int(draw() * 5)):
        kind = list(FaultKind)[int(draw() * len(FaultKind))]
        late = kind.value.startswith("late") or kind is FaultKind.CLOCK_SKEW
        rate = kind is FaultKind.RATE_LIMIT
        counted = kind not in LASTING
        faults.append(
            checked(
                Fault(
                    kind,
                    from_ns=int(draw() * 50) * 10**6,
                    for_ns=one_of(None, 4 * SECOND, 10**6),
                    symbol=None if kind in LASTING else one_of(None, "BTCUSDT", "ETHUSDT"),
                    side=one_of(None, BUY, SELL) if counted and kind not in MARKET else None,
                    nth=one_of((), (1,), (2, 7)) if counted else (),
                    chance=one_of(SCALE, SCALE // 4, 123_456_789) if counted else SCALE,
                    most=one_of(None, 1, 9) if counted else None,
                    by_ns=one_of(10**6, 3 * SECOND) if late else 0,
                    limit=3 if rate else 0,
                    window_ns=SECOND if rate else 0,
                )
            )
        )
    return FaultPlan(tuple(faults), int(draw() * 100))
