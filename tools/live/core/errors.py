"""The exception tree: what can go wrong, told apart by whose fault it is.

A business refusal is never an exception; it is a value (`IntentRefused`, `OrderRejected`).
"""

from __future__ import annotations


class LiveError(Exception):
    """Root of everything this package raises on purpose."""


class ContractError(LiveError, ValueError):
    """Bad data came in: the message names the field, the value and the rule it broke."""


class IllegalTransition(ContractError):
    """An order was asked to change state in a way the lifecycle table does not hold."""


class FillConflict(ContractError):
    """A fill id is known already, with other numbers or on another order."""


class Overfill(FillConflict):
    """A fill is larger than what is left of its order."""


class NotSent(LiveError):
    """An adapter kept a request back: not a byte of it has left, so there is nothing to ask."""


class LineFailed(LiveError):
    """The line cannot be recorded any more, so nothing may happen that would have to be."""


class InvariantBroken(LiveError):
    """We are wrong: a law that our own code must keep does not hold, so the run must stop."""
