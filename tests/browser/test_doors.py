"""The first page of each window opens in a real browser, in Chinese, and without a stranger's help."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe


@pytest.mark.parametrize("path", ["/", "/admin/login/"])
class TestFirstPage:
    def test_opens_and_asks_no_other_host(self, site, page, path):
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        answer = page.goto(site + path)
        assert answer.status == 200
        assert page.locator("html").get_attribute("lang").lower().startswith("zh")
        assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []
        assert errors == []

    def test_fits_a_phone(self, site, browser, browser_context_args, phone, path):
        with browser.new_context(**browser_context_args | phone) as context:
            page = context.new_page()
            page.goto(site + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 375

    def test_has_no_serious_barrier(self, site, page, path):
        page.goto(site + path)
        found = [each for each in Axe().run(page).response["violations"] if each["impact"] in {"serious", "critical"}]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


class TestFonts:
    def test_chinese_is_drawn_not_boxed(self, site, page):
        page.set_content("<span style='font-size:40px'>稳</span><span style='font-size:40px'>岗</span>")
        widths = page.evaluate("[...document.querySelectorAll('span')].map(e => e.getBoundingClientRect().width)")
        drawn = [page.locator("span").nth(number).screenshot() for number in (0, 1)]
        assert all(width > 20 for width in widths)
        assert drawn[0] != drawn[1]  # a missing font draws the same box for both
        assert re.search("稳", page.content())
