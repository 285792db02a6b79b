"""`journal project`: a run's journal as SQLite tables, made, caught up or built anew."""

from __future__ import annotations

import os
from typing import Any

from .console import EXIT_OK, emit
from .journal.os_disk import OsDisk
from .journal.projection import Found, Projection

_SAID = {
    Found.CREATED: "created",
    Found.CURRENT: "is current",
    Found.CAUGHT_UP: "caught up",
    Found.REBUILT: "built anew",
}


def project_command(folder: str, options: dict[str, Any]) -> int:
    """Open the database beside the journal, or where it is asked for, and say what was found."""
    path = options["db"] or os.path.join(folder, "orders.db")
    with Projection.open(path, OsDisk(folder)) as projection:
        opened = projection.opened
        text = f"{path}  {_SAID[opened.found]}, up to seq {projection.last_seq}\n"
        if opened.found is Found.REBUILT:
            text += f"{opened.aside}  the old one, put aside: {opened.why}\n"
        if options["backup"] is not None:
            projection.backup(options["backup"])
            text += f"{options['backup']}  a copy of it\n"
    emit(text)
    return EXIT_OK
