"""Where we stand in the queue at a price: what a level that shrinks takes from before us.

A trade at our price takes from the front: that is certain, and no matter of a model. What a trade
does not explain was canceled, and nobody says where in the queue. A model is an answer to that:

- pessimistic: behind us, as long as there is anything behind us;
- proportional: evenly over the whole level;
- power family: before us by f(ahead) / (f(ahead) + f(behind)) with f(x) = x^n. The proportional
  model is n = 1; a larger n sees a large part shrink more than its share;
- logarithmic: the same with f(x) = log(1 + x), x in units of the quantity.

Results are whole numbers, rounded so that more stays before us. A larger n would let one who
stands far behind overtake when much goes at once; so a power above 1 takes a reduction in pieces
of at most 1/n of the level, as if they had been canceled one after the other.
"""

from __future__ import annotations

from typing import Any, Protocol

from ..core.errors import ContractError
from ..core.money import SCALE, Number, positive_e9, text
from .powers import ONE, UNIT, exp2, log2

LARGEST_POWER = 16
_SMALLEST_POWER_E9 = SCALE // 100
_ALL_OF_IT = 200 * ONE  # two to this is beyond every ratio of quantities that matters


class QueueModel(Protocol):
    """Tells where in the queue a reduction was that no trade explains."""

    def gone_ahead(self, ahead: int, behind: int, gone: int) -> int:
        """What of `gone` (at most ahead + behind) was before us: 0 to `ahead`, and no less than
        what `behind` cannot have been."""
        ...

    def describe(self) -> dict[str, Any]:
        """Which model this is, for the report."""
        ...


class Pessimistic:
    """Only trades bring us forward; and nobody can be before us who is not displayed."""

    def gone_ahead(self, ahead: int, behind: int, gone: int) -> int:
        """What there was not behind us."""
        return max(0, gone - behind)

    def describe(self) -> dict[str, Any]:
        return {"queue": "pessimistic"}


class Proportional:
    """Cancels are spread evenly over the level."""

    def gone_ahead(self, ahead: int, behind: int, gone: int) -> int:
        """The share of the level that is before us, rounded down."""
        return gone * ahead // (ahead + behind) if ahead else 0

    def describe(self) -> dict[str, Any]:
        return {"queue": "proportional"}


class PowerQueue:
    """Cancels fall before us by ahead^n / (ahead^n + behind^n).

    A whole n is computed exactly, any other in fixed point to about 12 digits.
    """

    def __init__(self, n: Number) -> None:
        self._n_e9 = n_e9 = positive_e9(n, "n of the power queue")
        if not _SMALLEST_POWER_E9 <= n_e9 <= LARGEST_POWER * SCALE:
            raise ContractError(
                f"n of the power queue {text(n_e9)} is not from 0.01 to {LARGEST_POWER}; choose 1"
                " for the proportional model, 2 or 3 as is common"
            )
        self._whole = n_e9 // SCALE if not n_e9 % SCALE else 0
        self._pieces = -(-n_e9 // SCALE)

    def gone_ahead(self, ahead: int, behind: int, gone: int) -> int:
        """The pieces before us, added up."""
        before, pieces = ahead, self._pieces
        while gone and ahead and behind:
            piece = min(gone, max(1, (ahead + behind) // pieces))
            cut = _possible(self._cut(ahead, behind, piece), ahead, behind, piece)
            ahead -= cut
            behind -= piece - cut
            gone -= piece
        if not behind:
            ahead -= min(gone, ahead)
        return before - ahead

    def describe(self) -> dict[str, Any]:
        return {"queue": "power", "n": text(self._n_e9)}

    def _cut(self, ahead: int, behind: int, piece: int) -> int:
        if whole := self._whole:
            front: int = ahead**whole
            back: int = behind**whole
            return piece * front // (front + back)
        exponent = log2(behind, ahead) * self._n_e9 // SCALE
        if exponent >= 0:
            return 0 if exponent > _ALL_OF_IT else piece * UNIT // (UNIT + exp2(exponent))
        if exponent < -_ALL_OF_IT:
            return piece
        inverse = exp2(-exponent)
        return piece * inverse // (inverse + UNIT)


class LogQueue:
    """Cancels fall before us by log(1 + ahead) / (log(1 + ahead) + log(1 + behind))."""

    def gone_ahead(self, ahead: int, behind: int, gone: int) -> int:
        """The logarithm's share, as far as there is so much on either side of us."""
        front, back = log2(SCALE + ahead, SCALE), log2(SCALE + behind, SCALE)
        cut = gone * front // (front + back) if front else 0
        return _possible(cut, ahead, behind, gone)

    def describe(self) -> dict[str, Any]:
        return {"queue": "log"}


PESSIMISTIC = Pessimistic()
PROPORTIONAL = Proportional()


def queue_model(name: str, field: str = "queue model") -> QueueModel:
    """The model of a name: `pessimistic`, `proportional`, `power:N` or `log`."""
    kind, colon, n = name.partition(":")
    if kind == "power" and n:
        return PowerQueue(n)
    plain: dict[str, QueueModel] = {
        "pessimistic": PESSIMISTIC, "proportional": PROPORTIONAL, "log": LogQueue(),
    }  # fmt: skip
    if colon or kind not in plain:
        raise ContractError(
            f"{field} {name!r:.60} is unknown; choose pessimistic, proportional, power:N or log"
        )
    return plain[kind]


def ahead_after(model: QueueModel, ahead: int, level: int, gone: int) -> int:
    """What is before us when `gone` of a level was canceled; never more than the level has left."""
    left = max(0, level - gone)
    if ahead > level:  # it joined after the level was last seen
        return left
    if ahead and gone:
        ahead -= model.gone_ahead(ahead, level - ahead, min(gone, level))
    return ahead if ahead < left else left


def _possible(cut: int, ahead: int, behind: int, gone: int) -> int:
    """No more than is there before us, and no less than is missing behind us."""
    return min(ahead, max(cut, gone - behind))
