"""Why the exchange says no."""

from __future__ import annotations

from tools.live.sim.refusals import Refusal, RejectReason


def test_a_refusal_says_its_reason_first() -> None:
    assert Refusal(RejectReason.WOULD_TAKE, "a sentence").message == "would_take: a sentence"
