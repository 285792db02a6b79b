"""Which file system a folder is on, out of the text of Linux's /proc/self/mountinfo.

A lock on a network file system may be granted to two machines at once, or be lost without a word.
"""

from __future__ import annotations

import re

NETWORK = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.davfs",
    "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs",
    "nfs4", "smb2", "smb3", "smbfs", "vboxsf",
})  # fmt: skip

_MOUNT_POINT = 4
_escaped = re.compile(r"\\([0-7]{3})")


def type_at(mountinfo: str, path: str) -> str | None:
    """The type of the file system that an absolute path without links is on.

    That is the one with the longest mount point on the way, and of several at the same place the
    last that was mounted; None when no line says anything about the path.
    """
    found, longest = None, -1
    for line in mountinfo.splitlines():
        fields, separator, source = line.partition(" - ")
        words, kinds = fields.split(" "), source.split(" ")
        if not separator or len(words) <= _MOUNT_POINT or not kinds[0]:
            continue
        point = _escaped.sub(_character, words[_MOUNT_POINT])
        if len(point) >= longest and is_below(path, point):
            found, longest = kinds[0], len(point)
    return found


def is_below(path: str, point: str) -> bool:
    """Whether a path is a mount point or in it, by whole names."""
    return path == point or path.startswith(point if point.endswith("/") else f"{point}/")


def _character(match: re.Match[str]) -> str:
    """A space, tab, newline or backslash stands there as three octal digits."""
    return chr(int(match[1], 8))
