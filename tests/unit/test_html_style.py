"""The style: bound to its class, the same names in both themes, readable in both."""

from __future__ import annotations

import re

import pytest

from tools.live.execution_loop import run_shadow_demo
from tools.live.reports import html_style


def test_no_rule_of_the_fragment_reaches_beyond_it() -> None:
    text = run_shadow_demo()._repr_html_()
    style = text[text.index("<style>") + 7 : text.index("</style>")]
    assert "@page" not in style and "<style" not in text[text.index("</style>") :]
    flat = re.sub(r"@(?:media|container)[^{]*\{", "", style)
    selectors = re.findall(r"([^{}]+)\{", flat)
    assert len(selectors) > 50
    for selector in ",".join(selectors).split(","):
        assert f".{html_style.SHEET_CLASS}" in selector, selector


def test_every_colour_that_is_used_is_given_in_both_themes() -> None:
    used = set(re.findall(r"var\((--[a-z0-9-]+)\)", html_style.SHEET_STYLE)) - {"--text"}
    for theme in (html_style._LIGHT, html_style._DARK):
        assert set(_colours(theme)) == used


@pytest.mark.parametrize("theme", ["_LIGHT", "_DARK"])
def test_text_and_lines_stand_out_from_their_ground(theme: str) -> None:
    colours = _colours(getattr(html_style, theme))
    texts = ["ink", "soft", "gain", "loss", "freeze", "mid", *(f"s{n}" for n in range(1, 9))]
    texts += [name.removeprefix("--") for name in colours if name.startswith("--t-")]
    for name in texts:
        assert _contrast(colours[f"--{name}"], colours["--ground"]) >= 4.5, name
    for name in ("buy", "sell"):
        assert _contrast(colours[f"--{name}"], colours["--ground"]) >= 3, name
    for ground in ("good", "bad"):
        assert _contrast(colours["--ink"], colours[f"--{ground}"]) >= 4.5, ground
    assert _contrast(colours["--freeze"], colours["--frost"]) >= 4.5


def _colours(theme: str) -> dict[str, str]:
    return dict(re.findall(r"(--[a-z0-9-]+):(#[0-9a-f]{6});", theme))


def _contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2, 1.4.3."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
