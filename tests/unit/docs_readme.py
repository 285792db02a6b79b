"""The README as data: its sections, its fenced blocks, its tables, and its tree diagrams."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
PATH = ROOT / "README_EXECUTION.md"

_NAME = r"[a-z][a-z0-9_./]*"
_ARROW = re.compile(rf"([┬├└─])─▶ ({_NAME})")


class Block(NamedTuple):
    """A fenced block: where it is, its language, the word behind that, and what is in it."""

    line: int
    language: str
    name: str
    text: str


class Tree(NamedTuple):
    """A tree diagram: the names in it, the names at its left margin, and its arrows."""

    names: frozenset[str]
    roots: tuple[str, ...]
    arrows: tuple[tuple[str, str], ...]


class Readme:
    """What the page holds."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.blocks: list[Block] = []
        self.sections: dict[str, list[str]] = {}
        self.prose: list[str] = []
        section: list[str] = []
        fence: tuple[int, list[str]] | None = None
        inside: list[str] = []
        for number, line in enumerate(text.splitlines(), 1):
            if line.startswith("```"):
                if fence is None:
                    fence, inside = (number, line[3:].split()), []
                    continue
                words = [*fence[1], "", ""]
                self.blocks.append(Block(fence[0], words[0], words[1], "\n".join(inside) + "\n"))
                fence = None
            elif fence is not None:
                inside.append(line)
            elif line.startswith("#"):
                section = self.sections.setdefault(line.lstrip("#").strip(), [])
            else:
                section.append(line)
                self.prose.append(line)

    @classmethod
    def load(cls) -> Readme:
        return cls(PATH.read_text(encoding="utf-8"))

    def of_language(self, *languages: str) -> list[Block]:
        """Blocks in some languages, in their order."""
        return [block for block in self.blocks if block.language in languages]

    def named(self, name: str) -> str:
        """The text of the block with that name."""
        return next(block.text for block in self.blocks if block.name == name)

    def table(self, title: str) -> list[tuple[str, ...]]:
        """The rows of a section's table, without its head; a lone code span loses its quotes."""
        lines = [line for line in self.sections.get(title, ()) if line.startswith("|")]
        return [tuple(_plain(cell) for cell in line.strip("|").split("|")) for line in lines[2:]]


def _plain(cell: str) -> str:
    cell = cell.strip()
    alone = cell.count("`") == 2 and cell.startswith("`") and cell.endswith("`")
    return cell[1:-1] if alone else cell


def tree(picture: str) -> Tree:
    """Read a diagram whose branches hang on `┬`, `├` and `└`; ValueError when a line is loose.

    Text behind a name is a comment. A branch belongs to the name before the `┬` above it.
    """
    roots: list[str] = []
    names: list[str] = []
    arrows: list[tuple[str, str]] = []
    sources: dict[int, str] = {}
    above = ""
    for line in picture.splitlines():
        current = ""
        if root := re.match(_NAME, line):
            current = root[0]
            roots.append(current)
            names.append(current)
        for match in _ARROW.finditer(line):
            joint, name, column = match[1], match[2], match.start()
            if joint in "├└":
                if above[column : column + 1] not in ("┬", "│", "├") or column not in sources:
                    raise ValueError(f"the branch to {name} hangs in the air: {line.strip()}")
                current = sources[column]
            elif not current:
                raise ValueError(f"the arrow to {name} comes from nowhere: {line.strip()}")
            if joint == "┬":
                sources[column] = current
            elif joint == "└":
                del sources[column]
            arrows.append((current, name))
            names.append(name)
            current = name
        above = line
    if sources:
        raise ValueError(f"a branch of {', '.join(sources.values())} does not end")
    return Tree(frozenset(names), tuple(roots), tuple(arrows))
