"""What somebody may have meant who wrote a word that is not known."""

from __future__ import annotations

from collections.abc import Sequence


def meant(word: str, known: Sequence[str]) -> str:
    """The nearest known word as a question, or all of them when none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word[:60], known, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
