"""The pages that a user reads, in the parts that can be tested: code, links and headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_FILE_NAME = re.compile(r"`([\w./-]+\.[a-z]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the file that the line before it names."""

    page: str
    line: int
    language: str
    text: str
    file: str | None

    @property
    def place(self) -> str:
        """Where to find it."""
        return f"{self.page}:{self.line}"


def name_of(page: Path) -> str:
    """The path of a page in the repository."""
    return page.relative_to(ROOT).as_posix()


@cache
def text_of(page: Path) -> str:
    """The source of a page."""
    return page.read_text(encoding="utf-8")


def blocks(page: Path, *languages: str) -> list[Block]:
    """The fenced blocks of a page, in their order; those of some languages, or all."""
    text = text_of(page)
    found = []
    for match in _FENCE.finditer(text):
        indent, language, body = match.groups()
        before = text[: match.start()].rstrip().rpartition("\n")[2]
        named = _FILE_NAME.findall(before) if before.endswith(":") else []
        found.append(
            Block(
                name_of(page),
                text[: match.start()].count("\n") + 1,
                language,
                re.sub(rf"^{indent}", "", body, flags=re.MULTILINE),
                named[-1] if named else None,
            )
        )
    return [each for each in found if not languages or each.language in languages]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", text_of(page))


def anchors(page: Path) -> set[str]:
    """What a link to a heading of the page may be, as GitHub makes it."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", each.lower()) for each in headings]
    return {each.replace(" ", "-") for each in plain}


def links(page: Path) -> list[str]:
    """The targets of the links of a page that lead to this repository."""
    found = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(page)))
    return [each for each in found if not re.match(r"[a-z]+:", each)]
