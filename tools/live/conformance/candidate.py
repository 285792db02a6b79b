"""What is put to the test: an adapter, its capabilities, and the hooks to the world behind it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from ..core.errors import ContractError
from ..core.money import SCALE
from ..core.record import fields_of, record
from ..exchange import IExchangeClient
from .capabilities import Capabilities, check

LEAST_PRICE_E9 = 10_000  # prices of a case are a ten-thousandth of it apart
METHODS = ("place_limit", "cancel", "get_open_orders", "get_positions", "stream_fills")


class Fate(str, Enum):
    """What the world is to make of an order when it arrives."""

    RESTS = "rests"
    FILLS = "fills"
    FILLS_IN_PART = "fills in part"
    REJECTED = "is rejected"


@record
class Stage:
    """How the kit drives the world behind an adapter; a hook that is None is not offered.

    `meets(request, fate)` sets the world so that this request, sent next, meets that fate.
    `fill(order_id, qty_e9)` has the world trade with an order that rests; where none rests under
    that id, nothing may happen. `lose_answer()` lets the next request arrive and its answer get
    lost, `keep_back()` keeps the next request from being sent. `disconnect()` cuts the line until
    `reconnect()`. `advance(ns)` lets time pass. Prices and quantities are integers at 10^9.
    """

    meets: Callable[[Any, Fate], None] | None = None
    fill: Callable[[str, int], None] | None = None
    lose_answer: Callable[[], None] | None = None
    keep_back: Callable[[], None] | None = None
    disconnect: Callable[[], None] | None = None
    reconnect: Callable[[], None] | None = None
    advance: Callable[[int], None] | None = None
    symbols: tuple[str, str] = ("BTCUSDT", "ETHUSDT")
    price_e9: int = 100 * SCALE
    qty_e9: int = SCALE


HOOKS = fields_of(Stage)[:7]


@record
class Candidate:
    """An adapter as a factory hands it over. Each call of the factory makes a new world."""

    exchange: IExchangeClient
    capabilities: Capabilities | None = None
    stage: Stage | None = None


def hooks_of(stage: Stage) -> tuple[str, ...]:
    """The names of the hooks that are offered."""
    return tuple(name for name in HOOKS if getattr(stage, name) is not None)


def as_candidate(made: object) -> Candidate:
    """What a factory made, as a candidate; a ContractError says what it should have been."""
    alone: Any = made
    candidate: Any = made if isinstance(made, Candidate) else Candidate(alone)
    exchange: Any = candidate.exchange
    missing = [name for name in METHODS if not callable(getattr(exchange, name, None))]
    if len(missing) == len(METHODS):
        raise ContractError(
            f"the factory made {type(exchange).__name__}, which has no method of IExchangeClient;"
            " return an adapter, or Candidate(adapter, capabilities, stage)"
        )
    if missing:
        raise ContractError(
            f"{type(exchange).__name__} lacks {', '.join(missing)} of IExchangeClient; add"
            f" {'it' if len(missing) == 1 else 'them'}"
        )
    stage = candidate.stage
    if stage is not None and not isinstance(stage, Stage):
        raise ContractError(f"the stage is {type(stage).__name__}, not a Stage; build one of Stage")
    if stage is not None and (stage.price_e9 < LEAST_PRICE_E9 or stage.qty_e9 < 1):
        raise ContractError(
            f"the stage trades {stage.qty_e9} at {stage.price_e9} (at 10^9); give a quantity of 1"
            f" or more and a price of {LEAST_PRICE_E9} or more"
        )
    return Candidate(exchange, _declared(candidate), stage or Stage())


def _declared(candidate: Candidate) -> Capabilities | None:
    if candidate.capabilities is not None:
        return check(candidate.capabilities)
    declare = getattr(candidate.exchange, "capabilities", None)
    return check(declare()) if callable(declare) else None
