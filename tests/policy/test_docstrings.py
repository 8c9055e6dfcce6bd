"""What a public function of the law promises: its units, its errors, its clause."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import policy

Function = ast.FunctionDef
UNIT = re.compile(r"[Yy]uan|fraction|rate|万元|months|per cent|heads")
ANSWER = re.compile(r"Finding|Verdict|Split|TopUp|Pilot|Layoff|Premium|Standing")


def public_functions(tree: ast.AST) -> Iterator[Function]:
    """Functions and methods that others call, not those inside a private class or another function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node)
        elif isinstance(node, Function) and not node.name.startswith("_"):
            yield node


def own_statements(function: Function) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(function):
        if not isinstance(node, Function):
            yield node
            yield from ast.walk(node)


def raised(function: Function) -> set[str]:
    calls = [node.exc for node in own_statements(function) if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)]
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def finds(function: Function) -> bool:
    """Whether its answer is a finding, or made of findings."""
    return bool(function.returns) and bool(ANSWER.search(ast.unparse(function.returns)))


def missing(function: Function) -> list[str]:
    """What the docstring does not name."""
    said = ast.get_docstring(function) or ""
    returns = ast.unparse(function.returns) if function.returns else ""
    wanted = {error: error in said for error in raised(function)}
    wanted["a docstring"] = bool(said)
    wanted["a unit"] = "Decimal" not in returns or bool(UNIT.search(said))
    wanted["a source or clause"] = not finds(function) or bool(re.search(r"[Ss]ource|[Cc]lause|document and section", said))
    return sorted(what for what, found in wanted.items() if not found)


def test_of_every_public_function_are_told() -> None:
    found = [
        f"{path.name} {function.name}: {what}"
        for path in sorted(Path(policy.__file__).parent.glob("*.py"))
        for function in public_functions(ast.parse(path.read_text("utf-8")))
        for what in missing(function)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("def f() -> int: return 1", ["a docstring"]),
        ('def f():\n    """Does."""\n    raise BadValue("x")', ["BadValue"]),
        ('def f() -> Decimal | None:\n    """The base."""', ["a unit"]),
        ('def f() -> tuple[Finding, ...]:\n    """What was found."""', ["a source or clause"]),
        ('def f() -> Decimal:\n    """The base, yuan. Raises BadValue."""\n    raise BadValue("x")', []),
    ],
)
def test_what_is_not_told_is_noticed(source: str, what: list[str]) -> None:
    (function,) = public_functions(ast.parse(source))
    assert missing(function) == what
