"""Chance as data: the one importer of `random`.

Only `Random.random()` may be called on what these functions return: it is the one method whose
sequence Python promises to keep from version to version.
"""

from __future__ import annotations

import hashlib
from random import Random


def seeded(seed: int) -> Random:
    """A generator straight from the seed, as the published sample run draws it."""
    return Random(seed)


def stream(seed: int, name: str) -> Random:
    """An independent generator for one named consumer, so a new one never shifts another's."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return Random(int.from_bytes(digest[:16], "big"))
