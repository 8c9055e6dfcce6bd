"""One visitor's walk through pages, each looked at on a phone and on a wide screen with whatever reads pages aloud."""

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Browser, Page

from agency.models import User
from enterprises.models import Enterprise
from subsidies.refunds.models import Application

BACKEND = "django.contrib.auth.backends.ModelBackend"
NARROW, WIDE = 375, 1440
LONG_WORD = "https://example.com/" + "x" * 120  # what an owner pastes into a message
Steps = Callable[[Page], object]


class Look(NamedTuple):
    """One page in one state: its name in portal.urls, what shows that this is the state, how it comes to it."""

    name: str
    says: str
    path: str = ""
    of: Enterprise | None = None  # who has signed in
    on: tuple[int, int] = (7, 9)
    steps: Steps | None = None


def press(button: str, **typed: str) -> Steps:
    """Fill in by label, then press: what a bad form is made with."""

    def do(page: Page) -> None:
        for label, text in typed.items():
            page.get_by_label(label).first.fill(text)
        page.get_by_role("main").get_by_role("button", name=button, exact=True).click()
        page.wait_for_load_state()

    return do


def picture(name: str = "证明材料.png") -> tuple[str, io.BytesIO]:
    made = io.BytesIO()
    Image.new("L", (30, 20)).save(made, "PNG")
    made.seek(0)
    made.name = name
    return name, made


def barriers(page: Page) -> list[str]:
    """Each serious or critical violation, with where it is."""
    found = [each for each in Axe().run(page).response["violations"] if each["impact"] in {"serious", "critical"}]
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


def session_of(user: User) -> str:
    """The key of a session in which this user has signed in."""
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


class Walk:
    """One visitor's browser, narrow first, then wide."""

    def __init__(self, browser: Browser, options: dict[str, object], clock: Callable[..., datetime], folder: Path) -> None:
        self.context = browser.new_context(**options | {"viewport": {"width": NARROW, "height": 812}})
        self.page, self.clock, self.folder = self.context.new_page(), clock, folder
        self.base, self.seen, self.on = str(options["base_url"]), 0, (0, 0)

    def look(self, at: Look, user: User | None) -> list[str]:
        """What is wrong with one page, at both widths."""
        if self.on != at.on:
            self.clock(*at.on)
            self.on = at.on
        self.context.clear_cookies()
        if user is not None:
            self.context.add_cookies([{"name": "sessionid", "value": session_of(user), "url": self.base}])
        self.page.set_viewport_size({"width": NARROW, "height": 812})
        if at.path:
            self.page.goto(at.path)
        if at.steps is not None:
            at.steps(self.page)
        self.seen += 1
        text = self.page.locator("main").inner_text()
        if at.says not in text:
            return [f"not the state that was meant: no “{at.says}” in {self.page.url}: {text[:300]}"]
        return [f"{width}: {problem}" for width in (NARROW, WIDE) for problem in self.problems(at.name, width)]

    def problems(self, name: str, width: int) -> Iterator[str]:
        self.page.set_viewport_size({"width": width, "height": 812})
        self.page.screenshot(path=self.folder / f"page-{self.seen:03}-{name}-{width}.png", full_page=True)
        yield from barriers(self.page)
        wide, inner = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        if wide > inner:
            yield f"{wide} px wide"


def case(name: str, application: Application, *more: object) -> str:
    return reverse(f"portal:{name}", args=[application.pk, *more])


def of(application: Application, name: str, says: str, *more: object, on: tuple[int, int] = (7, 9), steps: Steps | None = None):
    """A page of one's own case."""
    return Look(name, says, case(name, application, *more), application.enterprise, on, steps)
