"""One simulated file: what processes see of it, and what storage has.

Bytes that were written and not synced reach storage sector by sector, each sector on its own, in
the state after any of the writes that touched it; the size does so independently of the bytes, so
that a file may have grown over sectors that never came, which then read as zeros.
"""

from __future__ import annotations

from tests.sim.choice import Choice

SECTOR = 512


class SimFile:
    """`cache` is what is read; `stored` is what survives; `clean` is what the kernel takes as
    stored, which is the same until a sync failed."""

    __slots__ = ("cache", "clean", "stored", "writes")

    def __init__(self) -> None:
        self.cache = bytearray()
        self.clean = b""
        self.stored = bytearray()
        self.writes: list[tuple[int, bytes]] = []

    def clone(self) -> SimFile:
        other = SimFile()
        other.cache, other.clean = self.cache[:], self.clean
        other.stored, other.writes = self.stored[:], self.writes[:]
        return other

    def write(self, offset: int, data: bytes) -> None:
        if data:
            _put(self.cache, offset, data)
            self.writes.append((offset, data))

    def sync(self) -> None:
        """Everything that is dirty reaches storage, and with it the size.

        What an earlier failed sync left out is not dirty any more, and stays out.
        """
        for sector in self._touching():
            start = sector * SECTOR
            _put(self.stored, start, self.cache[start : start + SECTOR])
        _resize(self.stored, len(self.cache))
        self._all_clean()

    def fail_sync(self, choice: Choice) -> None:
        """Some of it reaches storage, and the kernel forgets which: all pages become clean."""
        self._settle(choice)
        self._all_clean()

    def lose_power(self, choice: Choice) -> bool:
        """Only storage is left; True when a write got there in part."""
        torn = self._settle(choice)
        self.cache = self.stored[:]
        self._all_clean()
        return torn

    def cut(self, size: int) -> None:
        """Shorten it in the cache alone: no log may trust this, so the port does not offer it."""
        _resize(self.cache, size)
        self.clean = self.clean[:size]
        kept = ((offset, data[: max(0, size - offset)]) for offset, data in self.writes)
        self.writes = [write for write in kept if write[1]]

    def flip(self, bit: int) -> None:
        """Turn one bit over, wherever the file has it."""
        place, mask = bit // 8, 1 << bit % 8
        for image in (self.cache, self.stored):
            if place < len(image):
                image[place] ^= mask
        if place < len(self.clean):
            clean = bytearray(self.clean)
            clean[place] ^= mask
            self.clean = bytes(clean)

    def replace(self, data: bytes) -> None:
        """Other bytes at rest, as if they had always been there."""
        self.cache, self.stored = bytearray(data), bytearray(data)
        self._all_clean()

    def _all_clean(self) -> None:
        self.clean = bytes(self.cache)
        self.writes = []

    def _touching(self) -> dict[int, list[int]]:
        """The writes that touched each dirty sector, in order."""
        touching: dict[int, list[int]] = {}
        for number, (offset, data) in enumerate(self.writes):
            last = (offset + len(data) - 1) // SECTOR
            for sector in range(offset // SECTOR, last + 1):
                touching.setdefault(sector, []).append(number)
        return touching

    def _settle(self, choice: Choice) -> bool:
        some = others = False
        size = choice.size(len(self.stored), len(self.cache), SECTOR)
        for sector, numbers in self._touching().items():
            kept = choice.versions(len(numbers))
            if kept:
                _put(self.stored, sector * SECTOR, self._version(sector, numbers, kept))
            some = some or kept > 0
            others = others or kept < len(numbers)
        some = some or size > len(self.clean)
        others = others or size < len(self.cache)
        _resize(self.stored, size)
        return some and others

    def _version(self, sector: int, numbers: list[int], kept: int) -> bytes:
        """A sector after the first `kept` of the writes that touched it."""
        start = sector * SECTOR
        if kept == len(numbers):
            return bytes(self.cache[start : start + SECTOR])
        image = bytearray(self.clean[start : start + SECTOR])
        for number in numbers[:kept]:
            offset, data = self.writes[number]
            first = max(start, offset)
            _put(image, first - start, data[first - offset : start + SECTOR - offset])
        return bytes(image)


def _put(image: bytearray, offset: int, data: bytes | bytearray) -> None:
    if offset > len(image):
        _resize(image, offset)
    image[offset : offset + len(data)] = data


def _resize(image: bytearray, size: int) -> None:
    if size < len(image):
        del image[size:]
    else:
        image.extend(bytes(size - len(image)))
