"""The projection: orders, fills and positions of a run in SQLite, as its journal tells them.

It is a cache of the log and never the truth. Rows and `meta`, which says how far they go, change in
one transaction, so every record counts exactly once whatever is interrupted. Only durable records
are read. A database that cannot be trusted is put aside and built anew from the log; one that goes
further than its log is refused, for then it is the log that lost something.

    with Projection.open("orders.db", OsDisk("journal")) as projection:
        projection.catch_up()                 # again whenever the log has grown
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ..core.errors import ContractError
from ..core.record import record
from .disk import Disk
from .frame import genesis
from .os_disk import OsDisk
from .projection_books import Books, NotProjectable
from .projection_file import (
    SUFFIX, Meta, ProjectionRefused, connect, connect_to_write, create, look_at, move_aside,
    refuse_other_kinds, sqlite_errors,
)  # fmt: skip
from .reader import Reader, Record
from .scan import own_id
from .segments import list_segments
from .whole import TEMPORARY

if TYPE_CHECKING:
    from sqlite3 import Connection

BATCH = 5000  # records a transaction


class Found(str, Enum):
    """What opening a projection came to."""

    CREATED = "created"
    CURRENT = "current"
    CAUGHT_UP = "caught_up"
    REBUILT = "rebuilt"


@record
class ProjectionOpened:
    """The event of an opening; `why` and `aside`, the old file's new name, only when rebuilt."""

    found: Found
    why: str
    aside: str
    from_seq: int
    to_seq: int


class Projection:
    """A database that follows its log; `opened` says what was found when it was opened."""

    def __init__(self, path: Path, disk: Disk, connection: Connection) -> None:
        self.opened = ProjectionOpened(Found.CURRENT, "", "", -1, -1)
        self._path = path
        self._disk = disk
        self._connection = connection
        self._books: Books | None = None
        self._reader: Reader | None = None

    @classmethod
    def open(cls, path: str | Path, disk: Disk) -> Projection:
        """The projection of the log on this disk, made or mended and caught up with it.

        ProjectionRefused (exit 3) when it is ahead of the log or a later program's, or cannot be
        built because the log is trimmed; nothing is changed then.
        """
        path = Path(path)
        if path.suffix != SUFFIX:
            raise ContractError(f"the projection {path.name!r} must have a name that ends in .db")
        if not path.parent.is_dir():
            raise ContractError(f"there is no folder {str(path.parent)!r} for the projection")
        folder = OsDisk(path.parent)
        refuse_other_kinds(folder, path)
        there = look_at(folder, path)
        log_id, first_seq = _log(disk, there, path)
        why = there if isinstance(there, str) else _why_not(there, path, disk, log_id, first_seq)
        is_new = why != "" or isinstance(there, str)
        if is_new and first_seq > 0:
            raise ProjectionRefused(
                f"cannot be built: the log begins with seq {first_seq}, what was before is"
                " trimmed; nothing was changed; restore a backup of it", path=path.name, seq=0,
            )  # fmt: skip
        aside = move_aside(folder, path) if why else ""
        if is_new:
            create(folder, path, log_id, genesis(log_id))
        projection = cls(path, disk, connect_to_write(path))
        try:
            projection._begin(is_new, why, aside)
        except BaseException:
            projection.close()
            raise
        return projection

    @property
    def last_seq(self) -> int:
        """The last record of the log that is in here; -1 when there is none."""
        with sqlite_errors(self._path):
            found: int = self._connection.execute("SELECT last_seq FROM meta").fetchone()[0]
            return found

    def catch_up(self) -> int:
        """Take over every durable record that the log has now; how many those were."""
        if self._reader is None:
            # It begins with the last record that is in here, so that its hash can be compared.
            begin = max(self.last_seq, 0)
            self._reader = Reader(self._disk, from_seq=begin, durable_only=True)
        try:
            return self.apply(self._reader.poll())
        except BaseException:
            self._reader = None  # It has read what was not stored.
            raise

    def apply(self, records: Iterable[Record]) -> int:
        """Work records in, a batch a transaction; what is in here already is only compared.

        NotProjectable when a record cannot be the next, IntegrityRefused when the log has another
        record than was taken over. Whatever fails, no part of its batch is stored.
        """
        taken = 0
        following = iter(records)
        while batch := list(islice(following, BATCH)):
            taken += self._take(batch)
        return taken

    def backup(self, target: str | Path) -> None:
        """A copy in one file, whole under its name or not there at all; readers may go on."""
        target = Path(target)
        folder = OsDisk(target.parent)
        if target.suffix != SUFFIX or not target.parent.is_dir():
            raise ContractError(f"the backup {str(target)!r} must be a .db file in a folder")
        if target.name in folder.names():
            raise ContractError(f"the backup {target.name!r} is there already; name a new file")
        temporary = f"{target.name}{TEMPORARY}"
        if temporary in folder.names():
            folder.remove(temporary)
        folder.close(folder.create(temporary))
        with (
            closing(connect(target.with_name(temporary), mode="rw")) as copy,
            sqlite_errors(target),
        ):
            self._connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, wherever it is read
        folder.rename(temporary, target.name)
        folder.sync_folder()

    def close(self) -> None:
        """Let the file go; another opening finds it as it is."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _begin(self, is_new: bool, why: str, aside: str) -> None:
        begin = self.last_seq
        taken = self.catch_up()
        if is_new:
            found = Found.REBUILT if why else Found.CREATED
        else:
            found = Found.CAUGHT_UP if taken else Found.CURRENT
        self.opened = ProjectionOpened(found, why, aside, begin, self.last_seq)

    def _take(self, batch: list[Record]) -> int:
        """One transaction: all of the batch or nothing."""
        connection = self._connection
        with sqlite_errors(self._path):
            try:
                connection.execute("BEGIN IMMEDIATE")
                books = self._current_books()
                new = [one for one in batch if not self._is_known(books, one)]
                for one in new:
                    if one.seq != books.last_seq + 1:
                        raise NotProjectable(
                            f"seq {one.seq} cannot follow seq {books.last_seq}, which"
                            f" {self._path.name} ends with"
                        )
                    books.take(one)
                if new:
                    books.write()
                connection.execute("COMMIT")
            except BaseException:
                self._books = None  # They know more than is stored.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        return len(new)

    def _current_books(self) -> Books:
        """What is stored, which somebody else may have taken further since we last wrote."""
        stored = self._connection.execute("SELECT last_seq FROM meta").fetchone()[0]
        if self._books is None or self._books.last_seq != stored:
            self._books = Books(self._connection)
        return self._books

    def _is_known(self, books: Books, one: Record) -> bool:
        if one.seq == books.last_seq and one.hash.hex() != books.head_hash:
            raise ProjectionRefused(
                f"has another record {one.seq} than the log; open it again, which builds it anew",
                path=self._path.name, seq=one.seq,
            )  # fmt: skip
        known: bool = one.seq <= books.last_seq
        return known


def _log(disk: Disk, there: Meta | str, path: Path) -> tuple[str, int]:
    """The id of the log, empty when its first record is trimmed, and the seq it begins with."""
    segments = list_segments(disk)
    if not segments and isinstance(there, Meta) and there.last_seq >= 0:
        raise _ahead(path, there.last_seq)
    if not segments:
        raise ContractError("there is no log in this folder; name the folder of a run's journal")
    return own_id(disk, segments, ""), segments[0].first_seq


def _why_not(meta: Meta, path: Path, disk: Disk, log_id: str, first_seq: int) -> str:
    """Why a sound database must be built anew; empty when it can go on."""
    if log_id and meta.log_id != log_id:
        return f"it is of the log {meta.log_id}, not of {log_id}"
    if max(meta.last_seq, 0) < first_seq:
        return "the log goes on behind what it holds"
    if meta.last_seq < 0:
        return ""
    known = next(Reader(disk, from_seq=meta.last_seq).poll(), None)
    if known is None:
        raise _ahead(path, meta.last_seq)
    if known.hash.hex() != meta.head_hash:
        return f"the log has another record {meta.last_seq} than was taken over"
    return ""


def _ahead(path: Path, seq: int) -> ProjectionRefused:
    return ProjectionRefused(
        f"holds records up to seq {seq}, which its log has lost; nothing was changed; restore the"
        " log, or move this file away to have it built from what is left", path=path.name, seq=seq,
    )  # fmt: skip
