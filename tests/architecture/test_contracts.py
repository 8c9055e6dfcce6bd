"""The import contracts of pyproject.toml hold, and each is seen to break when violated."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
APP = ("models", "queries", "actions", "tasks", "resources", "admin")
TREE = {
    "config": ("settings", "celery"),
    "portal": ("views",),
    "subsidies/refunds": APP,
    "subsidies/skills": APP,
    "subsidies/payout": APP,
    "enterprises": APP,
    "agency": (*APP, "moves", "intake", "gateways", "sealed", "clock", "documents"),
    "policy": ("size",),
    "sheets": ("values",),
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts of pyproject.toml on the packages in a folder."""
    program = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, '.'); {program}",
        "--no-cache",
        "--config",
        str(ROOT / "pyproject.toml"),
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    """An empty house with every room and a few lawful imports."""
    folder = tmp_path_factory.mktemp("house")
    for package, rooms in TREE.items():
        for parent in (folder / package, (folder / package).parent):
            if parent != folder:
                parent.mkdir(parents=True, exist_ok=True)
                (parent / "__init__.py").touch()
        for room in rooms:
            (folder / package / f"{room}.py").touch()
    (folder / "agency/tasks.py").write_text("import celery\nimport agency.actions\nimport agency.gateways\nimport agency.clock\n")
    (folder / "subsidies/refunds/tasks.py").write_text("import celery\nimport agency.gateways\nimport agency.clock\n")
    (folder / "subsidies/refunds/admin.py").write_text("from subsidies.refunds import actions, tasks\nimport agency.clock\n")
    return folder


class TestContracts:
    def test_hold(self):
        done = lint_imports(ROOT)
        assert done.returncode == 0, done.stdout

    def test_hold_in_an_empty_house(self, house):
        done = lint_imports(house)
        assert done.returncode == 0, done.stdout

    @pytest.mark.parametrize(
        ("room", "line", "contract"),
        [
            ("agency/models.py", "import enterprises.models", "Imports point down only"),
            ("subsidies/refunds/queries.py", "import subsidies.skills.models", "Imports point down only"),
            ("subsidies/payout/queries.py", "import subsidies.refunds.models", "Imports point down only"),
            ("policy/size.py", "import django", "The law and the sheets are pure"),
            ("sheets/values.py", "import celery", "The law and the sheets are pure"),
            ("enterprises/queries.py", "import enterprises.actions", "The same rooms in every app"),
            ("agency/moves.py", "import agency.actions", "The same rooms in every app"),
            ("subsidies/payout/rules.py", "", "The same rooms in every app"),
            ("agency/admin.py", "import agency.gateways", "Only tasks reach the outside"),
            ("portal/views.py", "import agency.gateways", "Only tasks reach the outside"),
            ("agency/actions.py", "import agency.clock", "Only windows read the clock"),
            ("subsidies/refunds/queries.py", "import agency.clock", "Only windows read the clock"),
            ("enterprises/actions.py", "import redis", "Rows, not the broker"),
            ("portal/views.py", "import celery", "Rows, not the broker"),
        ],
    )
    def test_break_when_violated(self, house, room, line, contract):
        path = house / room
        before = path.read_text() if path.exists() else None
        path.write_text(line + "\n")
        try:
            done = lint_imports(house)
        finally:
            path.unlink() if before is None else path.write_text(before)
        broken = [heading for heading in done.stdout.splitlines() if heading.rstrip().endswith("BROKEN")]
        assert done.returncode == 1
        assert [heading.rpartition(" ")[0].strip() for heading in broken] == [contract]
