"""The judge sees each kind of wrong, and a failure says how to see it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.sim import __main__ as campaign
from tests.sim import harness
from tests.sim.at_rest import last_segment, whole_log
from tests.sim.figures import table
from tests.sim.harness import Case
from tests.sim.judge import Judge, Violation
from tests.sim.model_log import ModelLog
from tests.sim.sim_disk import EVENTS_KEPT, SimDisk
from tests.sim.subject import Corrupt, Log, Record, Subject, digest_of
from tests.sim.workloads import WORKLOADS

A = [Record("a", number, f"a{number}") for number in range(7)]
B = [Record("b", number, f"b{number}") for number in range(7)]


def a_judge(*, open_: int = 0) -> Judge:
    """Three records acknowledged, and some more only appended."""
    judge = Judge()
    for record in A[1:4]:
        judge.appended(record)
    judge.acknowledged(strict=True)
    for record in A[4 : 4 + open_]:
        judge.appended(record)
    return judge


def shows(judge: Judge, *records: Record) -> None:
    judge.opened(list(records), digest_of(records))


@pytest.mark.parametrize("more", range(3))
def test_what_nobody_acknowledged_may_survive_in_part(more: int) -> None:
    judge = a_judge(open_=2)
    shows(judge, *A[1 : 4 + more])
    with pytest.raises(Violation, match="lost|invented"):
        shows(judge, *A[1:4], *A[4 : 4 + (more + 1) % 3])


WRONG: dict[str, tuple[str, Callable[[Judge], None]]] = {
    "lost": ("lost: 1 acknowledged, from a3", lambda j: shows(j, *A[1:3])),
    "all lost": ("lost: 3 acknowledged, from a1", lambda j: shows(j)),
    "first lost": ("the beginning is gone", lambda j: shows(j, *A[2:4])),
    "changed": ("changed", lambda j: shows(j, A[1], Record("a", 2, "other"), A[3])),
    "out of order": ("changed", lambda j: shows(j, A[1], A[3], A[2])),
    "invented": ("invented: a4", lambda j: shows(j, *A[1:5])),
    "doubled": ("changed|invented", lambda j: shows(j, *A[1:4], A[3])),
    "foreign": ("changed", lambda j: shows(j, *B[1:4])),
    "wrong state": ("not the fold", lambda j: j.opened(A[1:4], digest_of(A[1:3]))),
    "taken twice": ("taken twice", lambda j: j.appended(A[3])),
    "gap": ("out of turn", lambda j: j.appended(A[5])),
    "gap at first": ("out of turn", lambda j: j.appended(B[2])),
    "unknown": ("nobody has it", lambda j: j.known(A[4])),
    "false alarm": ("false alarm", lambda j: j.refused("why")),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_judge_sees(name: str) -> None:
    message, act = WRONG[name]
    with pytest.raises(Violation, match=message):
        act(a_judge())


def test_a_hole_in_what_is_not_acknowledged_is_seen() -> None:
    with pytest.raises(Violation, match="changed"):
        shows(a_judge(open_=3), *A[1:4], A[5])


def test_nothing_is_acknowledged_after_an_error() -> None:
    judge = a_judge(open_=1)
    judge.broke()
    with pytest.raises(Violation, match="acknowledged after an error"):
        judge.acknowledged(strict=False)
    with pytest.raises(Violation, match="open in spite of"):
        shows(judge, *A[1:4])
    judge.ended()
    shows(judge, *A[1:4])


def test_what_was_shown_is_promised() -> None:
    judge = a_judge(open_=2)
    shows(judge, *A[1:6])
    with pytest.raises(Violation, match="lost"):
        shows(judge, *A[1:5])


def test_retention_takes_away_no_more_than_a_checkpoint_has() -> None:
    judge = a_judge()
    judge.checkpointing()
    judge.appended(A[4])
    judge.acknowledged(strict=True)
    judge.retaining()
    digest = digest_of(A[1:5])
    for first in range(1, 5):
        judge.clone().opened(A[first:5], digest)
    with pytest.raises(Violation, match="lost"):
        judge.opened([], digest)


def test_damage_excuses_a_refusal_and_the_loss_of_what_was_not_secured() -> None:
    judge = a_judge(open_=2)
    judge.acknowledged(strict=False)
    judge.marred = True
    judge.refused("damaged")
    with pytest.raises(Violation, match="lost"):
        shows(judge.clone(), *A[1:3])
    shows(judge, *A[1:5])


class WritesOn(ModelLog):
    """Forgets at its close that it has failed."""

    def close(self) -> None:
        self._failed = False
        super().close()


def test_a_log_that_writes_after_a_fault_is_seen() -> None:
    subject = Subject("writes on", WritesOn)
    with pytest.raises(harness.Found, match="changed something on the disk after an error"):
        for call in range(20, 60):
            harness.fail_at(subject, Case(subject.name, "steady", fail=call), Counter())


def leaves_a_note(disk: SimDisk) -> Log:
    """Refuses, but not without having written something."""
    try:
        return ModelLog(disk)
    except Corrupt:
        disk.create("note")
        raise


def test_a_refusal_that_changes_something_is_seen() -> None:
    world = whole_log(Subject("leaves a note", leaves_a_note))
    with pytest.raises(harness.Found, match="refused to open, but changed note"):
        harness.flipped(world, last_segment(world), 99, "here", Counter())


def test_a_failure_shows_the_last_events_and_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["--workload", "mixed", "--log", "model, skip fsync"]
    assert campaign.main(arguments) == 1
    first = capsys.readouterr().out
    what, *events, command = first.splitlines()
    assert what.startswith("Violation: ")
    assert len(events) == EVENTS_KEPT and all(event.startswith("  ") for event in events)
    assert command == "python -m tests.sim --seed 0 --workload mixed --log 'model, skip fsync'"
    assert campaign.main(arguments) == 1
    assert capsys.readouterr().out == first


@pytest.mark.parametrize("words", ["--seed 3", "--crash 30 --then 4", "--fail 30",
                                   "--crash 30 --then -1 --again 9"])  # fmt: skip
def test_every_case_can_be_played_from_its_command(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert campaign.main(["--workload", "steady", "--log", "model", *words.split()]) == 0
    assert "acked events lost 0" in capsys.readouterr().out


def test_a_case_is_its_command() -> None:
    case = Case("model", "steady", seed=1, crash=2, then=3, again=4)
    assert str(case) == (
        "python -m tests.sim --seed 1 --workload steady --log 'model'"
        " --crash 2 --then 3 --again 4"
    )
    assert str(Case("model", "steady", fail=5)).endswith("'model' --fail 5")


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workload_is_a_function_of_its_seed(name: str) -> None:
    assert WORKLOADS[name](5) == WORKLOADS[name](5)
    assert WORKLOADS[name](5) != WORKLOADS[name](6)


def test_the_table_leaves_out_what_was_never_counted() -> None:
    assert table(Counter({"seeds": 2_000, "sync errors": 3})) == [
        "seeds              2,000", "EIO at a sync          3",
    ]  # fmt: skip
    assert table(Counter()) == []


def test_the_table_shows_whatever_was_counted_and_mutants_as_a_share() -> None:
    counted = Counter({"zebras": 1, "seeds": 2_000, "mutants": 61, "mutants killed": 60, "apes": 3})
    assert table(counted) == [
        "seeds               2,000",
        "apes                    3",
        "zebras                  1",
        "mutants killed      60/61",
    ]
    assert table(Counter({"mutants": 3})) == ["mutants killed        0/3"]
