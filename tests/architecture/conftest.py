"""The project's sources, and invented ones on which each rule is seen to fail."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = ("agency", "bench", "config", "enterprises", "policy", "portal", "samples", "sheets", "subsidies", "tests")


class Source(NamedTuple):
    """One Python file: its path from the root, its lines, its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The room of an app that it belongs to: `actions` for agency/actions.py and agency/actions/posts.py alike."""
        parts = Path(self.path).with_suffix("").parts
        depth = 2 if parts[0] == "subsidies" else 1
        return parts[depth] if len(parts) > depth else parts[-1]


def read(path: str, text: str) -> Source:
    return Source(path, text, ast.parse(text, path))


@pytest.fixture(scope="session")
def project() -> list[Source]:
    """Every Python file of ours but the migrations, which are generated."""
    files = [file for folder in OURS for file in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in file.parts]
    return [read(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) for file in files]


@pytest.fixture(scope="session")
def invented() -> Callable[..., list[Source]]:
    """invented("agency/actions.py", "text", ...) -> sources that exist in the test alone."""

    def make(*pairs: str) -> list[Source]:
        return [read(path, text) for path, text in zip(pairs[::2], pairs[1::2], strict=True)]

    return make
