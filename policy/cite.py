"""Does the law really say so? Finds the phrase of every term in the section of the document that it names.

Both sides are normalised alike: NFKC; U+1001B0 (a lost full stop of one printer) to `.`; `\\geq` to `≥`; white
space, `$ * #` and lines that are only a page number dropped; nothing else. A document starts where its 文号, or
the title of a draft that has none, stands on lines of its own, and ends where the next 文号 does: a file that
forwards a notice holds two documents, and one notice may stand in several files. It must agree in each of them.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from policy.notice import Notice, NoticeError, Term

_DROPPED = re.compile(r"[\s$*#]")
_PAGE_NUMBER = re.compile(r"[-–—―−]*\d{1,4}[-–—―−]*")
_NUMBER_LINE = re.compile(r"[^\d《》,。;:]{2,16}[〔\[(]\d{4}[〕\])]\d+号")
_NUMERAL = "[一二三四五六七八九十百]+"
_CLAUSE = re.compile(rf"(?:({_NUMERAL})|第({_NUMERAL})条)(?:\(({_NUMERAL})\))?")


@dataclass(frozen=True, slots=True)
class Citation:
    """One term looked up. `missing` says in Chinese what was not found; empty if all was, or if it was not sought.

    `files`: where the phrase stands. `outside`: the term names a document beyond the folder, so that nothing was
    looked up.
    """

    notice: str
    term: Term
    files: tuple[str, ...]
    missing: str
    outside: bool


def normal(text: str) -> str:
    """Text as it is compared; a page's line structure is lost."""
    return "".join(_lines(text))


def _lines(text: str) -> list[str]:
    text = unicodedata.normalize("NFKC", text.replace("\U001001b0", ".")).replace("\\geq", "≥")
    lines = (_DROPPED.sub("", line) for line in text.splitlines())
    return [line for line in lines if line and not _PAGE_NUMBER.fullmatch(line)]


def document_lines(text: str, document: str) -> list[str]:
    """The lines, normalised, of the document of this 文号 or title within the text of a file; empty where it is not there."""
    return list(_document(_lines(text), normal(document)))


def cite(folder: Path, notices: Iterable[Notice]) -> list[Citation]:
    """Every cited term of these notices, looked up in the *.txt and *.md files of the folder. Raises NoticeError."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".txt", ".md"))
    if not paths:
        raise NoticeError(f"{folder} 中没有 .txt 或 .md 文件")
    files = {path.name: _lines(_text(path)) for path in paths}
    return [_look_up(files, notice, term) for notice in notices for term in notice.stated_here()]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise NoticeError(f"{path}：无法打开，请核对读取权限") from error
    except UnicodeDecodeError as error:
        raise NoticeError(f"{path}：不是 UTF-8 编码的文本，请另存为 UTF-8") from error


def _look_up(files: Mapping[str, Sequence[str]], notice: Notice, term: Term) -> Citation:
    if term.outside:
        return Citation(notice.id, term, (), "", outside=True)
    heading = normal(term.document)
    documents = {name: lines for name, all_lines in files.items() if (lines := list(_document(all_lines, heading)))}
    if not documents:
        return Citation(notice.id, term, (), "文件夹中没有这份文件", outside=False)
    missing = []
    if term.document == notice.number:
        titled = {name for name, lines in files.items() if _stands(lines, normal(notice.title))}
        missing = [f"{name} 有这份文件的标题而没有它的文号" for name in sorted(titled - documents.keys())]
    phrase = normal(term.phrase)
    for name, lines in documents.items():
        section = _section(lines, normal(term.clause))
        if not section:
            missing.append(f"{name} 中没有“{term.clause}”这一条")
        elif phrase not in "".join(section):
            missing.append(f"{name} 的“{term.clause}”中没有这句话")
    return Citation(notice.id, term, tuple(documents), "；".join(missing), outside=False)


def _document(lines: Sequence[str], heading: str) -> Iterator[str]:
    """Lines of the document under this heading: after it, up to the next 文号 that stands alone."""
    inside = False
    for at, line in enumerate(lines):
        if _starts(lines, at, heading):
            inside = True
        elif _NUMBER_LINE.fullmatch(line):
            inside = False
        elif inside:
            yield line


def _stands(lines: Sequence[str], heading: str) -> bool:
    return any(_starts(lines, at, heading) for at in range(len(lines)))


def _starts(lines: Sequence[str], at: int, heading: str) -> bool:
    """Whether whole lines from here on make up the heading."""
    while heading and at < len(lines) and heading.startswith(lines[at]):
        heading = heading.removeprefix(lines[at])
        at += 1
    return not heading


def _section(lines: Sequence[str], clause: str) -> Sequence[str]:
    """Lines of one section, `二` or `二(一)` or `第三条`; the whole document where the clause is no such number."""
    match = _CLAUSE.fullmatch(clause)
    if match is None:
        return lines
    plain, article, part = match.groups()
    start, any_start = (f"{plain}、", f"{_NUMERAL}、") if plain else (f"第{article}条", f"第{_NUMERAL}条")
    section = _part(lines, start, any_start)
    return _part(section, f"({part})", rf"\({_NUMERAL}\)") if part else section


def _part(lines: Sequence[str], start: str, any_start: str) -> Sequence[str]:
    """Lines from the first that begins with `start` to before the next that begins like `any_start`."""
    first = next((at for at, line in enumerate(lines) if line.startswith(start)), None)
    if first is None:
        return ()
    another = re.compile(any_start)
    last = next((at for at in range(first + 1, len(lines)) if another.match(lines[at])), len(lines))
    return lines[first:last]
