"""Shapes: places, steps, labels that keep apart, bars."""

from __future__ import annotations

import re
from random import Random

import pytest

from tools.live.reports.html_numbers import Ticks
from tools.live.reports.svg import Plot, bars, share_axis, spread


def a_plot(key: str = "k", labels: tuple[str, ...] = ("0", "10")) -> Plot:
    value = Ticks(0, 10, (0, 10), labels)
    return Plot(key=key, time=Ticks(0, 100, (0, 50, 100), ("a", "b", "c")), value=value, height=100)


def drawn(plot: Plot) -> str:
    return plot.render("Title", "What it shows")


def test_a_place_is_counted_from_the_top_left() -> None:
    plot = a_plot()
    assert (plot.across(25), plot.down(10), plot.down(0)) == (2500, 0, 10000)


def test_steps_hold_their_value_to_the_end() -> None:
    plot = a_plot()
    plot.steps([(0, 0), (50, 10)], "x")
    assert 'd="M0 10000H5000V0H10000"' in drawn(plot)


def test_the_area_under_steps_is_closed_at_its_level() -> None:
    plot = a_plot()
    plot.steps_area([(50, 10)], 0, "x")
    assert 'd="M5000 0H10000V10000H5000z"' in drawn(plot)


def test_a_band_returns_along_its_lower_steps() -> None:
    plot = a_plot()
    plot.steps_band([(0, 0), (50, 5)], [(0, 5), (50, 10)], "x")
    assert 'd="M0 5000H5000V0H10000V5000H5000V10000H0z"' in drawn(plot)


def test_a_single_point_is_still_a_line_one_can_see() -> None:
    plot = a_plot()
    plot.line([(50, 5)], "x")
    assert 'd="M5000 5000h1"' in drawn(plot)


def test_a_stretch_that_begins_late_is_named_on_its_left() -> None:
    for since, anchor in ((10, "start"), (90, "end")):
        plot = a_plot()
        plot.shade(since, 100, "frozen")
        assert f'text-anchor="{anchor}">frozen' in drawn(plot)


def test_a_stretch_may_go_without_a_name() -> None:
    plot = a_plot()
    plot.shade(10, 100, "")
    assert "<text class=\"freeze\"" not in drawn(plot)


def test_a_marker_has_a_title_only_if_there_is_one() -> None:
    plot = a_plot()
    plot.marker(50, 5, "up", "buy", "Buy <1>")
    plot.marker(50, 5, "dot", "c1", "")
    assert "<title>Buy &lt;1&gt;</title>" in drawn(plot)
    assert drawn(plot).count("<title") == 2


def test_a_long_name_is_cut_at_the_side() -> None:
    plot = a_plot()
    plot.end_label(5, "A" * 40, "c1")
    assert f">{'A' * 11}\N{HORIZONTAL ELLIPSIS}</text>" in drawn(plot)


def test_title_and_description_are_what_the_chart_is_called_by() -> None:
    shown = drawn(a_plot("key"))
    assert 'role="img"' in shown and 'aria-labelledby="key-t key-d"' in shown
    assert '<title id="key-t">Title</title><desc id="key-d">What it shows</desc>' in shown


def test_charts_above_one_another_have_the_same_sides() -> None:
    one, two = a_plot(), a_plot(labels=("0", "1,000,000"))
    two.end_label(5, "name", "c1")
    share_axis(one, two)
    boxes = [re.search(r"padding:8px (\d+px) \d+px (\d+px)", drawn(plot)) for plot in (one, two)]
    assert boxes[0] and boxes[1] and boxes[0].groups() == boxes[1].groups()


def test_the_lower_of_two_charts_alone_names_the_time() -> None:
    plot = a_plot()
    plot.time_labels = False
    assert ">b</text>" not in drawn(plot) and ">b</text>" in drawn(a_plot())


@pytest.mark.parametrize("seed", range(20))
def test_labels_keep_apart_and_inside(seed: int) -> None:
    random = Random(seed)
    wanted = sorted(random.randrange(0, 200) for _ in range(random.randrange(1, 12)))
    placed = spread(wanted, gap=13, room=200)
    assert all(after - before >= 13 for before, after in zip(placed, placed[1:]))
    assert placed[-1] <= 200


def test_the_longest_bar_is_the_largest_count() -> None:
    shown = bars([("a<b", 4), ("c", 1)], "x")
    assert 'width="100.00%"' in shown and 'width="25.00%"' in shown and "a&lt;b" in shown
