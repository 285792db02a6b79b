"""One case of the kit: what it proves, what it needs, and how it can end."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from ..core.record import record

if TYPE_CHECKING:
    from .desk import Desk

MOST_OF_EVIDENCE = 240


class Outcome(str, Enum):
    """How a case ended. Only FAILED keeps an adapter from its certificate."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    NOT_APPLICABLE = "not applicable"
    NOT_DRIVEN = "not driven"


@record
class Case:
    """`prove` drives a desk and returns one line of evidence, or raises what is below."""

    id: str
    title: str
    prove: Callable[[Desk], str]
    needs: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()


class CaseFailed(Exception):
    """The adapter did what it must not do; the message is the evidence."""


class CaseWarned(Exception):
    """Nothing is wrong, but the matrix says less than is there."""


class CaseNotDriven(Exception):
    """The world behind the adapter could not be brought where the case has to begin."""


def require(holds: bool, otherwise: str) -> None:
    """The case has failed when this does not hold."""
    if not holds:
        raise CaseFailed(otherwise)
