"""Statistics out of exact integers: the one place where a sum becomes a double.

A quotient and a root are rounded once, correctly, from the exact value, so that they come out the
same on every machine. What is not defined (a ratio to nothing) is None, never NaN.
"""

from __future__ import annotations

from math import isqrt

from ..core.money import divide_half_even

_BITS = 128  # of a root before it is rounded to a double's 53
_KEPT_DIGITS = 1000


def ratio(part: int, whole: int) -> float | None:
    """The double nearest to part / whole; None where there is no whole."""
    return part / whole if whole else None


def root_of_ratio(part: int, whole: int) -> float | None:
    """The double nearest to the square root of part / whole, both not below zero."""
    if not whole:
        return None
    shift = max(_BITS - (part.bit_length() - whole.bit_length()) // 2, 0)
    scaled, lost = divmod(part << 2 * shift, whole)
    root = isqrt(scaled)
    inexact = lost or root * root != scaled
    return (root << 1 | bool(inexact)) / (1 << shift + 1)  # the last bit keeps ties honest


def signed_root(part: int, whole: int) -> float | None:
    """The root of the size of part / whole, with the sign of part; whole is above zero."""
    root = root_of_ratio(abs(part), whole)
    return -root if root is not None and part < 0 else root


def three_digits(value: int) -> int:
    """A value that is not below zero rounded to three digits, so that few different ones exist."""
    unit = 1
    while value >= _KEPT_DIGITS * unit:
        unit *= 10
    return divide_half_even(value, unit) * unit
