"""What the rows of a sheet's XML have in common: one pattern for a whole row, learned from some of them."""

import re
from collections.abc import Container
from dataclasses import dataclass

from sheets.measure import column_number

CELL = re.compile(
    r'<c r="([A-Z]{1,3})([1-9][0-9]{0,6})"(?: s="([0-9]{1,5})")?(?: t="(\w+)")?'
    r'(?:/>|></c>|>(<f[^<>]*(?:/>|>[^<]*</f>))?(?:<v>([^<]*)</v>|<is><t(?: xml:space="preserve")?>([^<]*)</t></is>)</c>)'
)
_LEARNED = 20_000  # characters
_MOST_COLUMNS = 200
_HOLLOW = r'(?: s="[0-9]{1,5}")?/>'
_ANY_STYLE = r'(?: s="[0-9]{1,5}")?'
_INLINE = _ANY_STYLE + r' t="inlineStr"><is><t(?: xml:space="preserve")?>([^<]+)</t></is></c>'
_SHARED = _ANY_STYLE + r' t="s"><v>([0-9]{1,9})</v></c>'
_NUMBER = r'(?: t="n")?><v>([-+.0-9eE]+)</v></c>'


@dataclass(frozen=True)
class Shape:
    """The pattern of a row: its number and one group a column, empty where the row lacks the cell.

    By column: its place from 1, the kind of its cells (`inlineStr`, `s` or `n`), their style, and the tags of a filled one.
    """

    pattern: re.Pattern[str]
    places: list[int]
    kinds: list[str]
    styles: list[str]
    tags: list[int]


def shape_of(text: str, numbers: Container[str], days: Container[str]) -> Shape | None:
    """The shape that the last rows of a text may share; `numbers` and `days` are the styles of what may be a number. None
    where a column holds something else."""
    known: dict[int, tuple[str, str, str]] = {}
    begin = text.find("<row", max(0, len(text) - _LEARNED))
    for letters, _, style, kind_written, formula, value, inline in CELL.findall(text, max(begin, 0)):
        if not (value or inline):
            continue
        kind = kind_written or "n"
        if formula or kind not in ("inlineStr", "s", "n") or bool(inline) != (kind == "inlineStr"):
            return None
        if kind == "n" and style not in numbers and style not in days:
            return None
        known[column_number(letters.encode())] = letters, kind, style
    if not known or len(known) > _MOST_COLUMNS:
        return None
    places = sorted(known)
    columns = [known[place] for place in places]
    pattern = "".join(f'(?:<c r="{letters}\\1"(?:{_body(kind, style)}|{_HOLLOW}))?' for letters, kind, style in columns)
    return Shape(
        re.compile(rf'<row r="([1-9][0-9]{{0,6}})"[^<>/]*>{pattern}</row>'),
        places,
        [kind for _, kind, _ in columns],
        [style for _, _, style in columns],
        [6 if kind == "inlineStr" else 4 for _, kind, _ in columns],
    )


def _body(kind: str, style: str) -> str:
    if kind == "n":
        return (f' s="{style}"' if style else "") + _NUMBER
    return _INLINE if kind == "inlineStr" else _SHARED
