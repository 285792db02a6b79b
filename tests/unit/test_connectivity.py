"""Counts of what was heard of the feed: `tools.live.connectivity`."""

from __future__ import annotations

import pytest

from tools.live.connectivity import Connectivity

NAMES = ("gaps", "missing", "resyncs_started", "resyncs_finished", "losses", "silences")


def test_a_new_one_has_heard_nothing() -> None:
    feed = Connectivity()
    assert not feed.any
    assert feed.counts() == {
        "gaps": 0, "missing_updates": 0, "resyncs_started": 0, "resyncs_finished": 0,
        "losses": 0, "silences": 0,
    }  # fmt: skip


@pytest.mark.parametrize("place", range(len(NAMES)), ids=NAMES)
def test_each_count_has_its_name_and_is_something_heard(place: int) -> None:
    feed = Connectivity()
    setattr(feed, NAMES[place], 7)
    assert feed.any
    assert list(feed.counts().values()) == [7 if n == place else 0 for n in range(len(NAMES))]
