"""The log against the least that the same lines could cost: append, group commit, reading.

Each pair of functions does one job twice over the same events, once with the product and once with
nothing but what the bytes demand, and returns seconds. The caller makes the folders, runs the two
in turn, and compares the sides of one pair only.
"""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from tools.live.journal.os_disk import OsDisk
from tools.live.journal.outcome import Limits, Profile
from tools.live.journal.reader import Reader
from tools.live.journal.rederive import rederive
from tools.live.journal.replay import rebuild
from tools.live.journal.segments import FOLDER
from tools.live.journal.writer import Journal

TIME_NS = 1_735_689_600 * 10**9
BATCH = 256


class Event(NamedTuple):
    """A quote as a driver has it: its numbers, and its payload as canonical text."""

    ts: int
    sseq: int
    corr: int
    cause: int
    payload: str


class NoSync(OsDisk):
    """A real disk that is never waited for: what is measured is the work in front of it."""

    def begin_sync(self, handle: int) -> None:
        pass

    def sync(self, handle: int) -> None:
        pass


def some_events(count: int) -> list[Event]:
    """Quotes of four symbols, with payloads of 90 characters."""
    events = []
    for number in range(count):
        cents = 5_000_000 + number * 7 % 10_000
        payload = (
            f'{{"ask":"{cents // 100}.{cents % 100:02d}","ask_size":"0.75","bid":"50010.25"'
            f',"bid_size":"1.5","symbol":"{("BTC", "ETH", "SOL", "XRP")[number % 4]}USDT"}}'
        )
        events.append(Event(TIME_NS + number * 1_000_003, number, number, number // 2, payload))
    return events


def product_append(folder: Path, events: Sequence[Event]) -> float:
    """Queue, number, chain and write every event; nothing is synced."""
    journal = _journal(NoSync(folder))
    append, commit = journal.append, journal.commit
    began = time.perf_counter()
    for count, event in enumerate(events, 1):
        ts, sseq, corr, cause, payload = event
        append("md.quote", ts, "feed", sseq, payload, corr=corr, cause=cause)
        if not count % BATCH:
            commit()
    journal.commit_all()
    took = time.perf_counter() - began
    journal.close(TIME_NS)
    return took


def floor_append(folder: Path, events: Sequence[Event]) -> float:
    """The same lines from one template, chained and written by hand."""
    folder.mkdir(parents=True)
    handle = os.open(folder / "floor.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    began = time.perf_counter()
    head, lines, base = b"\0" * 32, [], 0
    for seq, (ts, sseq, corr, cause, payload) in enumerate(events):
        text = (
            f'{{"b":{base},"cause":{cause},"corr":{corr},"id":"{sseq}","p":{payload},"q":{seq}'
            f',"src":"feed","topic":"md.quote","ts":{ts},"v":1}}'
        )
        digest = sha256(head + text.encode())
        head = digest.digest()
        lines.append(f'{{"h":"{digest.hexdigest()}","r":{text}}}\n')
        if len(lines) == BATCH:
            os.write(handle, "".join(lines).encode())
            lines, base = [], seq + 1
    os.write(handle, "".join(lines).encode())
    took = time.perf_counter() - began
    os.close(handle)
    return took


def product_commits(folder: Path, events: Sequence[Event], batch: int) -> float:
    """Group commits of so many events, the mark left to the kernel; queueing is not counted."""
    journal = _journal(OsDisk(folder), Profile.BULK)
    took = 0.0
    for start in range(0, len(events), batch):
        for ts, sseq, corr, cause, payload in events[start : start + batch]:
            journal.append("md.quote", ts, "feed", sseq, payload, corr=corr, cause=cause)
        began = time.perf_counter()
        journal.commit()
        took += time.perf_counter() - began
    journal.close(TIME_NS)
    return took


def floor_commits(folder: Path, written: bytes, events: Sequence[Event], batch: int) -> float:
    """A write and an fsync of the same bytes in the same batches.

    In front of each the same events are queued elsewhere and not counted: what a sync costs
    depends on what was done since the one before.
    """
    elsewhere = _journal(NoSync(folder / "elsewhere"))
    lines = written.splitlines(keepends=True)
    handle = os.open(folder / "floor.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    took = 0.0
    for start in range(0, len(events), batch):
        for ts, sseq, corr, cause, payload in events[start : start + batch]:
            elsewhere.append("md.quote", ts, "feed", sseq, payload, corr=corr, cause=cause)
        block = b"".join(lines[start : start + batch])
        began = time.perf_counter()
        os.write(handle, block)
        os.fsync(handle)
        took += time.perf_counter() - began
        elsewhere.commit()
    os.close(handle)
    elsewhere.close(TIME_NS)
    return took


def floor_lines(journal: Path, folder: Path, batch: int = BATCH) -> float:
    """The lines of a run made once more by hand, with their payloads given, chained and synced."""
    records = list(Reader(OsDisk(journal)).poll())
    told = [(r.cause, r.corr, r.sseq, r.raw.decode(), r.src, r.topic, r.ts) for r in records]
    folder.mkdir(parents=True)
    handle = os.open(folder / "floor.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    gc.collect()
    began = time.perf_counter()
    head, lines, base = b"\0" * 32, [], 0
    for seq, (cause, corr, sseq, payload, src, topic, ts) in enumerate(told):
        text = (
            f'{{"b":{base},"cause":{cause},"corr":{corr},"id":"{sseq}","p":{payload},"q":{seq}'
            f',"src":"{src}","topic":"{topic}","ts":{ts},"v":1}}'
        )
        digest = sha256(head + text.encode())
        head = digest.digest()
        lines.append(f'{{"h":"{digest.hexdigest()}","r":{text}}}\n')
        if len(lines) == batch:
            os.write(handle, "".join(lines).encode())
            os.fsync(handle)
            lines, base = [], seq + 1
    os.write(handle, "".join(lines).encode())
    os.fsync(handle)
    took = time.perf_counter() - began
    os.close(handle)
    return took


def product_read(folder: Path) -> float:
    """Every record held against the chain, its payload parsed strictly."""
    began = time.perf_counter()
    for record in Reader(OsDisk(folder)).poll():
        record.payload()
    return time.perf_counter() - began


def product_rebuild(folder: Path) -> float:
    """The state of a run, folded from its inputs, every line held against the chain."""
    gc.collect()
    began = time.perf_counter()
    replayed = rebuild(OsDisk(folder))
    took = time.perf_counter() - began
    assert replayed.seq
    return took


def product_verify(folder: Path) -> float:
    """The same, with every recorded decision held against what the code decides."""
    gc.collect()
    began = time.perf_counter()
    assert rederive(OsDisk(folder)).holds
    return time.perf_counter() - began


def floor_read(folder: Path) -> float:
    """The same lines through `json.loads`, and nothing else."""
    loads = json.loads
    began = time.perf_counter()
    for path in sorted((folder / FOLDER).glob("*.jsonl")):
        with open(path, encoding="ascii") as file:
            for line in file:
                loads(line)
    return time.perf_counter() - began


def stored(folder: Path) -> bytes:
    """What the log wrote, without its first and its last record."""
    lines = b"".join(path.read_bytes() for path in sorted((folder / FOLDER).glob("*.jsonl")))
    return b"".join(lines.splitlines(keepends=True)[1:-1])


def _journal(disk: OsDisk, profile: Profile = Profile.BULK) -> Journal:
    return Journal.open(
        disk, log_id="bench", holder="the bench", time_ns=TIME_NS, profile=profile, limits=Limits()
    )
