"""How each scenario of the corpus breaks the naive loop, and in which market."""

from __future__ import annotations

from typing import Any, NamedTuple

from tools.live.core.money import SCALE

OFTEN = 11  # a market in which most of it happens


class Case(NamedTuple):
    """How the naive loop breaks: in which market, and what its judge finds at least."""

    breaks: str
    market: int = OFTEN
    depth: bool = False
    more: dict[str, Any] = {}


SMALL = {"limit": 3 * SCALE}
CASES = {
    "lean-ib-249": Case("position", 7),
    "lean-ts-95": Case("position"),
    "nt-4215": Case("duplicate"),
    "tg-94": Case("duplicate"),
    "catalyst-317": Case("duplicate"),
    "tt-351": Case("duplicate"),
    "nt-4958": Case("ghost"),
    "nt-5000": Case("ghost", more={"restart_s": 13}),
    "ft-4403": Case("duplicate", more={"looks": True}),
    "hcn-53": Case("duplicate"),
    "ccxt-18854": Case("position"),
    "hb-3167": Case("ghost"),
    "hb-745": Case("ghost", 1),
    "ft-3647": Case("ghost"),
    "pb-514": Case("limit", more=SMALL),
    "hb-2501": Case("limit", more=SMALL),
    "pst-1580": Case("limit", more=SMALL),
    "ktb-699": Case("ghost"),
    "hb-2534": Case("ghost", more={"stop_s": 15}),
    "ccxt-19717": Case("blind", 3),
    "xs-284": Case("crossed", depth=True),
    "cf-606": Case("crossed", depth=True),
}


def ours(case: Case) -> dict[str, Any]:
    """Our loop needs no telling to look before it sends again; it is restarted elsewhere."""
    return {name: case.more[name] for name in case.more if name not in ("looks", "restart_s")}
