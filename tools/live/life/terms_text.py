"""What was fitted as a table of terms: the next simulated run trades on it with `--terms`.

Only what life showed is in there; everything else stays as the exchange has it by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..core.money import text
from .fit import FeeRate, Latency
from .form import hundredths

_A_LINE = 8


def terms_toml(
    latency: Latency | None, round_trip: Latency | None, fees: Sequence[FeeRate],
    queue: str | None,
) -> str:  # fmt: skip
    """The table in TOML; a comment when nothing could be fitted.

    A round trip is taken half for the way there and half for the way back, unless the way there
    is known by itself.
    """
    lines = ["# Fitted to fills of life."]
    if queue is not None:
        lines.append(f'queue = "{queue}"')
    if latency is not None:
        lines += ["", "[delays]", f"submit_ms = {_sample(latency.sample_ns)}"]
    elif round_trip is not None:
        half = _sample([ns // 2 for ns in round_trip.sample_ns])
        lines += ["", "[delays]", f"submit_ms = {half}", f"acknowledge_ms = {half}"]
    known = [one for one in fees if one.rate_bps_e9 is not None]
    if known:
        lines += ["", "[fees]", 'model = "flat"']
    for one in known:
        assert one.rate_bps_e9 is not None, "only known rates are written"
        lines.append(f"{one.liquidity}_bps = {_rate(one.rate_bps_e9.value)}")
    return "\n".join(lines) + "\n"


def _sample(sample_ns: Sequence[int]) -> str:
    """A sample in milliseconds; of two values all between would be meant, so they come twice."""
    if sample_ns[0] == sample_ns[-1]:
        return text(sample_ns[0] * 1000)
    times = sorted([*sample_ns, *sample_ns]) if len(sample_ns) == 2 else sample_ns
    shown = [text(ns * 1000) for ns in times]
    rows = [", ".join(shown[at : at + _A_LINE]) for at in range(0, len(shown), _A_LINE)]
    return "[" + ",\n    ".join(rows) + "]"


def _rate(bps_e9: int) -> str:
    """A rate without the dust of rounded fees, when it is a hundredth of a basis point or more."""
    return text(hundredths(bps_e9) or bps_e9)
