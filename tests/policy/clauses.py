"""docs/clauses.md as rows, and what is wrong with it: pointers that are dead, clauses that no row has."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from policy.cite import document_lines

PAGE = Path(__file__).resolve().parent.parent.parent / "docs/clauses.md"
_NUMERAL = "[一二三四五六七八九十]+"
_POINTER = re.compile(r"`([a-z]+):([^`]+)`")
_REASON = re.compile(r"(?:无需|以后)：\S")


class Row(NamedTuple):
    """One clause of a document: what it says and where it is answered."""

    document: str
    clause: str
    says: str
    where: str

    @property
    def pointers(self) -> list[tuple[str, str]]:
        return _POINTER.findall(self.where)


def rows_of(page: str) -> list[Row]:
    """The rows of the tables, under the headings that name their documents."""
    rows, document = [], ""
    for line in page.splitlines():
        if line.startswith("## "):
            document = line.removeprefix("## ").strip()
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if document and line.startswith("|") and len(cells) == 4 and cells[0] not in ("条", "---"):
            rows.append(Row(document, cells[0], cells[1], cells[2]))
    return rows


def unanswered(rows: Iterable[Row]) -> list[str]:
    """Rows that point nowhere and give no reason."""
    return [f"{row.document} {row.clause} {row.says}" for row in rows if not row.pointers and not _REASON.search(row.where)]


def dead(rows: Iterable[Row], resolves: Mapping[str, Callable[[str], Any]]) -> list[str]:
    """Pointers to what does not exist."""
    found = []
    for row in rows:
        for kind, name in row.pointers:
            try:
                alive = resolves[kind](name)
            except (KeyError, LookupError, AttributeError, ImportError):
                alive = False
            if not alive:
                found.append(f"{row.document} {row.clause}：{kind}:{name}")
    return found


def attribute(path: str) -> Any:
    """`subsidies.refunds.actions.offer_all` -> the thing. Raises ImportError, AttributeError."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError:
        return getattr(attribute(module), name)


def untold_terms(rows: Sequence[Row], terms: Iterable[tuple[str, str, str]]) -> list[str]:
    """(document, clause, key) of terms that no row of that document and clause points to."""
    told = {
        (row.document, part, name) for row in rows for kind, name in row.pointers if kind == "term" for part in _parts(row.clause)
    }
    return [f"{document} {clause}：{key}" for document, clause, key in terms if (document, clause, key) not in told]


def _parts(clause: str) -> set[str]:
    """二（一）·一是 lies in 二（一）."""
    return {clause, clause.partition("·")[0]}


def sections_of(lines: Sequence[str]) -> list[str]:
    """The clauses that a document is cut into: 一, 一（二）, 二·一是; of one without any, what begins with 一是."""
    found: list[str] = []
    section = part = ""
    for line in lines:
        if match := re.match(rf"({_NUMERAL})、", line):
            section, part = match[1], ""
            found.append(section)
        elif section and (match := re.match(rf"\(({_NUMERAL})\)", line)):
            part = f"（{match[1]}）"
            found.append(section + part)
        for item in re.findall(rf"(?:^|[。.;；:：])({_NUMERAL}是)", line):
            found.append(f"{section}{part}·{item}" if section else item)
    return found


def missing(rows: Sequence[Row], document: str, lines: Sequence[str]) -> list[str]:
    """Sections of a document that no row has; one that is cut further is told by its parts."""
    told = {part for row in rows if row.document == document for part in _parts(row.clause)}
    told |= {re.sub(r"（.*", "", clause) for clause in told}
    return [f"{document} {section}" for section in ["标题", "引言", *sections_of(lines)] if section not in told]


def documents_in(folder: Path, headings: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """(heading, lines) of each document that a file of the folder holds."""
    for path in sorted(path for path in folder.iterdir() if path.suffix in (".txt", ".md")):
        text = path.read_text("utf-8")
        for heading in headings:
            if lines := document_lines(text, heading):
                yield heading, lines
