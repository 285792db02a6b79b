"""The example of the README in a real Jupyter kernel: it shows the page and prints nothing."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
README = ROOT / "README_EXECUTION.md"
PACKAGES = ("nbclient", "nbformat", "ipykernel")
PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def run_cells(must_have: Callable[[str, bool], None]) -> Callable[..., list[list[Any]]]:
    """Run code cells in one kernel; the outputs of each."""
    for package in PACKAGES:
        must_have(f"the package {package}", importlib.util.find_spec(package) is not None)
    from nbclient import NotebookClient

    v4: Any = importlib.import_module("nbformat.v4")

    def run(*codes: str) -> list[list[Any]]:
        notebook = v4.new_notebook(cells=[v4.new_code_cell(code) for code in codes])
        resources = {"metadata": {"path": str(ROOT)}}
        client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources)
        client.execute(env={**os.environ, "PYTHONPATH": str(ROOT)})
        return [cell.outputs for cell in notebook.cells]

    return run


@pytest.fixture
def example(must_have: Callable[[str, bool], None]) -> str:
    """The first Python example of the README that runs the demo."""
    text = README.read_text(encoding="utf-8") if README.is_file() else ""
    found = [block for block in PYTHON_BLOCK.findall(text) if "run_shadow_demo" in block]
    must_have("the notebook example in README_EXECUTION.md", bool(found))
    return str(found[0])


def shown(outputs: list[Any]) -> dict[str, str]:
    """What a cell whose only output is its last value shows, by kind."""
    assert [output["output_type"] for output in outputs] == ["execute_result"], outputs
    return dict(outputs[0]["data"])


def test_the_example_shows_the_page_and_prints_nothing(
    run_cells: Callable[..., list[list[Any]]], example: str
) -> None:
    assert len(example.strip().splitlines()) <= 10
    (outputs,) = run_cells(example)
    data = shown(outputs)
    assert "<svg" in data["text/html"] and "Equity" in data["text/html"]
    assert "<script" not in data["text/html"]
    assert '"pnl"' in data["text/plain"]


def test_the_page_of_the_kernel_is_the_page_of_this_process(
    run_cells: Callable[..., list[list[Any]]],
) -> None:
    from tools.live.execution_loop import run_shadow_demo

    code = (
        "from tools.live.execution_loop import run_shadow_demo\nrun_shadow_demo(clock=lambda: 0)"
    )
    (outputs,) = run_cells(code)
    assert shown(outputs)["text/html"] == run_shadow_demo(clock=lambda: 0)._repr_html_()


def test_two_reports_in_one_notebook_and_a_running_event_loop(
    run_cells: Callable[..., list[list[Any]]],
) -> None:
    first, second, awaited = run_cells(
        "from tools.live.execution_loop import run_shadow_demo\nrun_shadow_demo(iterations=10)",
        "run_shadow_demo(iterations=20)",
        "import asyncio\nasync def later():\n    return run_shadow_demo(iterations=5)\n"
        "await later()",
    )
    ids = [re.findall(r'\bid="([^"]+)"', shown(cell)["text/html"]) for cell in (first, second)]
    assert ids[0] and ids[1] and not set(ids[0]).intersection(ids[1])
    assert "text/html" in shown(awaited)
