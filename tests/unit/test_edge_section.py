"""The report's section about the edge, and the laws of a watched one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.builders import BTC, T0_MS, T0_NS, a_monitor, a_quote_event
from tests.unit.json_schema import errors
from tests.unit.test_fold_edge import ROUND_NS, a_watched_fold, bought_before_the_fall, watch_of
from tools.live.audit import laws
from tools.live.audit.laws import LAWS, LawsBroken
from tools.live.audit.laws_edge import LAWS_OF_THE_WATCH, check_watch
from tools.live.core.contracts_v1 import BUY
from tools.live.execution_loop import run_shadow_demo
from tools.live.fold import Fold
from tools.live.order_store import InMemoryOrderStore
from tools.live.reports.edge_section import edge_section
from tools.live.reports.report import RunFacts, build_report
from tools.live.reports.schema import SCHEMAS


def a_frozen_fold() -> Fold:
    """Twenty fills of 99 on a middle of 100 that is 90 at once; frozen, and 85 at the end."""
    fold = a_watched_fold(a_monitor(10**6, 10**7, maker_bps=1))
    bought_before_the_fall(fold, 20)
    fold.step(a_quote_event(86, 88, ts_ns=T0_NS + 20 * ROUND_NS))
    fold.step(a_quote_event(84, 86, ts_ns=T0_NS + 21 * ROUND_NS))
    return fold


def test_the_whole_section_by_hand() -> None:
    section = edge_section(a_frozen_fold(), "markouts")
    assert (section["mode"], section["threshold_bps"]) == ("markouts", 1.5)
    assert section["last_bps"] == {BTC: -900.99}
    second = {
        "fills": 20, "unmeasured": 0, "net_usd": -1.80198, "capture_bps": 100.0,
        "fee_bps": 0.99, "adverse_bps": 1000.0, "net_bps": -900.99,
    }  # fmt: skip
    assert list(section["measured"][BTC]) == ["0.1s", "1s", "10s"]
    assert section["measured"][BTC]["1s"] == second
    assert section["decision"] == {
        BTC: {"samples": 20, "mean_bps": -900.99, "upper_bps": -900.99, "armed": True,
              "fired": True},
    }  # fmt: skip


def test_what_the_freeze_saved_by_hand() -> None:
    """A buy at 90 fills on 86 to 88, one at 87 on 84 to 86; 85 at the end, and 0.000177 in fees."""
    counterfactual = edge_section(a_frozen_fold(), "markouts")["counterfactual"]
    assert (counterfactual["fills"], counterfactual["saved_usd"]) == (2, 0.070177)
    one = counterfactual["by_symbol"][BTC]
    assert (one["fills"], one["position"], one["volume_usd"]) == (2, 0.02, 1.77)
    assert (one["fees_usd"], one["pnl_usd"], one["saved_usd"]) == (0.000177, -0.070177, 0.070177)
    measured = one["markouts"]["0.1s"]
    assert (measured["fills"], measured["unmeasured"], measured["net_usd"]) == (1, 0, -0.03009)


def test_too_few_samples_say_nothing() -> None:
    fold = a_watched_fold()
    bought_before_the_fall(fold, 19)
    section = edge_section(fold, "markouts")
    said = {"samples": 19, "mean_bps": None, "upper_bps": None, "armed": True, "fired": False}
    assert section["decision"] == {BTC: said}
    assert section["counterfactual"] == {"fills": 0, "saved_usd": 0.0, "by_symbol": {}}


def test_a_symbol_that_never_traded_is_not_measured() -> None:
    fold = a_watched_fold()
    fold.step(a_quote_event())
    section = edge_section(fold, "markouts")
    assert (section["measured"], section["decision"]) == ({}, {})


def test_a_scripted_edge_has_nothing_measured() -> None:
    section = edge_section(Fold(InMemoryOrderStore(), a_monitor()), "scripted")
    assert section == {"mode": "scripted", "threshold_bps": 1.5, "last_bps": {}}


def a_demo(**options: Any) -> dict[str, Any]:
    return run_shadow_demo(edge="computed", clock=lambda: T0_MS, **options).data


@pytest.mark.parametrize("options", [
    {"iterations": 1}, {"iterations": 60}, {"iterations": 80, "edge_freeze_threshold_bps": 99},
])  # fmt: skip
def test_the_report_of_a_demo_fits_its_schema(options: dict[str, Any]) -> None:
    data = a_demo(**options)
    assert errors(data, SCHEMAS["report"]) == []
    assert data["integrity"]["laws"] == [*LAWS, *LAWS_OF_THE_WATCH]
    frozen = options.get("edge_freeze_threshold_bps") is not None
    assert (data["edge"]["counterfactual"]["fills"] > 0) is frozen
    assert data["risk"]["frozen"] is frozen


# The laws.


def test_a_fill_that_nobody_watched_breaks_a_law() -> None:
    fold = a_frozen_fold()
    assert list(check_watch(watch_of(fold), 20)) == []
    (found,) = check_watch(watch_of(fold), 21)
    assert (found.law, found.detail) == ("markouts_balance", "20 fills watched, 21 booked")


@pytest.mark.parametrize("law", LAWS_OF_THE_WATCH)
def test_a_fill_that_is_lost_at_a_horizon_breaks_a_law(law: str) -> None:
    fold = a_frozen_fold()
    one = watch_of(fold).symbols[BTC]
    assert one.would_be is not None
    markouts = one.markouts if law == "markouts_balance" else one.would_be.markouts
    markouts.horizons[1].unmeasured += 1
    (found,) = check_watch(watch_of(fold), 20)
    fills = markouts.fills
    detail = f"{BTC}: {fills} fills, {fills + 1} at 1000000000 ns"
    assert (found.law, found.detail) == (law, detail)


def test_a_report_whose_fills_are_not_all_watched_is_not_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fold = a_watched_fold()
    monkeypatch.setattr(laws, "check", lambda **_: [])
    watch_of(fold).on_fill(BTC, BUY, 1, 1, 0, T0_NS)
    facts = RunFacts(fold, None, 1, {}, "markouts", T0_NS, T0_NS, {}, {})
    with pytest.raises(LawsBroken, match="markouts_balance: 1 fills watched, 0 booked"):
        build_report(facts)
