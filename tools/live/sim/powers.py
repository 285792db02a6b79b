"""Logarithms and powers of two in whole numbers: the same bits on every machine.

The C library's `pow` and `log` may differ in the last bit from one machine to the next, and a
queue position must not. So both are computed in fixed point: a logarithm by squaring its argument
bit by bit, a power from square roots. Errors stay below 2^-40 of a unit.
"""

from __future__ import annotations

from math import isqrt

FRACTION = 48  # binary places of a logarithm
ONE = 1 << FRACTION

_PLACES = 112  # binary places in between
_UNIT = 1 << _PLACES


def log2(numerator: int, denominator: int) -> int:
    """The logarithm to base two of a ratio of two numbers above zero, times 2^48, rounded down."""
    whole = numerator.bit_length() - denominator.bit_length()
    shift = _PLACES - whole
    if shift >= 0:
        value = (numerator << shift) // denominator
    else:
        value = numerator // (denominator << -shift)
    if value < _UNIT:
        whole -= 1
        value <<= 1
    places = 0
    for _ in range(FRACTION):
        value = value * value >> _PLACES
        places <<= 1
        if value >> (_PLACES + 1):
            value >>= 1
            places |= 1
    return whole * ONE + places


def exp2(exponent: int) -> int:
    """Two to an exponent of 48 binary places and at least 0, times 2^112, rounded down."""
    whole, places = divmod(exponent, ONE)
    value = _UNIT
    for place, root in enumerate(_ROOTS, 1):
        if places >> (FRACTION - place) & 1:
            value = value * root >> _PLACES
    return value << whole


def _roots() -> tuple[int, ...]:
    """The square root of two, the root of that, and so on, times 2^112."""
    roots = [isqrt(_UNIT * _UNIT << 1)]
    while len(roots) < FRACTION:
        roots.append(isqrt(roots[-1] << _PLACES))
    return tuple(roots)


_ROOTS = _roots()
UNIT = _UNIT
