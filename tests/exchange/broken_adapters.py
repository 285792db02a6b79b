"""The adapters that are broken on purpose, and for each the case that must catch it.

Each is broken in one way that somebody has been hurt by. Where other cases fail as well, because
one fault shows in more than one place, they are listed with the reason; nothing else may fail.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.exchange import (
    broken_answers as answers, broken_books as books, broken_days as days, broken_fills as fills,
    broken_lines as lines, broken_orders as orders, broken_rules as rules,
    broken_sending as sending,
)  # fmt: skip
from tests.exchange.answers_later import AnswersLater
from tests.exchange.paper_venue import PaperVenue, staged
from tools.live.conformance.candidate import Candidate


class Broken(NamedTuple):
    """A factory, the case that names its fault, and what else fails for the same reason."""

    make: Callable[[], Candidate]
    case: str
    also: tuple[str, ...] = ()
    why: str = ""


def venue(kind: type[PaperVenue] | type[AnswersLater]) -> Callable[[], Candidate]:
    """The factory of a broken venue, with all of its hooks."""
    return lambda: staged(kind())


BROKEN = {
    "ReusesIds": Broken(venue(sending.ReusesIds), "place-001"),
    "SkipsIds": Broken(venue(sending.SkipsIds), "place-002"),
    "RejectedRests": Broken(
        venue(sending.RejectedRests), "place-003",
        ("query-006",),
        "the order that was rejected is there for whoever asks",
    ),  # fmt: skip
    "RejectsWithoutAWord": Broken(venue(sending.RejectsWithoutAWord), "place-004"),
    "TakesZero": Broken(venue(sending.TakesZero), "place-005"),
    "TakesOneIdTwice": Broken(venue(sending.TakesOneIdTwice), "place-006"),
    "SaysFilledTooSoon": Broken(venue(sending.SaysFilledTooSoon), "place-007"),
    "SaysYesAndNo": Broken(venue(sending.SaysYesAndNo), "place-008"),
    "RoundsTheRequest": Broken(venue(sending.RoundsTheRequest), "place-009"),
    "CutsIds": Broken(venue(sending.CutsIds), "place-010"),
    "StumblesOverWords": Broken(venue(sending.StumblesOverWords), "place-011"),
    "CancelsAnything": Broken(venue(sending.CancelsAnything), "cancel-001"),
    "CancelsAndForgets": Broken(venue(sending.CancelsAndForgets), "cancel-002"),
    "CancelsTwice": Broken(venue(sending.CancelsTwice), "cancel-003"),
    "CancelsWhatFilled": Broken(venue(sending.CancelsWhatFilled), "cancel-004"),
    "CancelsTheNeighbour": Broken(venue(sending.CancelsTheNeighbour), "cancel-005"),
    "CancelDropsFills": Broken(
        venue(sending.CancelDropsFills), "cancel-006",
        ("books-004", "books-011"),
        "a fill that was never told is missing in every sum",
    ),  # fmt: skip
    "FillsBehindTheCancel": Broken(venue(sending.FillsBehindTheCancel), "cancel-007"),
    "CancelsByAnyName": Broken(venue(sending.CancelsByAnyName), "cancel-008"),
    "TellsFillsAgain": Broken(
        venue(fills.TellsFillsAgain), "fills-001",
        ("cancel-007", "fills-003", "fills-004", "fills-005", "books-001", "books-002",
         "books-004", "books-011", "query-005"),
        "whoever adds fills up adds these, too",
    ),  # fmt: skip
    "SharesFillIds": Broken(venue(fills.SharesFillIds), "fills-002"),
    "TellsTotalsAsParts": Broken(
        venue(fills.TellsTotalsAsParts), "fills-003",
        ("fills-005",),
        "totals of totals are no totals",
    ),  # fmt: skip
    "FillsTooMuch": Broken(
        venue(fills.FillsTooMuch), "fills-004",
        ("amend-002",),
        "what is beyond the order is beyond its amended total, too",
    ),  # fmt: skip
    "ForgetsTheTotal": Broken(venue(fills.ForgetsTheTotal), "fills-005"),
    "TurnsTheSide": Broken(
        venue(fills.TurnsTheSide), "fills-006",
        ("books-004",),
        "a sum of fills with the other sign is another sum",
    ),  # fmt: skip
    "RepeatsOtherwise": Broken(venue(fills.RepeatsOtherwise), "fills-007"),
    "FillsThroughTheLimit": Broken(venue(fills.FillsThroughTheLimit), "fills-008"),
    "LosesTheUnread": Broken(venue(fills.LosesTheUnread), "fills-009"),
    "SpellsLiquidity": Broken(venue(fills.SpellsLiquidity), "fills-010"),
    "NeverEnds": Broken(venue(fills.NeverEnds), "fills-011"),
    "FillsBeforeItConfirms": Broken(venue(fills.FillsBeforeItConfirms), "later-001"),
    "AnswersCancelsTwice": Broken(venue(fills.AnswersCancelsTwice), "later-002"),
    "KnowsOfNoAnswer": Broken(venue(fills.KnowsOfNoAnswer), "later-003"),
    "HidesAnOrder": Broken(
        venue(books.HidesAnOrder), "books-001",
        ("books-003",),
        "the first page of all is not the first page of each symbol",
    ),  # fmt: skip
    "ListsAnotherPrice": Broken(venue(books.ListsAnotherPrice), "books-002"),
    "MixesSymbols": Broken(venue(books.MixesSymbols), "books-003"),
    "DropsParts": Broken(venue(books.DropsParts), "books-004"),
    "AveragesWithTheLast": Broken(venue(books.AveragesWithTheLast), "books-005"),
    "AddsInBinary": Broken(venue(books.AddsInBinary), "books-006"),
    "RoundsSizes": Broken(venue(books.RoundsSizes), "books-007"),
    "HandsOutItsBooks": Broken(venue(books.HandsOutItsBooks), "books-008"),
    "KeepsTheRequest": Broken(venue(books.KeepsTheRequest), "books-009"),
    "CountsMoneyInBinary": Broken(venue(books.CountsMoneyInBinary), "books-010"),
    "ListsNewestFills": Broken(venue(books.ListsNewestFills), "books-011"),
    "KnowsStrangers": Broken(venue(answers.KnowsStrangers), "query-001"),
    "ShowsAnotherOrder": Broken(venue(answers.ShowsAnotherOrder), "query-002"),
    "HidesTheFills": Broken(venue(answers.HidesTheFills), "query-003"),
    "RenamesFills": Broken(venue(answers.RenamesFills), "query-004"),
    "ForgetsTheCanceled": Broken(venue(answers.ForgetsTheCanceled), "query-005"),
    "SaysRejectedIsOpen": Broken(venue(answers.SaysRejectedIsOpen), "query-006"),
    "AskingTakesAway": Broken(venue(answers.AskingTakesAway), "query-007"),
    "ForgetsTheOld": Broken(venue(answers.ForgetsTheOld), "query-008"),
    "MakesADoubtANo": Broken(venue(answers.MakesADoubtANo), "doubt-001"),
    "SaysNotSentOfALostAnswer": Broken(venue(answers.SaysNotSentOfALostAnswer), "doubt-001"),
    "ForgetsTheUnanswered": Broken(venue(answers.ForgetsTheUnanswered), "doubt-002"),
    "SendsAgain": Broken(venue(answers.SendsAgain), "doubt-003"),
    "SaysTimeoutForNotSent": Broken(venue(answers.SaysTimeoutForNotSent), "doubt-004"),
    "SendsWhatItKeptBack": Broken(venue(answers.SendsWhatItKeptBack), "doubt-005"),
    "EmptyWhenCut": Broken(venue(answers.EmptyWhenCut), "doubt-006"),
    "TakesOrdersOnACutLine": Broken(venue(answers.TakesOrdersOnACutLine), "doubt-007"),
    "ForgetsAfterACut": Broken(venue(answers.ForgetsAfterACut), "doubt-008"),
    "LosesFillsOfACut": Broken(venue(answers.LosesFillsOfACut), "doubt-009"),
    "RunsBack": Broken(venue(days.RunsBack), "time-001"),
    "StampsMicroseconds": Broken(
        venue(days.StampsMicroseconds), "time-002",
        ("order-008",),
        "the end of an order is told from the time of an answer",
    ),  # fmt: skip
    "FillsBeforeItsTime": Broken(venue(days.FillsBeforeItsTime), "time-003"),
    "BeginsWithSomething": Broken(
        venue(days.BeginsWithSomething), "life-001",
        ("life-002", "life-003"),
        "a second and a reset adapter are new ones, and begin the same",
    ),  # fmt: skip
    "HearsItsNeighbours": Broken(
        venue(days.HearsItsNeighbours), "life-002",
        ("life-003",),
        "the reset adapter hears the new one that it is held against",
    ),  # fmt: skip
    "ResetKeepsIds": Broken(venue(days.ResetKeepsIds), "life-003"),
    "CountsForEver": Broken(
        venue(days.CountsForEver), "life-004",
        ("life-003",),
        "a counter that no new adapter resets is not reset by reset",
    ),  # fmt: skip
    "WalksASet": Broken(venue(days.WalksASet), "life-005"),
    "RestsIoc": Broken(venue(orders.RestsIoc), "order-001"),
    "FillsFokInPart": Broken(venue(orders.FillsFokInPart), "order-002"),
    "PostOnlyTakes": Broken(venue(orders.PostOnlyTakes), "order-003"),
    "PostOnlyNeverRests": Broken(venue(orders.PostOnlyNeverRests), "order-004"),
    "ReduceOnlyOpens": Broken(venue(orders.ReduceOnlyOpens), "order-005"),
    "ReduceOnlyTurns": Broken(venue(orders.ReduceOnlyTurns), "order-006"),
    "RestsMarketOrders": Broken(venue(orders.RestsMarketOrders), "order-007"),
    "ForgetsExpiry": Broken(venue(orders.ForgetsExpiry), "order-008"),
    "TriggersAtOnce": Broken(venue(orders.TriggersAtOnce), "order-009"),
    "AmendsTheRest": Broken(venue(orders.AmendsTheRest), "amend-001"),
    "AmendsOnlyTheList": Broken(venue(orders.AmendsOnlyTheList), "amend-002"),
    "AmendsStrangers": Broken(venue(orders.AmendsStrangers), "amend-003"),
    "TradesWithItself": Broken(venue(orders.TradesWithItself), "selftrade-001"),
    "GivesUpOnSilence": Broken(lines.on(lines.GivesUpOnSilence), "doubt-001"),
    "TakesSilenceForAbsence": Broken(lines.on(lines.TakesSilenceForAbsence), "doubt-002"),
    "SendsBehindItsBack": Broken(lines.on(lines.SendsBehindItsBack), "doubt-004"),
    "ListsNothingWhenCut": Broken(lines.on(lines.ListsNothingWhenCut), "doubt-006"),
    "ChangesItsRules": Broken(venue(rules.ChangesItsRules), "rules-001"),
    "TellsRulesInFloats": Broken(
        venue(rules.TellsRulesInFloats), "rules-001", ("rules-002", "rules-003"),
        "nobody can keep to them",
    ),  # fmt: skip
    "TellsAFinerTick": Broken(
        venue(rules.TellsAFinerTick), "rules-002",
        ("fills-009", "order-002", "order-008"),
        "every other price of a day is refused",
    ),  # fmt: skip
    "DoesNotMindItsTick": Broken(venue(rules.DoesNotMindItsTick), "rules-003"),
    "DeclaresTooMuch": Broken(venue(days.DeclaresTooMuch), "matrix-006"),
    "HasNoWayToSend": Broken(
        venue(days.HasNoWayToSend), "matrix-011",
        ("matrix-008", "matrix-009"),
        "post-only and reduce-only are sent the same way",
    ),  # fmt: skip
    "DeclaresAMethodLess": Broken(venue(days.DeclaresAMethodLess), "matrix-002"),
    "NeverFillsWhole": Broken(venue(days.NeverFillsWhole), "stage-002"),
    "DeafToTrades": Broken(
        venue(days.DeafToTrades), "stage-005",
        ("fills-003", "doubt-009"),
        "both begin with a trade of the world",
    ),  # fmt: skip
    "RoundsHoldings": Broken(
        days.faked(days.RoundsHoldings), "books-004", ("cancel-006", "books-006"),
        "what is rounded does not add up exactly",
    ),  # fmt: skip
    "UnseededFake": Broken(
        days.faked(days.UnseededFake), "life-004", ("life-003",), "no two days are the same",
    ),  # fmt: skip
}
