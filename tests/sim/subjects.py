"""The logs under test, by name. An adapter of another log is one more entry here."""

from __future__ import annotations

from tests.sim.journal_adapter import JOURNAL
from tests.sim.mutants import MODEL, of_disk, of_model
from tests.sim.subject import Subject

SUBJECTS: dict[str, Subject] = {MODEL.name: MODEL, JOURNAL.name: JOURNAL}

# The others only prove the harness, so they get a part of its time.
UNDER_TEST = list(SUBJECTS)[-1]


def mutants() -> dict[str, Subject]:
    """Every mutant: those of the disk for each log, and the model's own flaws."""
    others = [whole for whole in SUBJECTS.values() if whole is not MODEL]
    found = [*of_model(), *(mutant for whole in others for mutant in of_disk(whole))]
    return {mutant.name: mutant for mutant in found}
