"""Rewrites every golden file from what the product does now: `python -m tests.goldens`.

It is `pytest --update-goldens` over the tests that have goldens, so a golden is written by the
same lines that compare with it. Commit what changed alone, and say why the behaviour changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WITH_GOLDENS = ("tests/unit", "tests/e2e", "tests/market/test_md_replay.py")


def main() -> int:
    """Run the tests that have goldens in update mode; pytest's exit code."""
    folders = [str(ROOT / folder) for folder in WITH_GOLDENS]
    return int(pytest.main(["--rootdir", str(ROOT), "--update-goldens", "-q", *folders]))


if __name__ == "__main__":
    sys.exit(main())
