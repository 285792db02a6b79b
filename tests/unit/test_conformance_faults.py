"""Faults of adapters that the table of broken ones does not hold, and what is no fault."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.exchange.answers_later import AnswersLater
from tests.exchange.broken_adapters import BROKEN
from tests.exchange.paper_venue import PaperVenue, Row, paper, staged
from tests.unit.conformance_builders import ended, failure, with_
from tools.live.conformance import cases_life, cases_matrix, catalogue
from tools.live.conformance.candidate import Candidate, Fate, Stage
from tools.live.conformance.capabilities import Capabilities
from tools.live.conformance.case import Outcome
from tools.live.conformance.runner import run_cases
from tools.live.core.contracts_v1 import BUY
from tools.live.core.errors import ContractError, LiveError
from tools.live.exchange import (
    FillEvent, OpenOrder, OrderStatus, PlaceOrderRequest, PlaceOrderResponse, Position,
)  # fmt: skip
from tools.live.exchange_query import OrderAnswer
from tools.live.sim.orders import OrderRequest


class TalksNonsense(PaperVenue):
    def get_order(self, client_order_id: str) -> OrderAnswer:
        return "open"  # type: ignore[return-value]

    def get_balances(self) -> dict[str, int] | None:
        return None

    def get_fills(self) -> list[FillEvent] | None:
        return None


@pytest.mark.parametrize(
    ("case_id", "said"),
    [
        ("query-001", "not an OrderAnswer"),
        ("books-010", "get_balances gave None"),
        ("books-011", "get_fills gave None"),
    ],
)
def test_what_is_no_answer_is_told(case_id: str, said: str) -> None:
    assert said in failure(TalksNonsense, case_id)


def test_an_order_id_without_a_number_is_no_sequence() -> None:
    class Letters(PaperVenue):
        def new_id(self) -> str:
            return "V" + "x" * len(self.rows)

    assert "does not end in a number" in failure(Letters, "place-002")
    less = with_(sequential_ids=False)
    assert ended(lambda: Candidate(Letters(), less), "claims-002").outcome is Outcome.PASSED


def test_an_order_id_that_is_no_text_is_told() -> None:
    class Numbers(PaperVenue):
        def new_id(self) -> str:
            return len(self.rows) + 1  # type: ignore[return-value]

    assert failure(Numbers, "place-001") == "the id 1 is no text"


def test_an_adapter_that_takes_nothing_has_no_ids() -> None:
    class Deaf(PaperVenue):
        def refusal(self, order: OrderRequest) -> str | None:
            return "closed"

    make = lambda: staged(Deaf())  # noqa: E731
    assert ended(make, "place-002").evidence == "no order was taken"
    assert ended(make, "place-007").outcome is Outcome.PASSED
    assert ended(make, "books-006").outcome is Outcome.NOT_DRIVEN
    assert ended(make, "books-007").evidence.startswith("0 of 3")
    assert ended(make, "place-006").outcome is Outcome.NOT_DRIVEN
    assert ended(lambda: Candidate(Deaf(), Capabilities()), "claims-001").outcome is Outcome.PASSED


def test_nonsense_and_odd_sizes_may_be_exceptions_of_ours() -> None:
    class Raises(PaperVenue):
        def rejected(self, why: str) -> PlaceOrderResponse:
            raise ContractError(f"{why}; give another")

        def refusal(self, order: OrderRequest) -> str | None:
            return "too small" if order.qty < 10**8 else super().refusal(order)

    make = lambda: staged(Raises())  # noqa: E731
    for case_id in ("place-005", "place-006", "place-010", "place-011", "books-006", "books-007"):
        assert ended(make, case_id).outcome is Outcome.PASSED, case_id


def test_a_strange_word_may_raise_when_it_is_canceled() -> None:
    class Picky(PaperVenue):
        def cancel(self, order_id: str) -> bool:
            if not order_id.startswith("V"):
                raise LiveError("no id of ours")
            return super().cancel(order_id)

    assert ended(lambda: staged(Picky()), "place-011").outcome is Outcome.PASSED


def test_fills_of_orders_that_nobody_sent_are_told() -> None:
    class Ghosts(PaperVenue):
        def execute(self, row: Row, qty: int) -> None:
            super().execute(row, qty)
            self.executions[-1].order_id = "GHOST"

    assert "which nobody ordered" in failure(Ghosts, "fills-006")
    assert ended(lambda: staged(Ghosts()), "fills-008").outcome is Outcome.PASSED


def test_fills_without_an_id_are_told() -> None:
    class Nameless(PaperVenue):
        def execute(self, row: Row, qty: int) -> None:
            super().execute(row, qty)
            self.executions[-1].fill_id = None

    assert "has no id" in failure(Nameless, "fills-002")
    less = with_(repeats_fills=True)
    stage = staged(PaperVenue()).stage
    result = ended(lambda: Candidate(Nameless(), less, stage), "books-004")
    assert result.outcome is Outcome.PASSED


def test_open_orders_that_nobody_sent_are_told() -> None:
    class Ghosts(PaperVenue):
        def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
            listed = super().get_open_orders(symbol)
            for one in listed:
                one.order_id += "x"
            return listed

    assert "nobody ordered it" in failure(Ghosts, "books-002")
    assert "and not listed" in failure(Ghosts, "books-001")


def test_two_positions_of_one_symbol_are_told() -> None:
    class Double(PaperVenue):
        def get_positions(self) -> list[Position]:
            return super().get_positions() * 2

    assert "listed 2 times" in failure(Double, "books-005")


def test_a_known_order_that_is_not_shown_is_told() -> None:
    class Hides(PaperVenue):
        def get_order(self, client_order_id: str) -> OrderAnswer:
            return OrderAnswer(super().get_order(client_order_id).found, None)

    assert "not shown" in failure(Hides, "query-002")


def test_a_request_kept_back_that_is_answered_is_told() -> None:
    class Answers(PaperVenue):
        def keep_back(self) -> None:
            return None

    assert "was answered" in failure(Answers, "doubt-004")
    assert "NotSent" in failure(BROKEN["SaysTimeoutForNotSent"].make().exchange.__class__,
                                "doubt-004")  # fmt: skip
    timeouts = BROKEN["SaysTimeoutForNotSent"].make
    assert ended(timeouts, "doubt-005").outcome is Outcome.NOT_DRIVEN


def test_a_less_able_adapter_is_asked_less_on_a_cut_line() -> None:
    class Five(PaperVenue):
        CAN = Capabilities()

    assert ended(lambda: staged(Five()), "doubt-006").evidence == "2 questions raised"


def test_a_late_answer_to_a_doubt_is_an_answer() -> None:
    class Answers(AnswersLater):
        def lose_answer(self) -> None:
            return None

    evidence = failure(Answers, "doubt-001")
    assert "was answered" in evidence


def test_a_definite_no_at_once_is_an_answer_to_a_doubt() -> None:
    class SaysNo(AnswersLater):
        def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
            return PlaceOrderResponse(False, None, OrderStatus.REJECTED, "no answer")

    assert "was answered" in failure(SaysNo, "doubt-001")


def test_answers_that_come_at_once_are_not_on_their_way() -> None:
    class Quick(AnswersLater):
        DELAY_NS = 0

    make = lambda: staged(Quick())  # noqa: E731
    assert ended(make, "later-003").outcome is Outcome.PASSED


def test_a_process_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    (failed,) = run_cases(paper, catalogue.chosen(["life-005"]), "no_such_module_here:make")
    assert failed.outcome is Outcome.FAILED and "ended with" in failed.evidence

    def refuse(*_: object) -> int:
        raise OSError(52, "not here")

    monkeypatch.setattr(cases_life.os, "spawnve", refuse)
    (none,) = run_cases(paper, catalogue.chosen(["life-005"]), "tests.exchange.paper_venue:paper")
    assert none.evidence == "this system starts no processes: not here"
    monkeypatch.delattr(cases_life.os, "spawnve")
    (none,) = run_cases(paper, catalogue.chosen(["life-005"]), "tests.exchange.paper_venue:paper")
    assert none.evidence == "this system starts no processes"
    assert ended(paper, "life-005").outcome is Outcome.NOT_DRIVEN


def test_days_of_different_length_differ() -> None:
    with pytest.raises(cases_life.CaseFailed, match="1 lines, then 2"):
        cases_life._same(["a"], ["a", "b"])


def test_a_world_that_does_not_trade_leaves_amendments_undriven() -> None:
    make = BROKEN["DeafToTrades"].make
    assert ended(make, "amend-001").outcome is Outcome.NOT_DRIVEN


def test_an_unknown_amendment_may_be_passed_over() -> None:
    class Quiet(PaperVenue):
        def amend(self, order_id: str, *, qty: int) -> None:
            return None

    assert ended(lambda: staged(Quiet()), "amend-003").outcome is Outcome.PASSED


def test_a_post_only_order_may_be_taken_and_rest() -> None:
    class Reprices(PaperVenue):
        def refusal(self, order: OrderRequest) -> str | None:
            if order.post_only:
                self.fate = Fate.RESTS
            return super().refusal(order)

    result = ended(lambda: staged(Reprices()), "order-003")
    assert result.evidence == "taken, and nothing filled"


@pytest.mark.parametrize("name", ["query", "fills_listing", "balances"])
def test_what_is_there_and_cannot_tell_is_not_declared(name: str) -> None:
    class CannotTell(PaperVenue):
        CAN = Capabilities()

        def get_order(self, client_order_id: str) -> OrderAnswer:
            raise LiveError("not offered")

        def get_fills(self) -> list[FillEvent] | None:
            raise LiveError("not offered")

        def get_balances(self) -> dict[str, int] | None:
            return None

    number = list(cases_matrix.METHODS).index(name) + 1
    make = lambda: staged(CannotTell())  # noqa: E731
    assert ended(make, f"matrix-{number:03d}").outcome is Outcome.PASSED


def test_an_adapter_without_hooks_is_asked_what_needs_none() -> None:
    results = run_cases(lambda: Candidate(PaperVenue(), None, Stage()), catalogue.CASES)
    counts = [one.outcome for one in results].count
    assert counts(Outcome.NOT_DRIVEN) > 20 and counts(Outcome.PASSED) > 20
    assert counts(Outcome.FAILED) == 0


def test_a_stream_that_never_says_anything_ends() -> None:
    class Silent(PaperVenue):
        def stream_fills(self) -> Iterator[FillEvent]:
            return iter(())

    assert ended(lambda: staged(Silent()), "fills-011").evidence == "behind 0 fills"


def test_two_streams_may_name_a_repeated_fill_otherwise_than_the_answer() -> None:
    class Renames(PaperVenue):
        CAN = with_(repeats_fills=True)

        def get_order(self, client_order_id: str) -> OrderAnswer:
            answer = super().get_order(client_order_id)
            for fill in answer.fills:
                fill.fill_id = "other"
            return answer

    assert ended(lambda: staged(Renames()), "query-003").outcome is Outcome.PASSED


def test_a_report_may_come_twice_if_it_is_the_same() -> None:
    class Repeats(PaperVenue):
        CAN = with_(repeats_fills=True)

        def stream_fills(self) -> Iterator[FillEvent]:
            for fill in super().stream_fills():
                yield fill
                yield fill

    results = run_cases(lambda: staged(Repeats()), catalogue.CASES)
    assert [one for one in results if one.outcome is Outcome.FAILED] == []
    assert ended(lambda: staged(Repeats()), "fills-007").evidence == "32 reports of 16 fills"


def test_an_adapter_that_cannot_be_asked_now_is_not_known_to_answer_later() -> None:
    class Closed(AnswersLater):
        CAN = with_(answers_later=False)

        def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
            raise LiveError("closed")

    assert ended(lambda: staged(Closed()), "matrix-002").outcome is Outcome.PASSED


def test_an_order_that_fills_too_much_when_it_arrives_is_told() -> None:
    class Generous(PaperVenue):
        def execute(self, row: Row, qty: int) -> None:
            super().execute(row, qty + qty // 2 if qty == row.qty else qty)

        def trade(self, order_id: str, qty: int) -> None:
            return None

    assert "filled" in failure(Generous, "fills-004")


def test_fills_without_an_id_are_still_handed_out_once() -> None:
    class Again(PaperVenue):
        def execute(self, row: Row, qty: int) -> None:
            super().execute(row, qty)
            self.executions[-1].fill_id = None

        def stream_fills(self) -> Iterator[FillEvent]:
            yield from self.executions[-1:]

    assert "handed out again" in failure(Again, "fills-001")


def test_a_late_fill_that_moves_nothing_is_told() -> None:
    class Late(PaperVenue):
        def trade(self, order_id: str, qty: int) -> None:
            super().trade(order_id, qty)
            gone = self.open_row(lambda row: row.order_id == order_id) is None
            if gone and self.executions:
                self.untold.append(self.executions[-1])

    assert "filled behind its confirmed cancel" in failure(Late, "cancel-007")


def test_a_reduce_only_sale_that_buys_is_told() -> None:
    class Buys(PaperVenue):
        def execute(self, row: Row, qty: int) -> None:
            row.side = BUY if row.order.reduce_only else row.side
            super().execute(row, qty)

    assert "into 2000000000" in failure(Buys, "order-006")


def test_an_answer_that_changes_from_question_to_question_is_told() -> None:
    class Grows(PaperVenue):
        def get_order(self, client_order_id: str) -> OrderAnswer:
            self.executions += self.executions
            return super().get_order(client_order_id)

    assert "the third answer differs" in failure(Grows, "query-007")


def test_an_adapter_of_plain_orders_needs_no_way_to_send_others() -> None:
    class Plain(PaperVenue):
        CAN = Capabilities()

    assert ended(lambda: staged(Plain()), "matrix-011").evidence.startswith("only limit orders")


def test_methods_that_only_a_call_could_prove_are_not_called_unasked() -> None:
    class Five(PaperVenue):
        CAN = Capabilities(cancel=False)

    results = run_cases(lambda: staged(Five()), catalogue.CASES)
    warned = [one.case.id for one in results if one.outcome is Outcome.WARNED]
    assert "matrix-001" in warned and "matrix-007" not in warned  # a cancel, an amendment
