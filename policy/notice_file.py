"""One notice file (TOML), read and checked: what it states, with clause and phrase, and what it leaves open."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import Any

from policy.keys import KEYS, Key, Value
from policy.terms import NoticeError, Reading, Term

LONGEST_PHRASE = 40

_HEAD: Mapping[str, type] = {
    "id": str, "title": str, "number": str, "authority": str, "region": str, "signed_on": date, "from": date,
    "until": date, "status": str, "extends": str,
}  # fmt: skip
_HEAD_OPTIONAL = {"number", "signed_on", "extends"}
_ID = re.compile(r"[^\s/]+/(\d{4})")
_TOML_PLACE = re.compile(r"at line (\d+), column (\d+)")
_TWICE = ("Cannot declare", "Cannot overwrite", "Duplicate inline table key")
_VALUE_KEYS = {"value", "clause", "phrase", "source", "outside", "from", "until", "reading"}
_CHOICE_KEYS = {"choice", "default", "options", "least", "most", "clause", "phrase"}
_TYPES: Mapping[str, tuple[type, str]] = {
    "decimal": (Decimal, "小数"),
    "int": (int, "整数"),
    "bool": (bool, "true 或 false"),
    "date": (date, "日期"),
    "text": (str, "文字"),
    "word": (str, "词"),
    "words": (tuple, "词的列表"),
}
_KIND_LABELS: Mapping[type, str] = {bool: "true 或 false", date: "日期", str: "文字"}


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """A term left to the agency: its default, the words allowed (default first) or the bounds of a number."""

    default: Term
    options: tuple[str, ...]
    least: Decimal | None
    most: Decimal | None


Stated = tuple[Term, ...] | LeftOpen


def terms_of(stated: Stated) -> tuple[Term, ...]:
    """What holds as long as nobody chooses."""
    return (stated.default,) if isinstance(stated, LeftOpen) else stated


def document_of(number: str, title: str) -> str:
    """What the clauses of a notice are quoted by: its 文号, or the title of a draft that has none yet."""
    return number or f"{title}（征求意见稿）"


class NoticeFile:
    """One notice file. Every method raises NoticeError with file, key and reason."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.table = tomllib.loads(path.read_text("utf-8-sig"), parse_float=Decimal)
        except OSError as error:
            raise NoticeError(f"{path}：无法打开，请核对路径和读取权限") from error
        except UnicodeDecodeError as error:
            raise NoticeError(f"{path}：不是 UTF-8 编码的文本，请另存为 UTF-8") from error
        except (ValueError, InvalidOperation, RecursionError) as error:
            raise NoticeError(f"{path}：{_toml_reason(error)}") from error
        for key in sorted(self.table.keys() - {"notice", "terms", "readings"}):
            raise self.error(key, "不认识的内容")
        for key in ("notice", "terms", "readings"):
            if not isinstance(self.table.setdefault(key, {}), dict):
                raise self.error(key, f"应写成 [{key}] 一节")

    def error(self, key: str, reason: str) -> NoticeError:
        """What is wrong with this file, to be raised: path, key and reason."""
        return NoticeError(f"{self.path}：{key}：{reason}")

    def head(self) -> dict[str, Any]:
        """The section [notice]."""
        head: dict[str, Any] = self.table["notice"]
        for key in sorted(head.keys() - _HEAD.keys()):
            raise self.error(f"notice.{key}", "不认识的内容")
        for key, kind in _HEAD.items():
            if key not in head and key not in _HEAD_OPTIONAL:
                raise self.error(f"notice.{key}", "没有填写")
            if key in head and type(head[key]) is not kind:
                raise self.error(f"notice.{key}", "类型不对，应为" + ("日期" if kind is date else "文字"))
            if head.get(key) == "":
                raise self.error(f"notice.{key}", "没有填写")
        if head["status"] not in ("final", "draft"):
            raise self.error("notice.status", "应为 final（正式）或 draft（征求意见稿）")
        if head["status"] == "final" and not head.get("number"):
            raise self.error("notice.number", "正式文件须有文号")
        if head["from"] > head["until"]:
            raise self.error("notice.until", "早于 from")
        self._check_year(head)
        return head

    def _check_year(self, head: Mapping[str, Any]) -> None:
        """The year of the id is that of the period: programmes are opened by year."""
        match = _ID.fullmatch(head["id"])
        if match is None:
            raise self.error("notice.id", "应写成 名称/年份，如 taiyuan/2025")
        for key in ("from", "until"):
            if head[key].year != int(match.group(1)):
                raise self.error(f"notice.{key}", f"{head[key]} 不在 {head['id']} 的年度内")

    @property
    def document(self) -> str:
        """What clauses of this notice are quoted by."""
        head = self.table["notice"]
        return document_of(head.get("number", ""), head["title"])

    def readings(self) -> dict[str, Reading]:
        """The sections [readings.*]."""
        found = {}
        for key, entry in self.table["readings"].items():
            if not isinstance(entry, dict) or entry.keys() != {"text", "reason"}:
                raise self.error(f"readings.{key}", "应只有 text 和 reason")
            if not all(isinstance(part, str) and part for part in entry.values()):
                raise self.error(f"readings.{key}", "text 和 reason 应为文字")
            found[key] = Reading(entry["text"], entry["reason"])
        return found

    def terms(self) -> dict[str, Stated]:
        """The sections [terms.*]."""
        return {key: self._stated(key, entry) for key, entry in self.table["terms"].items()}

    def _stated(self, key: str, entry: Any) -> Stated:
        if key not in KEYS:
            raise self.error(f"terms.{key}", "不认识的条款项")
        entries = entry if isinstance(entry, list) else [entry]
        if not entries or not all(isinstance(each, dict) for each in entries):
            raise self.error(f"terms.{key}", f"应写成 [terms.{key}] 一节，或几节 [[terms.{key}]]")
        if isinstance(entry, dict) and "choice" in entry:
            return self._left_open(key, KEYS[key], entry)
        terms = sorted((self._term(key, KEYS[key], each) for each in entries), key=lambda each: each.since or date.min)
        for earlier, later in pairwise(terms):
            if earlier.until is None or later.since is None or later.since <= earlier.until:
                raise self.error(f"terms.{key}", f"日期重叠：{_days(earlier)} 与 {_days(later)}")
        return tuple(terms)

    def _term(self, key: str, rule: Key, entry: dict[str, Any]) -> Term:
        at = f"terms.{key}"
        self._known(at, entry, _VALUE_KEYS)
        if "value" not in entry:
            raise self.error(f"{at}.value", "没有填写；由经办机构选定的写 choice = true")
        for name, kind in (("outside", bool), ("from", date), ("until", date), ("reading", str)):
            if name in entry and (type(entry[name]) is not kind or entry[name] == ""):
                raise self.error(f"{at}.{name}", f"类型不对，应为{_KIND_LABELS[kind]}")
        outside = entry.get("outside", False)
        self._check_citation(at, entry, phrase_needed=not outside)
        if outside and "source" not in entry:
            raise self.error(f"{at}.source", "引用其他文件须写明文件名称")
        since, until = entry.get("from"), entry.get("until")
        if since and until and since > until:
            raise self.error(f"{at}.until", "早于 from")
        return Term(
            key=key,
            label=rule.label,
            type=rule.type,
            value=self._value(f"{at}.value", rule, entry["value"]),
            basis="reading" if "reading" in entry else "law",
            clause=entry["clause"],
            document=entry.get("source", self.document),
            phrase=entry.get("phrase", ""),
            reading=entry.get("reading", ""),
            outside=outside,
            since=since,
            until=until,
        )

    def _left_open(self, key: str, rule: Key, entry: dict[str, Any]) -> LeftOpen:
        at = f"terms.{key}"
        self._known(at, entry, _CHOICE_KEYS)
        if entry["choice"] is not True or "default" not in entry:
            raise self.error(at, "选项须写 choice = true 和 default")
        if "clause" in entry or "phrase" in entry:
            self._check_citation(at, entry, phrase_needed=True)
        default = self._value(f"{at}.default", rule, entry["default"])
        if rule.type not in ("int", "decimal", "word"):
            raise self.error(at, "只有数字或列举的词可以由经办机构选定")
        for name in ("least", "most") if rule.type == "word" else ("options",):
            if name in entry:
                raise self.error(f"{at}.{name}", f"“{rule.label}”为{_TYPES[rule.type][1]}，不能这样限定")
        options = self._options(f"{at}.options", rule, entry, str(default)) if rule.type == "word" else ()
        least, most = self._limits(at, rule, entry)
        if isinstance(default, Decimal | int):
            self._check_bounds(f"{at}.default", Decimal(default), least, most)
        clause = entry.get("clause", "")
        document = self.document if clause else ""
        term = Term(key, rule.label, rule.type, default, "choice", clause, document, entry.get("phrase", ""))
        return LeftOpen(term, options, least, most)

    def _options(self, at: str, rule: Key, entry: Mapping[str, Any], default: str) -> tuple[str, ...]:
        """The words that may be chosen, the default first."""
        listed = self._value(at, replace(rule, type="words"), entry.get("options", list(rule.words)))
        if not isinstance(listed, tuple) or default not in listed:
            raise self.error(at, f"没有包含默认值 {default}")
        return (default, *[word for word in listed if word != default])

    def _limits(self, at: str, rule: Key, entry: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
        """Least and most of a number that may be chosen, within those of its key."""
        bounds = []
        for name, widest in (("least", rule.least), ("most", rule.most)):
            bound = None if widest is None else Decimal(widest)
            if name in entry:
                if isinstance(entry[name], bool) or not isinstance(entry[name], int | Decimal):
                    raise self.error(f"{at}.{name}", "类型不对，应为数字")
                bound = Decimal(entry[name])
                self._check_bounds(f"{at}.{name}", bound, rule.least, rule.most)
            bounds.append(bound)
        least, most = bounds
        if least is not None and most is not None and least > most:
            raise self.error(f"{at}.most", f"{most} 小于 least {least}")
        return least, most

    def _known(self, at: str, entry: dict[str, Any], names: set[str]) -> None:
        for name in sorted(entry.keys() - names):
            raise self.error(f"{at}.{name}", "不认识的内容")

    def _check_citation(self, at: str, entry: dict[str, Any], *, phrase_needed: bool) -> None:
        for name in ("clause", "phrase", "source"):
            if name in entry and (not isinstance(entry[name], str) or not entry[name].strip()):
                raise self.error(f"{at}.{name}", "应为文字")
        if "clause" not in entry:
            raise self.error(f"{at}.clause", "缺少条款出处")
        if phrase_needed and "phrase" not in entry:
            raise self.error(f"{at}.phrase", "缺少原文摘句")
        if len(entry.get("phrase", "")) > LONGEST_PHRASE:
            raise self.error(f"{at}.phrase", f"摘句最多 {LONGEST_PHRASE} 字，现有 {len(entry['phrase'])} 字")

    def _check_bounds(self, at: str, number: Decimal, least: Decimal | int | None, most: Decimal | int | None) -> None:
        low = Decimal(least or 0)
        if not number.is_finite() or number < low or (most is not None and number > most):
            bounds = f"应不小于 {low}" if most is None else f"应在 {low} 至 {most} 之间"
            raise self.error(at, f"数字不合理：{number}，{bounds}")

    def _value(self, at: str, rule: Key, written: Any) -> Value:
        """A TOML value as the key's type; words and bounds checked."""
        if rule.type == "decimal" and type(written) is int:
            written = Decimal(written)
        elif rule.type == "words" and isinstance(written, list):
            written = tuple(written)
        kind, kind_label = _TYPES[rule.type]
        value: Value = written
        if type(value) is not kind:
            raise self.error(at, f"类型不对，“{rule.label}”应为{kind_label}")
        if isinstance(value, Decimal | int) and not isinstance(value, bool):
            self._check_bounds(at, Decimal(value), rule.least, rule.most)
        words = value if isinstance(value, tuple) else (value,) if rule.type == "word" else ()
        for word in words:
            if not isinstance(word, str) or not word:
                raise self.error(at, f"类型不对，{word} 应为文字")
            if rule.words and word not in rule.words:
                raise self.error(at, f"不认识 {word}，可用：{'、'.join(rule.words)}")
        if len(set(words)) != len(words):
            raise self.error(at, "有重复")
        return value


def _toml_reason(error: Exception) -> str:
    """Where a file is no TOML, the section where that is known, and what is wrong as far as it can be told."""
    message = str(error)
    place = _TOML_PLACE.search(message)
    where = [f"第 {place.group(1)} 行第 {place.group(2)} 列"] if place else []
    if message.startswith(_TWICE):
        named = [".".join(names)] if (names := re.findall("'(.+?)'", message)) else []
        return "：".join([*where, *named, "写了两次，请去掉重复的"])
    return "：".join([*where, "不是有效的 TOML，请核对引号、括号、等号和日期的写法"])


def _days(term: Term) -> str:
    return f"{term.since or '起始'}至{term.until or '长期'}"
