"""The page in a real browser: no script, no request, nothing on the console, at home at any width.

Scripts are off in the page; what the tests ask of it is asked from outside, through the browser.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.live.execution_loop import run_shadow_demo

RUNS: dict[str, dict[str, Any]] = {
    "default": {},
    "frozen": {"iterations": 20, "edge_freeze_threshold_bps": 3.0},
    "refused": {"iterations": 60, "max_total_notional_usd": 3000},
    "computed": {"iterations": 200, "edge": "computed", "edge_freeze_threshold_bps": -100},
    "many symbols": {"iterations": 30, "symbols": [f"LONGNAME{n}/USDT.PERP" for n in range(12)]},
    "one step": {"iterations": 1, "symbols": ["BTCUSDT"]},
}
WIDTHS = {"desktop": 1280, "phone": 390, "small phone": 360}
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
SMALLEST_PICTURE = 20_000

# How far anything readable stands out of the window, in pixels, on its left and its right.
OUTSIDE = """() => {
  const wide = document.documentElement.clientWidth;
  const texts = [...document.querySelectorAll('svg text, h1, h2, h3, p, dd, dt, summary')];
  const boxes = texts.filter(one => one.checkVisibility()).map(one => one.getBoundingClientRect());
  return {
    scroll: document.documentElement.scrollWidth - wide,
    left: Math.max(...boxes.map(box => -box.left)),
    right: Math.max(...boxes.map(box => box.right - wide)),
    count: boxes.length,
  };
}"""
STYLES = """() => [...document.querySelectorAll('.other, .other *')].map(one => {
  const style = getComputedStyle(one);
  return [...style].map(name => name + ':' + style.getPropertyValue(name)).join(';');
})"""
NEIGHBOURS = (
    '<div class="other"><h2>Other</h2><p>Text</p><table><tr><th>a</th><td>1</td></tr></table>'
    '<svg width="20" height="20"><path class="line buy" d="M0 0L9 9"/></svg><pre>x</pre></div>'
)


def browser_path() -> str | None:
    """The Chromium that CHROMIUM names, or the first one in the path."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return os.environ.get("CHROMIUM") or found


def driver_is_there() -> bool:
    """Whether the package that drives the browser is installed."""
    return importlib.util.find_spec("playwright") is not None


@pytest.fixture(scope="module")
def _started() -> Iterator[Any]:
    """One browser for all tests, each of which opens windows of its own; None without one."""
    path = browser_path()
    if path is None or not driver_is_there():
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def browser(_started: Any, must_have: Callable[[str, bool], None]) -> Any:
    must_have("the package playwright", driver_is_there())
    must_have("a Chromium browser", browser_path() is not None)
    return _started


class Visit:
    """One page opened in a fresh window, and all that the browser had to say about it."""

    def __init__(self, browser: Any, path: Path, *, width: int, scheme: str = "light") -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.url = path.as_uri()
        window = browser.new_context(
            java_script_enabled=False,
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
        )
        self.page = window.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(self.url)

    def ground(self) -> str:
        """The colour behind everything."""
        script = "() => getComputedStyle(document.body).backgroundColor"
        colour: str = self.page.evaluate(script)
        return colour


def saved(folder: Path, **changed: Any) -> Path:
    """The page of a run, on the disk."""
    path = folder / "page.html"
    run_shadow_demo(clock=lambda: 1_735_689_600_000, **changed).save(str(path))
    return path


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("run", RUNS)
def test_the_page_asks_for_nothing_and_fits(
    browser: Any, tmp_path: Path, run: str, width: str
) -> None:
    visit = Visit(browser, saved(tmp_path, **RUNS[run]), width=WIDTHS[width])
    assert visit.requests == [visit.url]
    assert visit.complaints == []
    found = visit.page.evaluate(OUTSIDE)
    assert found["count"] > 50
    assert found["scroll"] <= 0
    assert found["left"] <= 0 and found["right"] <= 0
    picture = visit.page.screenshot(full_page=True)
    assert picture.startswith(b"\x89PNG") and len(picture) > SMALLEST_PICTURE


@pytest.mark.parametrize("width", WIDTHS)
def test_with_everything_unfolded_it_still_fits(
    browser: Any, tmp_path: Path, width: str
) -> None:
    path = saved(tmp_path)
    path.write_text(path.read_text("utf-8").replace("<details", "<details open"), "utf-8")
    found = Visit(browser, path, width=WIDTHS[width]).page.evaluate(OUTSIDE)
    assert found["scroll"] <= 0 and found["right"] <= 0


def test_dark_is_dark(browser: Any, tmp_path: Path) -> None:
    path = saved(tmp_path)
    light = Visit(browser, path, width=1280)
    dark = Visit(browser, path, width=1280, scheme="dark")
    assert light.ground() == "rgb(251, 250, 248)"
    assert dark.ground() == "rgb(20, 23, 27)"
    assert light.page.screenshot() != dark.page.screenshot()


def test_paper_is_white_and_has_no_folded_parts(browser: Any, tmp_path: Path) -> None:
    visit = Visit(browser, saved(tmp_path), width=1280, scheme="dark")
    visit.page.emulate_media(media="print", color_scheme="dark")
    assert visit.ground() == "rgb(255, 255, 255)"
    assert not visit.page.locator("summary").first.is_visible()
    assert visit.page.pdf().startswith(b"%PDF")


def test_the_embedded_json_can_be_taken_out_again(browser: Any, tmp_path: Path) -> None:
    report = run_shadow_demo(clock=lambda: 1_735_689_600_000)
    report.save(str(tmp_path / "page.html"))
    visit = Visit(browser, tmp_path / "page.html", width=1280)
    assert visit.page.locator("pre.report-json").text_content() == str(report)


def test_a_fragment_leaves_its_neighbours_as_they_are(browser: Any, tmp_path: Path) -> None:
    fragment = run_shadow_demo(clock=lambda: 0)._repr_html_()
    said = []
    for inner in ("", f"{fragment}{fragment}"):
        path = tmp_path / "cells.html"
        path.write_text(
            f'<!DOCTYPE html><meta charset="utf-8"><body>{NEIGHBOURS}{inner}', encoding="utf-8"
        )
        said.append(Visit(browser, path, width=1280).page.evaluate(STYLES))
    assert said[0] == said[1] and len(said[0]) > 8
