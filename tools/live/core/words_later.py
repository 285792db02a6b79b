"""Words that are made when somebody asks for them: a slot holds them, or what can say them."""

from __future__ import annotations

from typing import Protocol, Self, overload


class Telling(Protocol):
    """What can say something in one line, the same whenever it is asked."""

    def sentence(self) -> str: ...


class Words:
    """A view on a slot that holds a text or what tells one; whoever reads it gets the text."""

    def __init__(self, slot: str) -> None:
        self._slot = slot

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> str: ...

    def __get__(self, instance: object | None, owner: type) -> str | Self:
        if instance is None:
            return self
        told: str | Telling = getattr(instance, self._slot)
        return told if isinstance(told, str) else told.sentence()

    def __set__(self, instance: object, words: str) -> None:
        setattr(instance, self._slot, words)
