"""Runs the cases, each at an adapter of its own, and turns what happens into an outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..core.record import record
from .capabilities import METHODS, has
from .case import (
    MOST_OF_EVIDENCE, Case, CaseFailed, CaseNotDriven, CaseWarned, Outcome,
)  # fmt: skip
from .desk import WORLD_FAILED, Desk

MATRIX = "matrix-"
ONLY_OURS = "only LiveError and OSError may leave an adapter"


@record
class Result:
    """How one case ended, with one line of evidence."""

    case: Case
    outcome: Outcome
    evidence: str


def run_cases(
    make: Callable[[], object], cases: Sequence[Case], where: str | None = None
) -> list[Result]:
    """Every case at a new adapter; `where` is the factory's name for another process."""
    return [Result(case, *_run(make, case, where)) for case in cases]


def _run(
    make: Callable[[], object], case: Case, where: str | None
) -> tuple[Outcome, str]:
    try:
        desk = Desk(make, where)
        absent = [need for need in case.needs if not has(desk.can, need)]
        if absent:
            return Outcome.NOT_APPLICABLE, f"not declared: {', '.join(absent)}"
        lacking = _lacking(case, desk)
        if lacking:
            return Outcome.NOT_DRIVEN, lacking
        return Outcome.PASSED, one_line(case.prove(desk))
    except CaseFailed as failed:
        return Outcome.FAILED, one_line(str(failed))
    except CaseWarned as warned:
        return Outcome.WARNED, one_line(str(warned))
    except CaseNotDriven as undriven:
        return Outcome.NOT_DRIVEN, one_line(str(undriven))
    except WORLD_FAILED as error:
        return Outcome.FAILED, one_line(f"raised {type(error).__name__}: {error}")
    except (Exception, SystemExit) as error:
        return Outcome.FAILED, one_line(f"raised {type(error).__name__}: {error}; {ONLY_OURS}")


def _lacking(case: Case, desk: Desk) -> str:
    """What is not there that the case cannot begin without; empty when nothing is missing."""
    hooks = [name for name in case.hooks if getattr(desk.stage, name) is None]
    if hooks:
        return f"the stage offers no {', '.join(hooks)}"
    later = ("answers_later",) if desk.can.answers_later and not case.id.startswith(MATRIX) else ()
    for need in (*case.needs, *later):
        methods = METHODS.get(need, ("submit",) if ":" in need else ())
        missing = [m for m in methods if not callable(getattr(desk.exchange, m, None))]
        if missing:
            return f"{need} is declared, and there is no {', '.join(missing)}"
    return ""


def one_line(text: str) -> str:
    """Evidence in plain ASCII, on one line of bounded length."""
    shown = "".join(
        char if " " <= char <= "~" else char.encode("unicode_escape").decode() for char in text
    )
    return shown if len(shown) <= MOST_OF_EVIDENCE else shown[: MOST_OF_EVIDENCE - 3] + "..."
