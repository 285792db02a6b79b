"""Real captures for tests: small extracts that ship with the project, and the whole recordings.

The recordings stand beside the project. In CI they must be there; elsewhere a test that needs one
says so and skips.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

EXTRACTS = Path(__file__).parent / "extracts"
RECORDINGS = Path(__file__).resolve().parents[3] / "shared/data"
SPOT = "spot"
USDM = "usdm"

Line = tuple[int, bytes]  # when it was received, and the message


def extract(market: str) -> Path:
    """The first 400 lines of a recording; its REST snapshot is among them."""
    return EXTRACTS / f"binance-{market}.jsonl"


def recording(market: str) -> Path:
    """A whole recording."""
    path = RECORDINGS / f"binance-{market}-btcusdt-20240808.jsonl.gz"
    if not path.exists():
        why = f"{path.name} is not in {path.parent}"
        if os.environ.get("CI"):
            pytest.fail(f"{why}; in CI it must be there")
        pytest.skip(why)
    return path


def lines(path: Path) -> list[Line]:
    """The lines of a capture, taken apart."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    parted = (line.partition(b" ") for line in raw.splitlines())
    return [(int(stamp), message) for stamp, _, message in parted]
