"""Input files: opened only when they are plain files, so that nothing can hang or be a device."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from ..core.errors import ContractError

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_input(path: str, field: str) -> BinaryIO:
    """The plain file of that name, open for reading; anything else is a ContractError.

    A FIFO without a writer is opened without waiting, looked at and refused.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        why = error.strerror or str(error)
        raise ContractError(
            f"{field} {path!r} cannot be opened: {why}; name a file that can be read"
        ) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ContractError(f"{field} {path!r} is no plain file; name one")
    return os.fdopen(descriptor, "rb")
