"""`core/words_later`: a text is made when it is asked for, and one that is there stays."""

from __future__ import annotations

from tools.live.core.words_later import Telling, Words


class Counted:
    """Tells how often it was asked."""

    asked = 0

    def sentence(self) -> str:
        self.asked += 1
        return "said so"


class Letter:
    __slots__ = ("told",)
    told: str | Telling
    why = Words("told")


def test_words_are_made_for_whoever_asks() -> None:
    letter, teller = Letter(), Counted()
    letter.told = teller
    assert teller.asked == 0
    assert letter.why == "said so" and teller.asked == 1


def test_a_text_is_the_words() -> None:
    letter = Letter()
    letter.why = "as written"
    assert letter.told == letter.why == "as written"


def test_the_view_itself_is_to_be_had_from_the_class() -> None:
    assert isinstance(Letter.why, Words)
