"""What a candidate is, how a desk drives one, and how the runner tells what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.exchange.answers_later import AnswersLater, later
from tests.exchange.paper_venue import PaperVenue, paper, staged
from tools.live.conformance import desk as desks
from tools.live.conformance.candidate import HOOKS, Candidate, Fate, Stage, as_candidate, hooks_of
from tools.live.conformance.capabilities import METHODS, Capabilities, check, form, has
from tools.live.conformance.case import (
    MOST_OF_EVIDENCE, Case, CaseFailed, CaseNotDriven, CaseWarned, Outcome, require,
)  # fmt: skip
from tools.live.conformance.desk import Desk, flow
from tools.live.conformance.runner import one_line, run_cases
from tools.live.conformance.stages import fake, fates_of
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.errors import ContractError, LiveError
from tools.live.core.money import SCALE
from tools.live.core.record import fields_of
from tools.live.exchange import (
    FakeExchangeClient, FillEvent, OrderStatus, PlaceOrderResponse,
)  # fmt: skip

# Capabilities.


def test_needs_are_read_from_the_matrix() -> None:
    can = Capabilities(query=True, time_in_force=("GTC", "IOC"), self_trade="cancel_oldest")
    assert has(can, "query") and not has(can, "amend")
    assert has(can, "not amend") and not has(can, "not query")
    assert has(can, "time_in_force:IOC") and not has(can, "time_in_force:FOK")
    assert has(can, "self_trade:cancel_oldest") and not has(can, "self_trade:allow")
    assert has(can, "prevents_self_trade") and not has(Capabilities(), "prevents_self_trade")
    assert not has(can, "client_id_length") and has(Capabilities(client_id_length=11),
                                                    "client_id_length")  # fmt: skip


def test_every_capability_with_methods_is_one() -> None:
    assert set(METHODS) <= set(fields_of(Capabilities))
    assert form(Capabilities())["order_types"] == ["limit"]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"query": 1}, "capability query 1 is not a bool; say True or False"),
        ({"order_types": ()}, "capability order_types () is no tuple of words of: limit, market"),
        ({"order_types": ["limit"]}, "is no tuple of words of"),
        ({"time_in_force": ("GTC", "ever")}, "is no tuple of words of: GTC, IOC"),
        ({"self_trade": "never"}, "capability self_trade 'never' is none of: unknown, allow"),
        ({"client_id_length": 10}, "client_id_length 10 is no whole number from 11"),
        ({"client_id_length": 1001}, "from 11 (our ids) to 1000"),
        ({"client_id_length": True}, "client_id_length True is no whole number"),
    ],
)
def test_a_matrix_that_cannot_be_is_refused(said: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ContractError) as refused:
        check(Capabilities(**said))
    assert wrong in str(refused.value)


def test_something_else_is_no_matrix() -> None:
    with pytest.raises(ContractError, match="capabilities\\(\\) gave dict, not a Capabilities"):
        check({})
    assert check(Capabilities(client_id_length=1000)).client_id_length == 1000


# Candidates.


class Bare:
    """The five methods, and nothing else."""

    place_limit = cancel = get_open_orders = get_positions = stream_fills = lambda self: None


def test_an_adapter_alone_is_a_candidate() -> None:
    bare = as_candidate(Bare())
    assert bare.capabilities is None and bare.stage == Stage()
    told = as_candidate(PaperVenue())
    assert told.capabilities == PaperVenue.CAN and hooks_of(bare.stage or Stage()) == ()


def test_what_the_candidate_says_goes_before_what_the_adapter_says() -> None:
    said = Capabilities(query=True)
    assert as_candidate(Candidate(PaperVenue(), said)).capabilities is said


def test_hooks_are_named() -> None:
    assert HOOKS == (
        "meets", "fill", "lose_answer", "keep_back", "disconnect", "reconnect", "advance",
    )  # fmt: skip
    stage = paper().stage
    assert stage is not None and hooks_of(stage) == HOOKS


@pytest.mark.parametrize(
    ("made", "wrong"),
    [
        (7, "the factory made int, which has no method of IExchangeClient; return an adapter"),
        (None, "the factory made NoneType"),
        (type("Half", (), {"cancel": len, "place_limit": len, "get_positions": len,
                           "stream_fills": len})(), "Half lacks get_open_orders of"
         " IExchangeClient; add it"),
        (type("Less", (), {"cancel": len})(), "Less lacks place_limit, get_open_orders,"),
        (Candidate(Bare(), None, {}), "the stage is dict, not a Stage"),  # type: ignore[arg-type]
        (Candidate(Bare(), None, Stage(price_e9=9_999)), "trades 1000000000 at 9999 (at 10^9)"),
        (Candidate(Bare(), None, Stage(qty_e9=0)), "the stage trades 0 at 100000000000"),
    ],
)  # fmt: skip
def test_what_is_no_candidate_is_refused(made: object, wrong: str) -> None:
    with pytest.raises(ContractError) as refused:
        as_candidate(made)
    assert wrong in str(refused.value)


# Desks.


def test_prices_of_a_desk_never_meet_each_other() -> None:
    desk = Desk(paper)
    buys = [desk.request(BUY).price_e9 for _ in range(60)]
    sells = [desk.request(SELL).price_e9 for _ in range(60)]
    assert buys == sorted(set(buys)) and sells == sorted(set(sells), reverse=True)
    assert max(buys) < min(sells)
    assert desk.request(name="own").client_order_id == "own"
    assert desk.request().client_order_id == "CLI00000122"


def test_a_flow_meets_every_fate_on_every_side() -> None:
    desk = Desk(paper)
    placed = flow(desk)
    seen = {
        (one.request.symbol, one.request.side, bool(desk.filled(one.order_id or "")))
        for one in placed
    }
    assert len(seen) == 8 and len(desk.canceled()) == 2  # what has filled is not canceled


def test_a_world_without_hooks_cannot_be_arranged() -> None:
    desk = Desk(PaperVenue)
    with pytest.raises(CaseNotDriven, match="no meets"):
        desk.resting()
    desk.place(desk.request())
    with pytest.raises(CaseNotDriven, match="no fill"):
        desk.trade("V000001", 1)
    assert [one.order_id for one in flow(desk, 3)][:2] == ["V000001", "V000002"]


def test_a_fate_that_is_missed_says_what_became_of_the_order() -> None:
    desk = Desk(lambda: Candidate(PaperVenue(), None, Stage(meets=lambda request, fate: None)))
    with pytest.raises(CaseNotDriven, match="arranged 'fills' filled 0 of 1000000000"):
        desk.filling()
    with pytest.raises(CaseNotDriven, match="arranged 'is rejected' filled 0"):
        desk.arranged(desk.request(), Fate.REJECTED)
    refusing = Desk(paper)
    refusing.exchange.refusal = lambda order: "closed"
    with pytest.raises(CaseNotDriven, match="arranged 'rests' was rejected"):
        refusing.resting()


def a_desk(**methods: Callable[..., Any]) -> Desk:
    """A desk at a paper venue with some methods replaced."""
    desk = Desk(paper)
    for name, method in methods.items():
        setattr(desk.exchange, name, method)
    return desk


def test_answers_of_the_wrong_kind_fail_a_case() -> None:
    desk = a_desk(
        place_limit=lambda req: True, cancel=lambda order_id: "yes",
        get_open_orders=lambda symbol: (), stream_fills=lambda: iter(range(20_000)),
    )  # fmt: skip
    with pytest.raises(CaseFailed, match="the answer is bool, not a PlaceOrderResponse"):
        desk.place(desk.request())
    with pytest.raises(CaseFailed, match="cancel answered 'yes', neither True nor False"):
        desk.cancel("V1")
    with pytest.raises(CaseFailed, match="get_open_orders gave \\(\\), not a list of OpenOrder"):
        desk.open_orders()
    desk.exchange.get_positions = lambda: {"BTCUSDT": 1}
    with pytest.raises(CaseFailed, match="get_positions gave .*, not a list of Position"):
        desk.positions()
    with pytest.raises(CaseNotDriven, match="goes on behind 10000 items"):
        desk.settle()


def test_a_list_of_something_else_fails_a_case() -> None:
    desk = a_desk(get_open_orders=lambda symbol: ["V1"])
    with pytest.raises(CaseFailed, match="not a list of OpenOrder"):
        desk.open_orders()


def test_a_success_without_an_id_fails_a_case() -> None:
    desk = a_desk(place_limit=lambda req: PlaceOrderResponse(True, None, OrderStatus.OPEN))
    with pytest.raises(CaseFailed, match="an order that nobody can name"):
        desk.place(desk.request())


def test_an_answer_that_never_comes_fails_a_case() -> None:
    desk = Desk(later)
    desk.exchange.put = lambda *answers: None
    with pytest.raises(CaseFailed, match="no answer to CLI00000001 within 1000 polls"):
        desk.place(desk.request())
    with pytest.raises(CaseFailed, match="no answer to the cancel of V9"):
        desk.cancel("V9")


def test_answers_that_stay_on_their_way_fail_a_case() -> None:
    made = AnswersLater()
    still = Desk(lambda: Candidate(made))  # nobody lets time pass
    made.place_limit(still.request())
    with pytest.raises(CaseFailed, match="answers are still on their way after 1000 polls"):
        still.settle()


def test_a_cancel_that_is_answered_later_is_waited_for() -> None:
    desk = Desk(later)
    order_id = desk.resting().order_id or ""
    assert desk.cancel(order_id) and not desk.cancel(order_id)
    assert desk.canceled() == [order_id]


def test_a_declared_repeat_counts_once() -> None:
    class Repeats(PaperVenue):
        CAN = Capabilities(repeats_fills=True)

        def stream_fills(self) -> Iterator[FillEvent]:
            for fill in super().stream_fills():
                yield fill
                yield fill

    desk = Desk(lambda: staged(Repeats()))
    placed = desk.filling()
    assert desk.filled(placed.order_id) == placed.qty
    assert (len(desk.reports()), len(desk.fills())) == (2, 1)
    desk.reports()[0].fill_id = None
    assert len(desk.fills()) == 2  # without an id every report counts


def test_another_desk_is_another_world_and_a_renewed_one_is_not() -> None:
    desk = Desk(paper, "where")
    desk.resting()
    assert desk.another().open_orders() == [] and desk.another().where == "where"
    assert len(desk.renewed().open_orders()) == 1 and desk.renewed().heard == []


def test_orders_of_other_kinds_are_sent_and_confirmed() -> None:
    desk = Desk(later)
    placed = desk.submit(desk.order(SELL, qty=3 * SCALE, post_only=True), Fate.RESTS)
    assert placed.order_id == "V000001" and placed.qty == 3 * SCALE
    assert [one.qty_e9 for one in desk.open_orders()] == [3 * SCALE]
    assert desks.MOST_POLLS * desks.POLL_NS == 10**10


# The runner.


def told_by(prove: Callable[[Desk], str], **said: Any) -> tuple[Outcome, str]:
    (result,) = run_cases(paper, [Case("x-001", "a case", prove, **said)])
    return result.outcome, result.evidence


def raising(error: BaseException) -> Callable[[Desk], str]:
    def prove(desk: Desk) -> str:
        raise error

    return prove


@pytest.mark.parametrize(
    ("error", "outcome", "evidence"),
    [
        (CaseFailed("bad"), Outcome.FAILED, "bad"),
        (CaseWarned("odd"), Outcome.WARNED, "odd"),
        (CaseNotDriven("no hook"), Outcome.NOT_DRIVEN, "no hook"),
        (LiveError("away"), Outcome.FAILED, "raised LiveError: away"),
        (TimeoutError("slow"), Outcome.FAILED, "raised TimeoutError: slow"),
        (SystemExit(3), Outcome.FAILED, "raised SystemExit: 3; only LiveError and OSError may"
         " leave an adapter"),
        (KeyError("x"), Outcome.FAILED, "raised KeyError: 'x'; only LiveError and OSError may"
         " leave an adapter"),
    ],
)  # fmt: skip
def test_what_a_case_raises_is_its_outcome(
    error: BaseException, outcome: Outcome, evidence: str
) -> None:
    assert told_by(raising(error)) == (outcome, evidence)


def test_a_case_that_returns_has_passed() -> None:
    assert told_by(lambda desk: "a\nb\0") == (Outcome.PASSED, "a\\nb\\x00")
    require(True, "never told")


def test_a_case_is_asked_only_where_it_applies() -> None:
    never = raising(AssertionError())
    assert told_by(never, needs=("repeats_fills", "query")) == (
        Outcome.NOT_APPLICABLE, "not declared: repeats_fills",
    )  # fmt: skip
    (undriven,) = run_cases(PaperVenue, [Case("x", "x", never, (), ("meets", "fill"))])
    assert undriven.outcome is Outcome.NOT_DRIVEN
    assert undriven.evidence == "the stage offers no meets, fill"


@pytest.mark.parametrize(
    ("need", "method"),
    [("query", "get_order"), ("time_in_force:IOC", "submit"), ("answers_later", "next_answer_ns")],
)
def test_a_case_without_its_method_cannot_begin(need: str, method: str) -> None:
    def lacks() -> Candidate:
        made = later()
        setattr(made.exchange, method, None)
        return made

    (result,) = run_cases(lacks, [Case("x", "x", raising(AssertionError()), (need,))])
    assert result.outcome is Outcome.NOT_DRIVEN
    assert result.evidence == f"{need} is declared, and there is no {method}"


def test_a_factory_that_breaks_later_fails_each_case() -> None:
    def breaks() -> Candidate:
        raise LiveError("no more")

    (result,) = run_cases(breaks, [Case("x", "x", raising(AssertionError()))])
    assert (result.outcome, result.evidence) == (Outcome.FAILED, "raised LiveError: no more")


def test_evidence_is_one_line_of_bounded_length() -> None:
    long = one_line("x" * 1000)
    assert len(long) == MOST_OF_EVIDENCE and long.endswith("...")
    assert one_line("\ud800\u00fc") == "\\ud800\\xfc"
    assert one_line("x" * MOST_OF_EVIDENCE) == "x" * MOST_OF_EVIDENCE


# The candidates of this package.


def test_the_stage_of_the_fake_sets_its_rates() -> None:
    exchange = FakeExchangeClient()
    meets = fates_of(exchange)
    rates = {}
    for fate in Fate:
        meets(None, fate)
        rates[fate] = (exchange.reject_rate, exchange.fill_rate, exchange.partial_fill_rate)
    assert rates == {
        Fate.RESTS: (0.0, 0.0, 0.0), Fate.FILLS: (0.0, 1.0, 0.0),
        Fate.FILLS_IN_PART: (0.0, 1.0, 1.0), Fate.REJECTED: (1.0, 0.0, 0.0),
    }  # fmt: skip
    assert as_candidate(fake()).capabilities == fake().capabilities
