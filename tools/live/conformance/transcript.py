"""A fixed day at an adapter, line by line: `python -m tools.live.conformance.transcript M:F`.

Two processes with different hash seeds print the same lines, or the adapter is not deterministic.
"""

from __future__ import annotations

import re
import sys

from ..console import emit
from .desk import WORLD_FAILED, Desk, flow
from .loading import load

_TIMES = re.compile(r"\b(timestamp_ms|ts_ns)=[0-9]+")
MODULE = __name__ if __name__ != "__main__" else "tools.live.conformance.transcript"


def transcript(desk: Desk) -> list[str]:
    """What is answered, told and listed on a mixed day."""
    try:
        flow(desk, 24)
    except WORLD_FAILED as error:
        return [f"{type(error).__name__}: {error}"]
    lines = [repr(placed.response) for placed in desk.placed]
    lines += [repr(one) for one in desk.heard]
    lines += [repr(one) for one in desk.open_orders()]
    lines += [repr(one) for one in desk.exchange.get_positions()]
    return lines


def timeless(line: str) -> str:
    """A line without its times: a clock may go on where all else begins anew."""
    return _TIMES.sub(r"\1=", line)


def main(argv: list[str]) -> int:
    """Print the transcript of the candidate that the first argument names."""
    emit("".join(line + "\n" for line in transcript(Desk(load(argv[0]), argv[0]))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
