"""Time, settings and requests are passed in: nothing below the windows reads them."""

import ast

import pytest

BELOW_THE_WINDOWS = {"actions", "queries", "models", "moves", "intake", "resources", "documents"}
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("timezone", "now"),
    ("time", "time"),
}
CLOCKS |= {("clock", "now"), ("clock", "today")}
OF_NOW_IF_OF_NOTHING = {"localdate", "localtime"}  # Django's: with a moment they only convert it

# Where, and why.
SETTINGS_ALLOWED = {
    "agency/actions/files.py": "FILES_ROOT: the folder of sealed files is a place, like the database, and no rule hangs on it",
    "agency/actions/imports.py": "FILES_ROOT: an upload is opened beside the sealed files, never in the shared temporary folder",
    "agency/actions/links.py": "PUBLIC_URL: where the portal is reached is a place too, written into messages",
}


def lower(sources):
    return [source for source in sources if source.path.startswith(("policy/", "sheets/")) or source.room in BELOW_THE_WINDOWS]


def clocks_read(sources) -> list[str]:
    """Every place below the windows that asks what time it is."""
    found = []
    for source in lower(sources):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and (_last_name(node.value), node.attr) in CLOCKS:
                found.append(f"{source.path}:{node.lineno} {ast.unparse(node)}")
            if isinstance(node, ast.Call) and not node.args and _last_name(node.func) in OF_NOW_IF_OF_NOTHING:
                found.append(f"{source.path}:{node.lineno} {ast.unparse(node)}")
    return found


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def settings_read(sources) -> list[str]:
    """Every place below the windows that imports the settings or takes a request."""
    found = []
    for source in lower(sources):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ImportFrom) and node.module == "django.conf":
                found.append(f"{source.path}:{node.lineno} settings")
            if isinstance(node, ast.ImportFrom) and node.module == "django.http":
                found.append(f"{source.path}:{node.lineno} request")
    return found


class TestBelowTheWindows:
    def test_nobody_asks_the_time(self, project):
        assert clocks_read(project) == []

    def test_nobody_reads_settings_or_requests(self, project):
        found = settings_read(project)
        assert [line for line in found if line.partition(":")[0] not in SETTINGS_ALLOWED] == []
        assert set(SETTINGS_ALLOWED) <= {line.partition(":")[0] for line in found}

    @pytest.mark.parametrize(
        "line",
        ["timezone.now()", "dt.date.today()", "datetime.now(ZONE)", "Field(default=timezone.now)", "time.time()", "localdate()"],
    )
    def test_a_clock_is_noticed(self, invented, line):
        assert clocks_read(invented("agency/actions.py", line, "policy/size.py", line)) != []
        assert clocks_read(invented("agency/tasks.py", line, "portal/views.py", line)) == []

    def test_converting_a_moment_is_left_alone(self, invented):
        assert clocks_read(invented("agency/actions.py", "timezone.localtime(at)\nlocaldate(at)")) == []

    @pytest.mark.parametrize("line", ["from django.conf import settings", "from django.http import HttpRequest"])
    def test_settings_and_requests_are_noticed(self, invented, line):
        assert settings_read(invented("agency/queries.py", line)) != []
        assert settings_read(invented("agency/admin.py", line)) == []
