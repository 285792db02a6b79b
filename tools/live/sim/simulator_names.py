"""Names that become files and folders, and the seed."""

from __future__ import annotations

import re

from ..core.errors import ContractError

LARGEST_SEED = 10**15

_is_name = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,119}", re.ASCII).fullmatch


def check_name(name: object, field: str) -> str:
    """The name itself; a ContractError when it would be no plain name of a file or folder."""
    if not isinstance(name, str) or not _is_name(name):
        raise ContractError(
            f"{field} {name!r:.80} is no name of 1 to 120 letters, digits, '_', '-' and '.',"
            " with no '.' at its beginning"
        )
    return name


def check_seed(seed: object) -> int:
    """The seed itself: a whole number from 0 on."""
    if type(seed) is not int or not 0 <= seed <= LARGEST_SEED:
        raise ContractError(f"seed {seed!r:.60} is no whole number from 0 to {LARGEST_SEED}")
    return seed
