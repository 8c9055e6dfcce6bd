"""docs/clauses.md as rows, and what is wrong with it: pointers that are dead, sentences that no row has."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from policy.cite import document_lines, normal

PAGE = Path(__file__).resolve().parent.parent.parent / "docs/clauses.md"
ABOVE, PREAMBLE, TITLE, BELOW = "版头", "引言", "标题", "落款"
LONGEST_PHRASE = 40
_NUMERAL = "[一二三四五六七八九十]+"
_POINTER = re.compile(r"`([a-z]+):([^`]+)`")
_PHRASE = re.compile("「(.+?)」")
_REASON = re.compile(r"(无需|以后)：\S")
_END = re.compile(r"[。;]|(?<![0-9A-Za-z])\.|\.(?![0-9A-Za-z])")  # a dot between digits or letters ends no sentence
_MARKS = {"reading": "解读", "choice": "选择"}


class Row(NamedTuple):
    """One clause of a document: words by which it is found, what it says, where it is answered, what kind it is of."""

    document: str
    clause: str
    found_by: str
    says: str
    where: str
    kind: str

    @property
    def pointers(self) -> list[tuple[str, str]]:
        return _POINTER.findall(self.where)

    @property
    def phrases(self) -> list[str]:
        return _PHRASE.findall(self.found_by)

    def __str__(self) -> str:
        return f"{self.document} {self.clause} {self.says}"


def rows_of(page: str) -> list[Row]:
    """The rows of the tables, under the headings that name their documents."""
    rows, document = [], ""
    for line in page.splitlines():
        if line.startswith("## "):
            document = line.removeprefix("## ").strip()
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if document and line.startswith("|") and cells[0] not in ("条", "---"):
            rows.append(Row(document, *cells))
    return rows


def notices_of(page: str) -> dict[str, str]:
    """Document -> id of the notice that it is, or that its readers use: the first that stands below its heading."""
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)[1:]
    return {
        name.strip(): found[1]
        for name, text in zip(parts[::2], parts[1::2], strict=True)
        if (found := re.search(r"`([a-z]+/\d{4})`", text))
    }


# ---- what is wrong with the page itself ------------------------------------------------------------------------


def unanswered(rows: Iterable[Row]) -> list[str]:
    """Rows that point nowhere and give no reason, or whose kind is not what their pointers and reasons make it."""
    return [f"{row}：{wrong}" for row in rows if (wrong := _wrong(row))]


def _wrong(row: Row) -> str:
    kinds = set(row.kind.split("、"))
    reasons = set(_REASON.findall(row.where))
    if not row.pointers and not reasons:
        return "既没有出处，也没有理由"
    if kinds == {"无"}:
        return "" if reasons == {"无需"} else "“无”应写明无需的理由"
    if not kinds <= {"规定", "解读", "选择"} or (not row.pointers and reasons == {"无需"}):
        return f"性质不是“{row.kind}”"
    for pointer, kind in _MARKS.items():
        if (kind in kinds) != any(name == pointer for name, _ in row.pointers):
            return f"“{kind}”与 {pointer} 不符"
    return ""


def dead(rows: Iterable[Row], resolves: Mapping[str, Callable[[Row, str], Any]]) -> list[str]:
    """Pointers of these kinds to what does not exist; of any other kind where it is none of `KINDS`."""
    found = []
    for row in rows:
        for kind, name in row.pointers:
            if kind in KINDS and kind not in resolves:
                continue
            try:
                alive = resolves[kind](row, name)
            except (KeyError, LookupError, ValueError, AttributeError, ImportError):
                alive = False
            if not alive:
                found.append(f"{row.document} {row.clause}：{kind}:{name}")
    return found


KINDS = (
    "term",
    "choice",
    "reading",
    "rule",
    "policy",
    "test",
    "state",
    "action",
    "task",
    "model",
    "kind",
    "console",
    "page",
    "sms",
)


def attribute(path: str) -> Any:
    """`subsidies.refunds.actions.offer_all` -> the thing. Raises ImportError, AttributeError."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError:
        return getattr(attribute(module), name)


def untold_terms(rows: Iterable[Row], terms: Iterable[tuple[str, str, str]]) -> list[str]:
    """(document, clause, key) of terms that no row of that document and clause points to; without a clause of any."""
    told = {
        (row.document, part, name)
        for row in rows
        for kind, name in row.pointers
        if kind in ("term", "choice")
        for part in ("", row.clause, row.clause.partition("·")[0])
    }
    return [f"{document} {clause}：{key}" for document, clause, key in terms if (document, clause, key) not in told]


# ---- the page beside the documents -----------------------------------------------------------------------------


class Sentence(NamedTuple):
    """A sentence of a document, normalised, and the clause that it stands in: 一, 一（二）, 二·一是, 一是, 版头, 落款."""

    clause: str
    text: str


def sentences_of(lines: Sequence[str]) -> list[Sentence]:
    """A document, normalised, cut into sentences; what follows the last full stop is the 落款."""
    found: list[Sentence] = []
    section, item, text = PREAMBLE, "", ""
    for line in [*lines, ""]:
        plain, part = re.match(rf"({_NUMERAL})、", line), re.match(rf"\(({_NUMERAL})\)", line)
        if plain or (part and section != PREAMBLE) or re.match(rf"{_NUMERAL}是", line) or text.endswith(":") or not line:
            *sentences, rest = _END.split(text)
            for each in [*sentences, rest]:
                item = mark[0] if (mark := re.match(rf"{_NUMERAL}是", each)) else item
                if each:
                    found.append(Sentence(_clause(section, item), each))
            if not line and rest:
                found[-1] = Sentence(BELOW, rest)
            text = ""
        if plain:
            section, item = plain[1], ""
        elif part and section != PREAMBLE:
            section, item = f"{section.partition('（')[0]}（{part[1]}）", ""
        text += line
    return found


def _clause(section: str, item: str) -> str:
    if section == PREAMBLE:
        return item or PREAMBLE
    return f"{section}·{item}" if item else section


def documents_in(folder: Path, headings: Sequence[str]) -> Iterator[tuple[str, list[Sentence]]]:
    """(heading, sentences) of each document that a file of the folder holds; what stands in none of them is the 版头 of
    the first."""
    for path in sorted(path for path in folder.iterdir() if path.suffix in (".txt", ".md")):
        text = path.read_text("utf-8")
        inside = {heading: lines for heading in headings if (lines := document_lines(text, heading))}
        rest = whole = normal(text)
        for part in [*map("".join, inside.values()), *map(normal, inside)]:
            rest = rest.replace(part, "", 1)
        first = min(inside, key=lambda heading: whole.index(normal(heading)))
        for heading, lines in inside.items():
            above = [Sentence(ABOVE, each) for each in _END.split(rest) if each and heading == first]
            yield heading, [*above, *sentences_of(lines)]


def missing(rows: Sequence[Row], document: str, sentences: Iterable[Sentence]) -> list[str]:
    """Sentences of a document that no row of their clause is found by."""
    told: dict[str, list[str]] = {}
    for row in rows:
        if row.document == document:
            told.setdefault(PREAMBLE if row.clause == TITLE else row.clause, []).extend(map(normal, row.phrases))
    return [
        f"{document} {sentence.clause}：{sentence.text[:LONGEST_PHRASE]}"
        for sentence in sentences
        if not any(phrase in sentence.text for phrase in told.get(sentence.clause, ()))
    ]


def misplaced(rows: Iterable[Row], documents: Iterable[tuple[str, Sequence[Sentence]]]) -> list[str]:
    """Words that stand in no sentence of their clause, in any copy of their document."""
    texts: dict[tuple[str, str], list[str]] = {}
    for document, sentences in documents:
        for sentence in sentences:
            texts.setdefault((document, sentence.clause), []).append(sentence.text)
    return [
        f"{row.document} {row.clause}：「{phrase}」"
        for row in rows
        for phrase in row.phrases
        if not any(
            normal(phrase) in text for text in texts.get((row.document, PREAMBLE if row.clause == TITLE else row.clause), ())
        )
    ]
