"""The database file: opening it, asking whether it can be trusted, and putting it aside.

Everything that SQLite does not do itself goes through the port to a disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import ContractError
from ..core.record import record
from .disk import Disk
from .errors import IntegrityRefused, JournalError
from .guard import disk_errors
from .projection_books import Books
from .projection_schema import APPLICATION_ID, SCHEMA_VERSION, SETTINGS, STATEMENTS

if TYPE_CHECKING:
    from sqlite3 import Connection, Error

SUFFIX = ".db"
PATIENCE_S = 5.0  # with whoever else has the file, until SETTINGS say the same
_BESIDE = ("-wal", "-shm", "-journal", "")  # the database itself goes last
_OLDEST = (3, 37, 0)  # the first with STRICT tables

_MAGIC = b"SQLite format 3\x00"
_VERSION_AT, _APPLICATION_AT = slice(60, 64), slice(68, 72)

_BUSY, _LOCKED = 5, 6
_ERROR, _CORRUPT, _CONSTRAINT, _MISMATCH, _NOT_A_DATABASE = 1, 11, 19, 20, 26
_DAMAGE = (_ERROR, _CORRUPT, _CONSTRAINT, _MISMATCH, _NOT_A_DATABASE)


class ProjectionRefused(IntegrityRefused):
    """The database contradicts its log, and not in a way that building it anew would mend."""

    of_log = False

    def __init__(self, what: str, *, path: str, seq: int) -> None:
        super().__init__(what, path=path, offset=0, seq=seq)
        self.args = (f"{path} {what}",)


class ProjectionFailed(JournalError):
    """The database cannot be written or read; the log is not touched by that."""

    exit_code = 5


class ProjectionHeld(ProjectionFailed):
    """Somebody else has been writing the database for too long."""

    exit_code = 4


@record
class Meta:
    """Which log a database is of, and how much of it is in there."""

    log_id: str
    last_seq: int
    head_hash: str


def sqlite() -> Any:
    """The module, loaded only by who needs it; ContractError when it is missing or too old."""
    try:
        import sqlite3
    except ImportError:
        raise ContractError("this Python was built without sqlite3; use one that has it") from None
    if sqlite3.sqlite_version_info < _OLDEST:
        raise ContractError(
            f"SQLite {sqlite3.sqlite_version} is too old; a projection needs 3.37 or newer"
        )
    return sqlite3


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """What SQLite raises, as what the callers of a log know."""
    try:
        yield
    except sqlite().ProgrammingError:
        raise  # Misuse is our bug and says nothing about the file.
    except sqlite().Error as error:
        code = _code(error)
        if code in (_BUSY, _LOCKED):
            raise ProjectionHeld(
                f"{path.name} is being written by somebody else; try again when that is done"
            ) from None
        if code in _DAMAGE:
            raise ProjectionRefused(
                f"contradicts its log ({error}); move it away, and it is built anew",
                path=path.name, seq=0,
            ) from error  # fmt: skip
        raise ProjectionFailed(
            f"{path.name} cannot be used ({error}); see to the disk and the file's rights, then"
            " open it again: it goes on where it was"
        ) from error


def connect(path: Path, *, mode: str) -> Connection:
    """A connection without hidden transactions; `mode` is ro or rw, and creates nothing."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    with sqlite_errors(path):
        connection: Connection = sqlite().connect(
            uri, uri=True, isolation_level=None, timeout=PATIENCE_S
        )
        return connection


def connect_to_write(path: Path) -> Connection:
    """A connection with every setting of the house, each of them read back."""
    connection = connect(path, mode="rw")
    try:
        with sqlite_errors(path):
            for name, value, wanted in SETTINGS:
                connection.execute(f"PRAGMA {name} = {value}")
                found = _single(connection, f"PRAGMA {name}")
                if found != wanted:
                    raise ProjectionFailed(
                        f"{path.name} has {name} {found!r}, not {wanted!r}, which its folder or"
                        " this SQLite does not allow; put it on a local disk"
                    )
    except BaseException:
        connection.close()
        raise
    return connection


def refuse_other_kinds(folder: Disk, path: Path) -> None:
    """IntegrityRefused when a link, a pipe or a folder has one of the names that SQLite opens."""
    with disk_errors("the projection cannot be read"):
        for suffix in _BESIDE:
            with suppress(FileNotFoundError):
                folder.size(f"{path.name}{suffix}")


def create(folder: Disk, path: Path, log_id: str, genesis: bytes) -> None:
    """A database of this log with nothing of it in there yet, for the owner's eyes only."""
    if path.name not in folder.names():
        with disk_errors("the projection cannot be created"):
            folder.close(folder.create(path.name))
            folder.sync_folder()
    with closing(connect_to_write(path)) as connection, sqlite_errors(path):
        connection.execute("BEGIN IMMEDIATE")
        for statement in STATEMENTS:
            connection.execute(statement)
        connection.execute(
            "INSERT INTO meta (id, schema_version, log_id, last_seq, head_hash, line_seq)"
            " VALUES (1, ?, ?, -1, ?, 0)", (SCHEMA_VERSION, log_id, genesis.hex()),
        )  # fmt: skip
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
        # Whose file it is must stand in the file itself before anything else does.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def look_at(folder: Disk, path: Path) -> Meta | str:
    """What a database says of itself, or why it must be built anew; empty when there is none.

    ProjectionRefused when a later program made it. Looking changes no byte of it: where a process
    left a write-ahead log behind, that is read as well but not worked in.
    """
    with disk_errors("the projection cannot be read"):
        beside = [suffix for suffix in _BESIDE if f"{path.name}{suffix}" in folder.names()]
        if "" not in beside:
            return "only its write-ahead log is left" if beside else ""
        header = folder.read(path.name, 0, 100)
    if header.startswith(_MAGIC) and _number(header[_APPLICATION_AT]) == APPLICATION_ID:
        _refuse_newer(path, _number(header[_VERSION_AT]))
    with sqlite_errors(path):
        try:
            with closing(connect(path, mode="ro" if "-wal" in beside else "rw")) as connection:
                return _questioned(connection, path)
        except sqlite().Error as error:
            if _code(error) in _DAMAGE:
                return f"it is damaged: {error}"
            raise


def move_aside(folder: Disk, path: Path) -> str:
    """Give a database and what belongs to it names that nobody opens; returns the new name."""
    with disk_errors("the projection cannot be moved aside"):
        names = folder.names()
        number = 1
        while any(f"{path.name}.aside-{number}{suffix}" in names for suffix in _BESIDE):
            number += 1  # Parts of two files under one name would be read as one.
        aside = f"{path.name}.aside-{number}"
        for suffix in _BESIDE:
            if f"{path.name}{suffix}" in names:
                folder.rename(f"{path.name}{suffix}", f"{aside}{suffix}")
        folder.sync_folder()
    return aside


def _questioned(connection: Connection, path: Path) -> Meta | str:
    """What the tables themselves answer, read as if somebody else had written them."""
    connection.execute("PRAGMA trusted_schema = OFF")
    application = _single(connection, "PRAGMA application_id")
    version = _single(connection, "PRAGMA user_version")
    if application == APPLICATION_ID:
        _refuse_newer(path, version)
    found = _single(connection, "PRAGMA quick_check(1)")
    if found != "ok":
        return f"it is damaged: {found}"
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    stated = [row[0] for row in rows]
    if application != APPLICATION_ID:
        return "it is the database of another program" if stated or application else ""
    if version < SCHEMA_VERSION:
        return f"its tables are of the old version {version}"
    if any(statement not in stated for statement in STATEMENTS):
        return "its tables were changed"
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        return "its rows do not fit together"
    row = connection.execute("SELECT log_id, last_seq, head_hash FROM meta").fetchone()
    if row is None:
        return "it does not say which log it is of"
    try:
        Books(connection)
    except ContractError as error:
        return f"it is damaged: {error}"
    return Meta(*row)


def _refuse_newer(path: Path, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise ProjectionRefused(
            f"has tables of version {version}, newer than this program's {SCHEMA_VERSION}; nothing"
            " was changed; use the newer program, or name another file", path=path.name, seq=0,
        )  # fmt: skip


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "big")


def _single(connection: Connection, statement: str) -> Any:
    return connection.execute(statement).fetchone()[0]


def _code(error: Error) -> int:
    """The primary code of SQLite; what Python's own module finds, such as text that is none, has
    no code and is damage."""
    return getattr(error, "sqlite_errorcode", _ERROR) & 255
