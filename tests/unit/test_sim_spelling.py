"""`sim/spelling`: the nearest word, or all there are."""

from __future__ import annotations

from tools.live.sim.spelling import meant


def test_the_nearest_word_is_named_or_all_of_them() -> None:
    assert meant("tikc", ["lot", "tick"]) == "did you mean 'tick'?"
    assert meant("zzz", ["lot", "tick"]) == "known are lot, tick"
    assert meant("tick" * 10_000, ["lot", "tick"]) == "known are lot, tick"
