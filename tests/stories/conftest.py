"""A year's diary on a real worker, gateway, web server and credit platform, all of them on the desk's clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.stories.chapters", "tests.stories.diary", "tests.stories.endings")

from tests.stories.diary import Diary  # noqa: E402 - its asserts are to say what they found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A year takes its time where others are at work on the machine too."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(1200))


@pytest.fixture
def diary(worker, sms_process, web_process, listings, desk_clock, tmp_path, capfd) -> Iterator[Diary]:
    made = Diary(worker, listings, desk_clock, tmp_path)
    yield made
    made.sweep("agency.send_messages")
    made.all_reported()
