"""A heat map: one file, true colours and numbers, within bounds."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.test_md_replay_page import Nesting
from tools.live.core.errors import ContractError
from tools.live.sweep_heat import MOST_CELLS, heat_map


def rows(*cells: tuple[Any, Any, float | None]) -> list[dict[str, Any]]:
    return [{"varied": {"x": x, "y": y}, "measures": {"pnl_usd": value}} for x, y, value in cells]


def drawn(*cells: tuple[Any, Any, float | None]) -> str:
    return heat_map(rows(*cells), across="x", down="y", by="pnl_usd")


def test_it_is_whole_and_asks_for_nothing() -> None:
    text = drawn((1, True, 1.0), (2.5, True, -2.0), (1, False, 12.0), (1, False, 14.0))
    nesting = Nesting()
    nesting.feed(text)
    assert nesting.open == [] and set(nesting.named) == set(nesting.ids) == {"heat-t", "heat-d"}
    assert "<script" not in text and text.count("http") == 1 and text.endswith("</svg>\n")
    assert ">pnl_usd by x and y<" in text and ">true<" in text and ">2.5<" in text
    assert ">13.00<" in text and text.count('<rect class="none"') == 1
    assert "From \N{MINUS SIGN}2 to 13; means over all else that was varied." in text


def colours(text: str) -> list[str]:
    return re.findall(r'fill="(#[0-9a-f]{6})"', text)


def test_colours_say_the_sign_and_how_far() -> None:
    lost, flat, won = colours(drawn((1, 1, -10.0), (2, 1, 0.0), (3, 1, 10.0)))
    assert (lost, flat, won) == ("#b23a2a", "#ece8e0", "#17734a")
    low, high = colours(drawn((1, 1, 5.0), (2, 1, 10.0)))
    assert (low, high) == ("#ece8e0", "#17734a")
    low, high = colours(drawn((1, 1, -10.0), (2, 1, -5.0)))
    assert (low, high) == ("#b23a2a", "#ece8e0")
    assert len(colours(drawn((1, 1, 3.0)))) == 1


def test_ink_can_be_read() -> None:
    text = drawn((1, 1, -10.0), (2, 1, 0.0))
    assert "fill:#ffffff" in text and "fill:#1a1e23" in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.12345, "0.1234"), (-1.239, "\N{MINUS SIGN}1.24"), (123.45, "123.4"), (98765.4, "98,765")],
)
def test_the_larger_the_fewer_decimals(value: float, shown: str) -> None:
    assert f">{shown}</text>" in drawn((1, 1, value))


def test_what_is_not_defined_has_no_number() -> None:
    text = drawn((1, 1, None))
    assert "Nothing of it is defined." in text and colours(text) == []


def test_names_are_text() -> None:
    text = drawn(("<b>", "&", 1.0))
    assert "&lt;b&gt;" in text and "<b>" not in text


def test_too_many_cells() -> None:
    with pytest.raises(ContractError, match="--heat has more than 60 cells a side; vary fewer"):
        drawn(*((number, 1, 1.0) for number in range(MOST_CELLS + 1)))
