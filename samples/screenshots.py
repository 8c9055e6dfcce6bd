"""python -m samples.screenshots [FOLDER]: the README's pictures, taken in a real browser of the demo's own pages.

Run by `make screenshots`, which starts the site; the demo must have been run before."""

import os
import shutil
import sys
from pathlib import Path

import django
from playwright.sync_api import Browser, Page, sync_playwright

WIDE = {"viewport": {"width": 1280, "height": 860}}
PHONE = {"viewport": {"width": 375, "height": 812}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
HERE = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "base_url": os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000")}
LONGEST_PAGE = 1600  # pixels of a phone's page that a picture shows


def owner_with_an_offer() -> tuple[str, str, int]:
    """An enterprise that can still answer: its code, registered phone and case."""
    from subsidies.refunds.models import Application

    cases = Application.objects.exclude(enterprise__phone="").select_related("enterprise").order_by("pk")
    case = cases.filter(state="OFFERED").first() or cases.filter(award__isnull=False).first()
    if case is None:
        raise SystemExit("There is no case to show: run make demo first.")
    return case.enterprise.uscc, case.enterprise.phone.reveal(), case.pk


def console(browser: Browser, folder: Path, case: int) -> None:
    """The to-do board, and one application with its findings."""
    from samples.year.windows import DEMO_PASSWORD

    with browser.new_context(**HERE, **WIDE) as context:
        page = context.new_page()
        page.goto("/admin/")
        page.fill("input[name=username]", "jingban1")
        page.fill("input[name=password]", DEMO_PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/admin/")
        take(page, folder / "console.png")
        page.goto(f"/admin/refunds/application/{case}/change/")
        take(page, folder / "application.png")


def portal(browser: Browser, folder: Path, uscc: str, phone: str) -> None:
    """The offer as the enterprise sees it on a phone, after signing in with a code from the gateway."""
    from samples.year.windows import code_on_the_phone, wait_until

    with browser.new_context(**HERE, **PHONE) as context:
        page = context.new_page()
        page.goto("/sign-in/")
        page.fill("input[name=uscc]", uscc)
        page.fill("input[name=phone]", phone)
        before = codes_on(phone)
        page.click("form button.button")
        page.wait_for_url("**/sign-in/code/")
        wait_until(lambda: codes_on(phone) > before, "验证码短信", 60)
        page.fill("input[name=code]", code_on_the_phone(phone))
        page.click("form button.button")
        page.goto("/refunds/")
        take(page, folder / "portal.png", full=True)


def codes_on(phone: str) -> int:
    """How many messages the gateway delivered to a phone."""
    import json
    import urllib.request

    with urllib.request.urlopen(f"{os.environ['SMS_GATEWAY_URL']}/outbox?phone={phone}&format=json", timeout=10) as answer:  # noqa: S310
        return len(json.load(answer)["messages"])


def take(page: Page, path: Path, *, full: bool = False) -> None:
    """One picture; refused if the page is an error page, so that the README never shows one."""
    page.wait_for_load_state("networkidle")
    if page.locator("h1").count() and "Error" in page.locator("h1").first.inner_text():
        raise SystemExit(f"{page.url} is an error page")
    height = min(LONGEST_PAGE, page.evaluate("document.documentElement.scrollHeight")) if full else page.viewport_size["height"]
    page.screenshot(path=path, clip={"x": 0, "y": 0, "width": page.viewport_size["width"], "height": height}, full_page=full)
    print(path)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures")
    folder.mkdir(parents=True, exist_ok=True)
    uscc, phone, case = owner_with_an_offer()
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    quiet = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        arguments = quiet + (["--no-sandbox"] if os.getuid() == 0 else [])
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the loop belongs to the browser
        console(browser, folder, case)
        portal(browser, folder, uscc, phone)
        browser.close()


if __name__ == "__main__":
    main()
