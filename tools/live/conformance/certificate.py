"""What came out: a certificate for machines, whose hash covers all of it, and a table for eyes.

Nothing in it depends on when or where it was made: the same adapter gets the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import __version__
from ..core import codec
from .candidate import Candidate, as_candidate, hooks_of
from .capabilities import Capabilities, form
from .case import Case, Outcome
from .catalogue import CASES, KIT_VERSION
from .runner import Result, run_cases


def certify(
    make: Callable[[], object], where: str, cases: Sequence[Case] = CASES
) -> dict[str, Any]:
    """Run the cases and write the certificate; `where` is the factory as MODULE:FACTORY."""
    return certificate(as_candidate(make()), where, run_cases(make, cases, where))


def certificate(candidate: Candidate, where: str, results: Sequence[Result]) -> dict[str, Any]:
    """The certificate of some results; `complete` when every case of the kit is among them."""
    counts = {
        outcome.value: sum(1 for one in results if one.outcome is outcome) for outcome in Outcome
    }
    stage = candidate.stage
    body: dict[str, Any] = {
        "kit_version": KIT_VERSION,
        "code_version": __version__,
        "adapter": where,
        "client": type(candidate.exchange).__name__,
        "declared": candidate.capabilities is not None,
        "capabilities": form(candidate.capabilities or Capabilities()),
        "hooks": [] if stage is None else list(hooks_of(stage)),
        "cases": [
            {
                "id": one.case.id, "title": one.case.title, "outcome": one.outcome.value,
                "evidence": one.evidence,
            }
            for one in results
        ],
        "counts": counts,
        "complete": len(results) == len(CASES),
        "certified": len(results) == len(CASES) and not counts[Outcome.FAILED.value],
    }  # fmt: skip
    return {**body, "sha256": codec.sha256(body)}


def table(told: dict[str, Any]) -> str:
    """The certificate for eyes: each case with its outcome, then the counts and the verdict."""
    lines = [f"{told['adapter']}  {told['client']}  kit {told['kit_version']}", ""]
    for case in told["cases"]:
        lines.append(f"{case['outcome']:<14}  {case['id']:<13}  {case['title']}")
        if case["outcome"] != Outcome.PASSED.value:
            lines.append(f"{'':<14}  {'':<13}  {case['evidence']}")
    counts = ", ".join(f"{count} {word}" for word, count in told["counts"].items())
    lines += ["", counts]
    if not told["declared"]:
        lines.append("the adapter declares no capabilities: only what all must do was asked")
    if not told["complete"]:
        lines.append("not all cases were asked, so this is no certificate")
    elif told["certified"]:
        left = told["counts"][Outcome.NOT_DRIVEN.value]
        lines.append(f"certified, but for {left} cases not driven" if left else "certified")
    else:
        lines.append("not certified")
    return "\n".join([*lines, f"sha256 {told['sha256']}"]) + "\n"


def catalogue_table(cases: Sequence[Case]) -> str:
    """The cases for eyes: what each proves, what must be declared and what the stage must offer."""
    lines = []
    for case in cases:
        wants = [f"needs {', '.join(case.needs)}"] if case.needs else []
        wants += [f"hooks {', '.join(case.hooks)}"] if case.hooks else []
        wanted = f"  ({'; '.join(wants)})" if wants else ""
        lines.append(f"{case.id:<13}  {case.title}{wanted}")
    return "\n".join([*lines, "", f"{len(cases)} cases, kit {KIT_VERSION}"]) + "\n"
