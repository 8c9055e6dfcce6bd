"""The same rooms in every app, and no room where anything fits."""

from pathlib import PurePosixPath

import pytest

APPS = ("agency", "enterprises", "subsidies/payout", "subsidies/refunds", "subsidies/skills")
ROOMS = {"__init__", "models", "queries", "actions", "tasks", "resources", "admin", "apps", "migrations"}
AGENCY_ROOMS = {"moves", "intake", "gateways", "sealed", "clock", "documents"}
ANYTHING_FITS = {
    *("utils", "util", "helpers", "helper", "common", "base", "services", "service", "managers", "manager", "mixins"),
    *("mixin", "signals", "misc", "core", "lib", "tools"),
}
WINDOWS = {"admin", "tasks", "clock"}


def strange_rooms(paths: list[str]) -> list[str]:
    """Files of an app that lie in none of its rooms."""
    found = []
    for path in paths:
        for app in APPS:
            if path.startswith(f"{app}/"):
                room = path.removeprefix(f"{app}/").split("/")[0].removesuffix(".py")
                if room not in (ROOMS | AGENCY_ROOMS if app == "agency" else ROOMS):
                    found.append(path)
    return found


def rooms_for_anything(paths: list[str]) -> list[str]:
    """Files or folders whose name says nothing about what is in them."""
    return [path for path in paths if ANYTHING_FITS & {part.removesuffix(".py") for part in PurePosixPath(path).parts}]


def busy_apps(sources) -> list[str]:
    """`apps.py` files that do anything but name the app and import its resources in ready()."""
    return [source.path for source in sources if source.room == "apps" and len(source.text.splitlines()) > 15]


class TestRooms:
    def test_are_the_same_in_every_app(self, project):
        assert strange_rooms([source.path for source in project]) == []

    def test_have_names_that_say_what_is_in_them(self, project):
        assert rooms_for_anything([source.path for source in project]) == []

    def test_apps_does_one_thing(self, project):
        assert busy_apps(project) == []

    @pytest.mark.parametrize("path", ["agency/rules.py", "enterprises/intake.py", "subsidies/payout/views/lists.py"])
    def test_a_strange_room_is_noticed(self, path):
        assert strange_rooms([path, "agency/intake.py", "enterprises/actions/sizes.py"]) == [path]

    @pytest.mark.parametrize("path", ["agency/utils.py", "policy/common/dates.py", "tests/helpers.py", "agency/models/mixins.py"])
    def test_a_room_for_anything_is_noticed(self, path):
        assert rooms_for_anything([path, "agency/models/people.py"]) == [path]

    def test_a_busy_apps_is_noticed(self, invented):
        assert busy_apps(invented("agency/apps.py", "x = 1\n" * 16)) == ["agency/apps.py"]
