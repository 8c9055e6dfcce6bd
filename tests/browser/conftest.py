"""Real pages in a real Chromium, served by the real processes on the test database. A pytest process of its own: an event
loop runs in the main thread after the first page."""

import os
import shutil
from pathlib import Path

import pytest

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the loop belongs to the browser; our own calls are not inside it

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """The system's Chromium, without a sandbox as root, asking nobody for anything."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.fail("no Chromium: run make browser, or set CHROMIUM")
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync"]
    return browser_type_launch_args | {
        "executable_path": path,
        "args": quiet + (["--no-sandbox"] if os.getuid() == 0 else []),
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, object], base_url: str) -> dict[str, object]:
    """A visitor from here: Chinese, Shanghai time."""
    return browser_context_args | {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "base_url": base_url}


@pytest.fixture
def phone() -> dict[str, object]:
    """A context's options for a 375 px wide screen."""
    return {"viewport": {"width": 375, "height": 812}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="session")
def base_url() -> str:
    """Where the site of this run listens."""
    return os.environ["PUBLIC_URL"]


@pytest.fixture
def site(web_process, sms_process, platform_process, worker, base_url) -> str:
    """The whole site: web, worker and both gateways, on a database that the test fills; its address."""
    return base_url


@pytest.fixture
def pictures() -> Path:
    """Folder for screenshots of this run, kept out of the repository."""
    folder = Path(__file__).resolve().parent.parent.parent / "test-results"
    folder.mkdir(exist_ok=True)
    return folder
