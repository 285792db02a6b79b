"""Answers on their way: none overtakes another, and fills may be taken alone."""

from __future__ import annotations

from tools.live.core.words_v1 import BUY
from tools.live.exchange import FillEvent
from tools.live.sim.answers import Amended, Answers
from tools.live.sim.delays import Constant, Delays, DrawnDelays


def some_answers() -> Answers:
    delays = Delays(acknowledge=Constant(10), fill=Constant(3), cancel_answer=Constant(1))
    return Answers(DrawnDelays(delays, 1))


def test_each_arrives_behind_the_one_before() -> None:
    answers = some_answers()
    assert answers.next_ns() is None
    answers.accepted("C1", "O1", 100)
    answers.filled(FillEvent("O1", "A", BUY, 1, 1, 0), 100)
    answers.canceled("O1", 101)
    answers.cancel_failed("O1", "no", 120)
    answers.rejected("C2", "no", 120)
    answers.amended("O1", None, 120)
    assert [ns for ns, _ in answers.under_way] == [110, 110, 110, 121, 130, 130]
    assert answers.next_ns() == 110


def test_what_is_no_fill_stays_where_it_is() -> None:
    answers = some_answers()
    answers.accepted("C1", "O1", 0)
    answers.filled(FillEvent("O1", "A", BUY, 1, 1, 0, "F1"), 20)
    answers.canceled("O1", 30)
    answers.filled(FillEvent("O2", "A", BUY, 1, 1, 0, "F2"), 90)
    assert [(ns, fill.fill_id) for ns, fill in answers.arrived_fills(50)] == [(23, "F1")]
    kinds = [said.__class__.__name__ for _, said in answers.under_way]
    assert kinds == ["OrderAccepted", "OrderCanceled", "FillEvent"]


def test_the_state_tells_all_that_is_under_way() -> None:
    answers = some_answers()
    answers.filled(FillEvent("O1", "A", BUY, 1, 1, 0, "F1"), 20)
    answers.amended("O1", "no", 20)
    newest, told = answers.state()
    assert newest == 30
    assert told[0][:4] == (23, "FillEvent", "O1", "A") and "Buy" in told[0]  # type: ignore[index]
    assert told[1] == (30, "Amended", "O1", "no", 30)  # type: ignore[index]
    assert Amended("O1", None, 1) != Amended("O1", "no", 1)
