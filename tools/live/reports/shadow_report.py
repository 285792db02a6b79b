"""What `run_shadow_demo` returns: the JSON line itself, which also knows how to show itself."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike, fspath
from typing import Any

from ..core import codec
from ..core.contracts_v1 import Entry
from .files import write_whole


class ShadowReport(str):
    """A `str` that is the canonical JSON report with its newline.

    `data` is the same report as a dict, `events` the recorded line of the run. In a notebook it
    shows itself as a page; `save` writes it, as JSON or, for a name ending in .html, as that page.
    """

    data: dict[str, Any]
    events: tuple[Entry, ...]

    def __new__(cls, data: dict[str, Any], events: Sequence[Entry]) -> ShadowReport:
        report = super().__new__(cls, codec.canonical(data) + "\n")
        report.data = data
        report.events = tuple(events)
        return report

    def html(self) -> str:
        """The page: one file, no script, the JSON embedded."""
        from .html import render_page

        return render_page(self.data, self.events)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the report, whole or not at all; a name that ends in .html gets the page."""
        name = fspath(path)
        write_whole(name, self.html() if name.endswith(".html") else str(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return ShadowReport, (self.data, self.events)

    def _repr_html_(self) -> str:
        from .html import render_fragment

        return render_fragment(self.data, self.events)
