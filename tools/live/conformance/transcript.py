"""A fixed day at an adapter, line by line, as another process writes it to a file.

Two processes with different hash seeds write the same lines, or the adapter is not deterministic.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import redirect_stdout

from ..console import EXIT_OK, run
from .desk import WORLD_FAILED, Desk, flow
from .loading import load

TARGET = "TRANSCRIPT_TARGET"  # the variable that names the file to write
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
    """Write the transcript of the candidate that the first argument names."""
    return run(lambda: _write(argv[0]), debug=False, task="the transcript")


def _write(where: str) -> int:
    with redirect_stdout(sys.stderr):
        lines = transcript(Desk(load(where), where))
    with open(os.environ[TARGET], "wb") as target:
        target.writelines(line.encode("unicode_escape") + b"\n" for line in lines)
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
