"""Does a golden case notice? `python -m tests.policy.mutants [words]`, run by `make mutants [ONLY=words]`.

Changes, one at a time, every value of every notice and every comparison in `policy`, and runs the golden cases on each
change. Notices and cases of the folders that NOTICE_FOLDERS names count too. A comparison of a module that holds no rules
(files, the command line) is for that module's own tests to notice: `tested` of mutants.toml names them. What nobody
notices is printed; each such line carries its reason from there, or the command ends with 1. `words` keeps the changes
whose line has all of them.
"""

import ast
import importlib.util
import os
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from importlib.abc import Loader, MetaPathFinder
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
POLICY = ROOT / "policy"
NOTICES = POLICY / "notices"
KEPT = Path(__file__).with_suffix(".toml")
SECONDS = 120  # a change may make a loop endless

NOTICED, REFUSED, UNNOTICED = 0, 3, 4


@dataclass(frozen=True)
class Change:
    """One change: where it stands (`shanxi-2024.toml:45`, `refund.py:210`), what it says, and the changed text."""

    where: str
    what: str
    path: Path
    text: str

    def __str__(self) -> str:
        return f"{self.where} {self.what}"


# ---- what can be changed ---------------------------------------------------------------------------------------

_OTHER = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


def changed_comparisons(path: Path, name: str) -> Iterator[Change]:
    """Each comparison of a module with its nearest mistake: < for <=, == for !=, in for not in."""
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    for node in [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]:
        before = ast.unparse(node)
        for place, operator in enumerate(node.ops):
            node.ops[place] = _OTHER[type(operator)]()
            yield Change(f"{name}:{node.lineno}", f"{before} → {ast.unparse(node)}", path, ast.unparse(tree))
            node.ops[place] = operator


_SECTION = re.compile(r"\[\[?(terms\.(\w+)|notice|readings\.\w+)\]\]?")
_LINE = re.compile(r"(value|default|least|most|from|until|options) = (.+)")


def changed_values(path: Path, keys: Any) -> Iterator[Change]:
    """Each value of a notice with its neighbours: a step up and down, the other words, a word less and a word more."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    section, key = "", ""
    for number, line in enumerate(lines):
        if head := _SECTION.match(line):
            section, key = head.group(1), head.group(2) or ""
        found = _LINE.match(line)
        if not found or not (key or section == "notice"):
            continue
        field, written = found.groups()
        value = tomllib.loads(f"v = {written}", parse_float=Decimal)["v"]
        for other in neighbours(field, value, keys.get(key)):
            changed = f"{field} = {_toml(other)}\n"
            text = "".join([*lines[:number], changed, *lines[number + 1 :]])
            yield Change(f"{path.name}:{number + 1}", f"{key or section}.{field} {written} → {_toml(other)}", path, text)


def neighbours(field: str, value: Any, key: Any) -> Iterator[Any]:
    """What a value might be by mistake."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int) and key and key.type != "decimal":
        yield from (value + 1, value - 1)
    elif isinstance(value, int | Decimal):
        step = Decimal("0.0001") if isinstance(value, Decimal) else 1
        yield from (value + step, value - step)
    elif isinstance(value, date):
        yield from (value + timedelta(days=1), value - timedelta(days=1))
    elif isinstance(value, list):
        for place in range(len(value)):
            if field != "options" or len(value) > 1:
                yield [*value[:place], *value[place + 1 :]]
        yield from ([*value, word] for word in _words(key) if word not in value)
        if field == "value" and key and key.type == "words" and key.label == "划型顺序":
            yield from ([*value[:place], value[place + 1], value[place], *value[place + 2 :]] for place in range(len(value) - 1))
    elif key and key.type == "word":
        yield from (word for word in _words(key) if word != value)
    else:
        yield f"{value}改"


def _words(key: Any) -> list[str]:
    return list(key.words) if key else []


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


# ---- who notices -----------------------------------------------------------------------------------------------


class _Changed(MetaPathFinder, Loader):
    """Imports one module of policy from the changed text."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.name = "policy." + ".".join(change.path.relative_to(POLICY).with_suffix("").parts)

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.change.path, loader=self)  # so that __file__ is its own

    def exec_module(self, module: Any) -> None:
        exec(compile(self.change.text, str(self.change.path), "exec"), module.__dict__)


def by_golden_cases(change: Change) -> int:
    """Runs the golden cases that the change can concern; in a process of its own."""
    if change.path.suffix == ".toml":
        _put_notice_in_place(change)
    else:
        sys.meta_path.insert(0, _Changed(change))
    from tests.policy import test_golden

    concerned = None
    if change.path.suffix == ".toml":
        concerned = _heirs(change.path)
        test_golden.FOLDERS = [test_golden.INVENTED]  # an agency's own stand beside the changed one
    for case in test_golden.golden():
        if concerned is None or concerned.intersection(map(str, case.values)):
            test_golden.check(*case.values)
    return UNNOTICED


def _put_notice_in_place(change: Change) -> None:
    from policy import notice

    folder = Path(tempfile.mkdtemp(dir=os.environ["MUTANTS_FOLDER"]))
    for path in notices():
        if path != change.path:
            (folder / path.name).symlink_to(path)
    (folder / change.path.name).write_text(change.text, "utf-8")
    notice.BUILT_IN = folder
    notice.load(change.path.stem.replace("-", "/"))


def _heirs(path: Path) -> set[str]:
    """The notice of this file and those that extend it."""
    from policy import notice

    name = path.stem.replace("-", "/")
    return {each for each in notice.names() if each == name or name in notice.load(each).lineage}


def by_tests(names: list[str]) -> Callable[[Change], int]:
    """Runs these test files."""

    def run(change: Change) -> int:
        sys.meta_path.insert(0, _Changed(change))
        sys.argv[1:] = names  # conftest looks which rooms are tested
        code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *names])
        return UNNOTICED if code == pytest.ExitCode.OK else NOTICED

    return run


def outcome(change: Change, notice: Callable[[Change], int]) -> int:
    """What becomes of the change, in a child: NOTICED, REFUSED (the notice cannot be loaded) or UNNOTICED."""
    child = os.fork()
    if child == 0:
        os._exit(_in_child(change, notice))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _in_child(change: Change, notice: Callable[[Change], int]) -> int:
    import signal

    signal.alarm(SECONDS)  # ends the child: noticed
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            return notice(change)
        except BaseException as error:  # noqa: BLE001 - whatever the change makes of it, it was noticed
            return REFUSED if type(error).__name__ == "NoticeError" else NOTICED


# ---- the list --------------------------------------------------------------------------------------------------


def notices() -> list[Path]:
    """The notices of policy/notices and of the folders that NOTICE_FOLDERS names."""
    own = [Path(folder) for folder in os.environ.get("NOTICE_FOLDERS", "").split(":") if folder]
    return [path.resolve() for folder in (NOTICES, *own) for path in sorted(folder.glob("*.toml"))]


def changes(keys: Any) -> Iterator[Change]:
    """Every change, notices first."""
    for path in notices():
        yield from changed_values(path, keys)
    for path in sorted(POLICY.rglob("*.py")):
        yield from changed_comparisons(path, path.relative_to(POLICY).as_posix())


def unnoticed(given: Iterable[Change], tested: dict[str, list[str]]) -> Iterator[tuple[Change, str]]:
    """(change, how it fared) in order: `` noticed by a golden case, the tests that noticed, or None."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(lambda change: (change, fate(change, tested)), given)


def fate(change: Change, tested: dict[str, list[str]]) -> str:
    """`golden`, `refused`, the test files that noticed, or empty: nobody."""
    came_out = outcome(change, by_golden_cases)
    if came_out != UNNOTICED:
        return "refused" if came_out == REFUSED else "golden"
    names = tested.get(change.where.partition(":")[0], [])
    return " ".join(names) if names and outcome(change, by_tests(names)) != UNNOTICED else ""


def main(words: list[str]) -> int:
    from policy.keys import KEYS

    kept = tomllib.loads(KEPT.read_text("utf-8"))
    reasons = {each["change"]: each["because"] for each in kept.get("reason", [])}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MUTANTS_FOLDER"] = folder
        chosen = [change for change in changes(KEYS) if all(word in str(change) for word in words)]
        return told(unnoticed(chosen, kept["tested"]), reasons, whole=not words)


def told(fates: Iterable[tuple[Change, str]], reasons: dict[str, str], *, whole: bool) -> int:
    """Prints what no golden case noticed and how many there were; 1 where a line has no reason or a reason no line."""
    counts = {"golden": 0, "refused": 0, "tests": 0, "reason": 0, "": 0}
    used = set()
    for change, how in fates:
        reason = next((pattern for pattern in reasons if re.search(pattern, str(change))), None) if not how else None
        kind = how if how in counts else "tests"
        if not how and reason:
            kind = "reason"
            used.add(reason)
        counts[kind] += 1
        if kind in ("reason", "tests"):
            print(f"{change}\n    {reasons[reason] if reason else how}", flush=True)
        elif not kind:
            print(f"{change}\n    NOBODY NOTICES", flush=True)
    spare = [pattern for pattern in reasons if pattern not in used] if whole else []
    print(
        f"{sum(counts.values())} changes: {counts['golden']} noticed by golden cases, {counts['refused']} refused on loading, "
        f"{counts['tests']} noticed by the module's own tests, {counts['reason']} with a reason, {counts['']} without"
    )
    for pattern in spare:
        print(f"a reason that no line needs: {pattern}")
    return 1 if counts[""] or spare else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
