"""What the pages tell a newcomer to type exists; every setting is described."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "docs/operations.md")
READS_A_SETTING = re.compile(
    r"""(?:\bgiven|\benv(?:\.\w+)?|environ(?:\.get)?)[(\[]\s*["']([A-Z][A-Z0-9_]+)["']|\b(?:variable|own)\[["']([A-Z][A-Z0-9_]+)["']"""
)
OF_THE_SYSTEM = {"PATH", "DJANGO_SETTINGS_MODULE"}


def settings_in(text: str) -> set[str]:
    """Names of the environment that a source reads."""
    return {name for pair in READS_A_SETTING.findall(text) for name in pair if name} - OF_THE_SYSTEM


def described_in(page: str) -> set[str]:
    """Names that a page describes: rows of its tables that begin with a name."""
    return set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)`", page, re.MULTILINE))


def unknown_commands(page: str, targets: set[str], commands: set[str], modules: set[str]) -> list[str]:
    """Commands that a page tells to type and that do not exist."""
    typed = re.findall(r"`([^`\n]+)`", page) + [
        line for block in re.findall(r"^```.*?^```", page, re.M | re.S) for line in block.splitlines()
    ]
    found = []
    for line in typed:
        words = line.split("#")[0].strip().removeprefix("$ ").split()
        if words[:1] == ["make"] and len(words) > 1:
            found += [line for word in words[1:] if re.fullmatch(r"[a-z][a-z-]*", word) and word not in targets]
        if "manage.py" in words and words.index("manage.py") + 1 < len(words):
            name = words[words.index("manage.py") + 1]
            found += [line] if re.fullmatch(r"[a-z_]+", name) and name not in commands else []
        if "-m" in words and words.index("-m") + 1 < len(words) and words[max(0, words.index("-m") - 1)].endswith("python"):
            found += [line] if words[words.index("-m") + 1].split(".")[0] not in modules else []
    return found


@pytest.fixture(scope="module")
def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.fixture(scope="module")
def commands() -> set[str]:
    from django.core.management import get_commands

    return set(get_commands())


@pytest.fixture(scope="module")
def modules() -> set[str]:
    return {path.name for path in ROOT.iterdir() if path.is_dir()} | {"venv", "pytest", "pip", "celery", "gunicorn"}


class TestCommands:
    @pytest.mark.parametrize("name", PAGES)
    def test_that_a_page_names_exist(self, name, targets, commands, modules):
        page = (ROOT / name).read_text(encoding="utf-8")
        assert unknown_commands(page, targets, commands, modules) == []

    @pytest.mark.parametrize(
        "typed", ["`make demos`", "```\nmake demo\nmake tset\n```", "`python manage.py loda`", "`python -m polcy assess`"]
    )
    def test_an_unknown_one_is_noticed(self, typed):
        assert len(unknown_commands(typed, {"demo", "test"}, {"load"}, {"policy"})) == 1

    def test_known_ones_are_left_alone(self):
        page = (
            "```\nmake soak ONLY=race ROUNDS=50  # longer\npython manage.py load KIND FILE\n```\n`python -m policy cite FOLDER`"
        )
        assert unknown_commands(page, {"demo", "soak"}, {"load"}, {"policy"}) == []


class TestSettings:
    def test_are_all_described_in_operations(self):
        sources = [ROOT / "config/settings.py", *sorted((ROOT / "config/machine").glob("*.py"))]
        read = set().union(*(settings_in(path.read_text()) for path in sources))
        assert read == described_in((ROOT / "docs/operations.md").read_text(encoding="utf-8"))

    def test_each_way_of_reading_one_is_seen(self):
        text = "given('A_B', '')\nenv.bool('CD')\nos.environ.get('EF')\nos.environ[\"GH\"]\nnames = ['IJ']"
        assert settings_in(text) == {"A_B", "CD", "EF", "GH"}

    def test_only_rows_of_a_table_describe(self):
        assert described_in("`AB` is one.\n\n| `CD` | text |\n| EF | text |\n") == {"CD"}
