"""The port for asking again: what an adapter must have to be queryable."""

from __future__ import annotations

from tools.live.exchange import FakeExchangeClient, FillEvent
from tools.live.exchange_query import Found, OrderAnswer, QueryableExchange


class Askable(FakeExchangeClient):
    """A fake with the four methods of the port."""

    def get_order(self, client_order_id: str) -> OrderAnswer:
        return OrderAnswer(Found.UNKNOWN, None)

    def cancel_client_order(self, client_order_id: str) -> bool:
        return False

    def get_fills(self) -> list[FillEvent] | None:
        return None

    def get_balances(self) -> dict[str, int] | None:
        return None


def test_an_adapter_is_queryable_by_what_it_has() -> None:
    assert isinstance(Askable(), QueryableExchange)


def test_the_plain_fake_cannot_be_asked_again() -> None:
    assert not isinstance(FakeExchangeClient(), QueryableExchange)


def test_an_answer_without_an_order_has_nothing_to_tell() -> None:
    answer = OrderAnswer(Found.UNKNOWN, None)
    assert (answer.fills, answer.message) == ((), "")


def test_the_words_are_those_of_the_reconciliation_table() -> None:
    assert [found.value for found in Found] == [
        "open", "filled", "canceled", "rejected", "unknown",
    ]  # fmt: skip
