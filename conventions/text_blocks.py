"""The plain text of an article as paragraphs, sub-headings and lists, for pages and printed documents. Pure.

What people type stays plain text: an empty line separates two blocks, a line that begins with "- " is an item of a
list (indented, of a list inside it), a short line that begins with "1.2" or "1 –" is a sub-heading. Nothing is
interpreted as HTML: templates escape every line.
"""

import re
from dataclasses import dataclass, field
from itertools import groupby

_ITEM = re.compile(r"^(?P<indent>[ \t]*)[-–•][ \t]+(?P<text>.*)$")
_SUBHEADING = re.compile(r"^\d+((\.\d+)+\.?|\s+[–-])\s+\S.{0,100}$")


@dataclass
class ListPoint:
    """One point of a list, with the points of the list inside it."""

    text: str
    points: list[str] = field(default_factory=list)


@dataclass
class TextBlock:
    """A paragraph of `lines`, a sub-heading of one line, or a list of `points`."""

    kind: str
    lines: list[str] = field(default_factory=list)
    points: list[ListPoint] = field(default_factory=list)


def text_blocks(text: str) -> list[TextBlock]:
    """The blocks of `text`, in order; none for an empty text."""
    blocks: list[TextBlock] = []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for is_empty, group in groupby(lines, key=lambda line: not line.strip()):
        if not is_empty:
            blocks += _blocks_without_gap(list(group))
    return blocks


def _blocks_without_gap(lines: list[str]) -> list[TextBlock]:
    blocks: list[TextBlock] = []
    for is_item, group in groupby(lines, key=lambda line: _ITEM.match(line) is not None):
        if is_item:
            blocks.append(TextBlock("list", points=_points(list(group))))
            continue
        paragraph: list[str] = []
        for line in group:
            if _SUBHEADING.match(line.strip()):
                if paragraph:
                    blocks.append(TextBlock("paragraph", lines=paragraph))
                    paragraph = []
                blocks.append(TextBlock("heading", lines=[line.strip()]))
            else:
                paragraph.append(line.strip())
        if paragraph:
            blocks.append(TextBlock("paragraph", lines=paragraph))
    return blocks


def _points(lines: list[str]) -> list[ListPoint]:
    points: list[ListPoint] = []
    for line in lines:
        match = _ITEM.match(line)
        if match["indent"] and points:
            points[-1].points.append(match["text"].strip())
        else:
            points.append(ListPoint(match["text"].strip()))
    return points
