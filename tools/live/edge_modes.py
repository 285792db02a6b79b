"""Where the edge of a run comes from: the words that people ask with, and those that are recorded.

Who asks for a computed edge gets markouts. A recorded `computed` is the measurement of the first
journals, against the first quote behind a horizon; they replay, fork and go on with it.
"""

from __future__ import annotations

SCRIPTED = "scripted"
COMPUTED = "computed"
MARKOUTS = "markouts"

ASKED = (SCRIPTED, COMPUTED)
RECORDED = (SCRIPTED, MARKOUTS, COMPUTED)


def begun_as(asked: str, recorded: object = None) -> str:
    """The word for a run that is asked for; one that goes on keeps the measurement it has."""
    if asked != COMPUTED:
        return asked
    return COMPUTED if recorded == COMPUTED else MARKOUTS


def either(words: tuple[str, ...]) -> str:
    """The words as a sentence names them."""
    return f"{', '.join(words[:-1])} or {words[-1]}"
