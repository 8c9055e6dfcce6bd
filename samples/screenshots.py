"""python -m samples.screenshots [PATTERN]: the pictures of README and docs/screens.md, taken in a real browser of the
demo's own pages, and docs/screens.md itself.

Run by `make screenshots`, which starts the site; the demo must have been run before. Nothing is pressed but what a picture's
own steps say; a page that the demo does not hold, or that answers with an error, ends the command with its name."""

import io
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import django
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import TimeoutError as TooLate

DOCS = Path(__file__).resolve().parent.parent / "docs"
PHONE, DESK = 375, 1440
SHORTEST, LONGEST = {PHONE: 667, DESK: 900}, {PHONE: 1600, DESK: 1200}  # pixels of a page that a picture shows
PATIENCE = 60_000  # milliseconds that a page may take
QUALITY = 60
NOBODY = ""


class Picture(NamedTuple):
    """One picture: its file without ending, its caption, who has signed in (a user name of the console, a name of `cases`, or
    nobody), the page, the width of the screen, and what is typed (by label) before a button is pressed."""

    file: str
    caption: str
    who: str
    path: str  # {names}: the number of a row of `cases` or `rows`
    width: int = PHONE
    button: str = ""
    typed: dict[str, str] = {}


class NotThere(Exception):
    """A page that the demo does not hold, or that is not the one asked for; says which."""


def case(name: str, page: str = "") -> str:
    return f"/refunds/{{{name}}}/{page}"


def row(model: str, name: str) -> str:
    return f"/admin/{model}/{{{name}}}/change/"


CASES = "/admin/refunds/application/"
SIGNS_IN = {"统一社会信用代码": "{uscc}", "手机号": "{phone}"}
ASKS = {"回执号": "{receipt}", "联系电话或通信地址": "{contact}"}
PARTS: dict[str, list[Picture]] = {
    "单位门户（手机）：登录、核对、答复": [
        Picture("home", "首页", NOBODY, "/"),
        Picture("sign-in", "单位登录：代码和登记手机号", NOBODY, "/sign-in/"),
        Picture("sign-in-code", "短信验证码", NOBODY, "/sign-in/", button="获取验证码", typed=SIGNS_IN),
        Picture("offer", "待确认：金额、怎么算的、打到哪里", "offered", case("offered")),
        Picture("confirm", "核对并确认", "offered", case("offered", "confirm/")),
        Picture("confirmed", "已确认，等待审核", "confirmed", case("confirmed")),
        Picture("decline", "放弃", "offered", case("offered", "decline/")),
        Picture("correct", "申请更正账户、划型或联系方式", "offered", case("offered", "correct/")),
        Picture("paid", "已拨付", "written", case("written")),
    ],
    "单位门户（手机）：自主申请、申诉、往来": [
        Picture("ineligible", "不符合：逐条理由和补救办法", "ineligible", case("ineligible")),
        Picture("apply", "自主申请：提交前先看预审结论", "overdue", case("overdue", "apply/")),
        Picture("hosts", "劳务派遣单位填报用工单位", "dispatch", case("dispatch", "apply/hosts/")),
        Picture("allocation", "劳务派遣单位核对资金分配", "dispatch", case("dispatch", "apply/")),
        Picture("returned", "退回补正", "returned", case("returned")),
        Picture("appeal", "提出申诉", "ineligible", case("ineligible", "appeal/")),
        Picture("evidence", "按要求补充证据", "appealed", case("appealed", "appeal/{appeal}/evidence/")),
        Picture("talk", "与经办机构往来消息", "written", case("written", "talk/")),
        Picture("letter", "通知书", "written", case("written", "letters/payment/")),
    ],
    "公开页面（手机，不用登录）": [
        Picture("rounds", "公示名单", NOBODY, "/gongshi/"),
        Picture("round", "一批公示名单", NOBODY, "/gongshi/{round}/"),
        Picture("object", "提出异议", NOBODY, "/gongshi/{round}/1/object/"),
        Picture("answer", "凭回执查询异议", NOBODY, "/gongshi/answer/", button="查询", typed=ASKS),
        Picture("unconfirmed", "未确认名单", NOBODY, "/weiqueren/{programme}/"),
        Picture("statement", "被反映的单位提交说明", "objected", case("objected", "statement/")),
    ],
    "经办台：待办、项目、数据": [
        Picture("console", "今日待办：等您办理的事项和项目进展", "jingban1", "/admin/", DESK),
        Picture("programme", "项目：政策文件、选择、版本", "zhengce1", row("agency/programme", "programme"), DESK),
        Picture("import", "导入报告：新增、变更、退回的错误行", "jingban1", row("agency/import", "import"), DESK),
        Picture("screening", "筛查结果：结论、金额、未通过的条件", "jingban1", row("refunds/screeningrun", "screening"), DESK),
        Picture("what-if", "试算：同样的数据换一份政策文件", "zhengce1", row("refunds/whatif", "what_if"), DESK),
        Picture("jobs", "后台作业", "jingban1", "/admin/agency/job/", DESK),
    ],
    "经办台：返还事项": [
        Picture("applications", "返还事项", "jingban1", CASES, DESK),
        Picture("application", "一件：状态、金额、逐条判定和依据", "jingban1", row("refunds/application", "called"), DESK),
        Picture("credit", "信用核验待办：平台无应答的一件", "jingban1", row("refunds/application", "unanswered"), DESK),
        Picture("overdue", "逾期未确认：导出电话名单，导入通话结果", "jingban1", f"{CASES}?state__exact=OVERDUE", DESK),
        Picture("replies", "短信回复：认不出的等人处理", "jingban1", "/admin/agency/reply/", DESK),
        Picture("messages", "短信：每条发到哪一步", "jingban1", "/admin/agency/message/?kind__exact=offer", DESK),
        Picture("appeal-desk", "申诉：受理、要求证据、另一人决定", "fushen1", row("agency/appeal", "appeal"), DESK),
    ],
    "经办台：公示与拨付": [
        Picture("publicity", "一批公示", "fushen1", row("payout/publicityround", "round"), DESK),
        Picture("objection", "一件公示异议", "fushen1", row("payout/objection", "objection"), DESK),
        Picture("batch", "拨付批次：编制、复核、放行由三人办理", "caiwu2", row("payout/paymentbatch", "batch"), DESK),
        Picture("reconciled", "已对账的批次：逐笔结果、退票", "caiwu1", row("payout/paymentbatch", "reconciled"), DESK),
        Picture("differences", "差额待办：拨付以后重新核定的", "fushen1", "/admin/payout/difference/", DESK),
    ],
}  # fmt: skip


# ---- what the demo holds ----
def cases() -> dict[str, Callable[[], Any]]:
    """{name: the refund case of that kind, None where the demo has none}."""
    from agency.models import Appeal, CaseKind, Hold, Remark
    from subsidies.payout.models import Award
    from subsidies.refunds.models import Application, CallOutcome, State

    every = Application.objects.select_related("enterprise").exclude(enterprise__phone="").order_by("pk")
    heard = CallOutcome.objects.filter(result=CallOutcome.Result.ACCEPTS).values("uscc")
    disputed = Appeal.objects.filter(case_kind=CaseKind.REFUND)
    asked = disputed.filter(state=Appeal.State.EVIDENCE_ASKED)
    held = Hold.objects.filter(case_kind=CaseKind.REFUND, kind=Hold.Kind.CREDIT_UNANSWERED, lifted_at__isnull=True)
    refused = every.filter(state=State.INELIGIBLE, failed__contains=["layoff_rate"]).exclude(pk__in=disputed.values("case_id"))
    return {
        "offered": every.filter(state=State.OFFERED, amount__isnull=False).first,
        "confirmed": every.filter(state=State.CONFIRMED).first,
        "ineligible": refused.first,
        "overdue": every.filter(state=State.OVERDUE).first,
        "dispatch": every.filter(enterprise__dispatch=True, state=State.ELIGIBLE).first,
        "returned": every.filter(state=State.RETURNED).first,
        "appealed": every.filter(pk__in=asked.values("case_id")).first,
        "written": every.filter(pk__in=Remark.objects.values("case_id"), award__state=Award.State.PAID).first,
        "objected": every.filter(award__state=Award.State.OBJECTED).first,
        "called": every.filter(enterprise__uscc__in=heard, award__isnull=False).first,
        "unanswered": every.filter(pk__in=held.values("case_id")).first,
    }


def rows() -> dict[str, Callable[[], Any]]:
    """{name: what else a path or a field names}."""
    from agency.models import Appeal, Import, Programme
    from subsidies.payout.models import Objection, PaymentBatch, PublicityRound
    from subsidies.refunds.models import ScreeningRun, WhatIf

    return {
        "programme": Programme.objects.first,
        "import": Import.objects.filter(kind="enterprises").first,
        "screening": ScreeningRun.objects.order_by("pk").first,
        "what_if": WhatIf.objects.first,
        "appeal": Appeal.objects.filter(state=Appeal.State.EVIDENCE_ASKED).first,
        "round": PublicityRound.objects.filter(state=PublicityRound.State.PUBLISHED).first,
        "objection": Objection.objects.filter(state=Objection.State.FILED).first,
        "batch": PaymentBatch.objects.filter(state=PaymentBatch.State.SUBMITTED).first,
        "reconciled": PaymentBatch.objects.filter(state=PaymentBatch.State.RECONCILED).first,
    }


class Demo(dict[str, Any]):
    """What the names in paths and fields stand for, looked up when first used."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds = cases() | rows()

    def held(self, name: str) -> Any:
        """The row of a name. Raises NotThere where the demo has none."""
        found = self._kinds[name]()
        if found is None:
            raise NotThere(f"the demo holds no “{name}”")
        return found

    def __missing__(self, name: str) -> Any:
        if name in ("uscc", "phone"):
            enterprise = self.held("unanswered").enterprise  # no other picture's: a phone gets one code a minute
            self[name] = enterprise.uscc if name == "uscc" else enterprise.phone.reveal()
        elif name in ("receipt", "contact"):
            objection = self.held("objection")
            self[name] = objection.receipt if name == "receipt" else objection.contact.reveal()
        else:
            self[name] = self.held(name).pk
        return self[name]


def session_of(who: str, demo: Demo) -> str:
    """The key of a session in which somebody has signed in, as the demo's people do."""
    from django.conf import settings

    from agency.models import Message
    from samples.year.windows import Clerk, Owner, wait_until

    if who not in cases():
        return str(Clerk(who, who, "").client.cookies[settings.SESSION_COOKIE_NAME].value)
    enterprise = demo.held(who).enterprise
    owner = Owner(enterprise.uscc, enterprise.phone.reveal(), "127.0.0.1")
    sent = Message.objects.filter(kind="sign_in_code", state__in=["SENT", "DELIVERED"])
    before = sent.count()
    owner.ask_code()
    wait_until(lambda: sent.count() > before, f"{who} 的验证码短信（每部手机一分钟一条）", 30)
    owner.enter()
    return str(owner.client.cookies[settings.SESSION_COOKIE_NAME].value)


# ---- the camera ----
def context_of(browser: Browser, width: int, session: str, site: str) -> BrowserContext:
    shape: dict[str, Any] = {"viewport": {"width": DESK, "height": SHORTEST[DESK]}}
    if width == PHONE:
        shape = {
            "viewport": {"width": PHONE, "height": SHORTEST[PHONE]},
            "device_scale_factor": 1.5,
            "is_mobile": True,
            "has_touch": True,
        }
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", base_url=site, **shape)
    context.set_default_timeout(PATIENCE)
    if session:
        context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
    return context


def take(page: Page, picture: Picture, demo: Demo, folder: Path) -> None:
    """One picture. Raises NotThere where the page is another one or an error page, so that none is ever shown."""
    path = picture.path.format_map(demo)
    page.set_viewport_size({"width": picture.width, "height": SHORTEST[picture.width]})
    answer = page.goto(path)
    if answer is None or answer.status != 200 or not page.url.endswith(path):
        raise NotThere(f"{path} answers {answer and answer.status}, at {page.url}")
    if picture.button:
        for label, text in picture.typed.items():
            page.get_by_label(label).first.fill(text.format_map(demo))
        page.get_by_role("main").get_by_role("button", name=picture.button, exact=True).click()
    page.wait_for_load_state("networkidle")
    whole = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": picture.width, "height": min(LONGEST[picture.width], whole)})
    shot = page.screenshot(animations="disabled")
    file = folder / f"{picture.file}.webp"
    Image.open(io.BytesIO(shot)).convert("RGB").save(file, "WEBP", quality=QUALITY, method=6)
    print(f"{file.name:<24}{file.stat().st_size / 1024:6.0f} KB  {path}")


def take_all(browser: Browser, folder: Path, only: str) -> list[str]:
    """Every picture, one signed-in context after the other; returns what could not be taken."""
    from samples.year.windows import Stuck

    demo, site, missing = Demo(), os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000"), []
    wanted = [picture for part in PARTS.values() for picture in part if re.search(only, picture.file)]
    for who, width in dict.fromkeys((picture.who, picture.width) for picture in wanted):
        theirs = [picture for picture in wanted if (picture.who, picture.width) == (who, width)]
        try:
            session = session_of(who, demo) if who else ""
        except (NotThere, Stuck) as reason:
            missing += [f"{picture.file}: {reason}" for picture in theirs]
            continue
        with context_of(browser, width, session, site) as context:
            page = context.new_page()
            for picture in theirs:
                try:
                    take(page, picture, demo, folder)
                except (NotThere, TooLate) as reason:
                    missing.append(f"{picture.file}: {reason}")
    return missing


# ---- the page ----
def screens() -> str:
    """docs/screens.md: the phone's pictures three in a row, the desk's one below the other."""
    lines = [
        "# 页面一览", "",
        "一件返还从数据到拨付经过的主要页面：单位门户按 375 像素宽的手机，经办台按 1440 像素宽的屏幕。",
        "图片和本页由 `make screenshots` 从 `make demo` 的虚构数据生成；请勿手工修改。", "",
    ]  # fmt: skip
    for title, part in PARTS.items():
        lines += [f"## {title}", ""]
        for first in range(0, len(part), 3 if part[0].width == PHONE else 1):
            shown = part[first : first + 3] if part[0].width == PHONE else [part[first]]
            if part[0].width == PHONE:
                lines += [_cells(each.caption for each in shown), "|---" * len(shown) + "|", _cells(map(_image, shown)), ""]
            else:
                lines += [f"### {shown[0].caption}", "", _image(shown[0]), ""]
    return "\n".join(lines)


def _cells(texts: Any) -> str:
    return "| " + " | ".join(texts) + " |"


def _image(picture: Picture) -> str:
    return f"![{picture.caption}](pictures/{picture.file}.webp)"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the loop belongs to the browser
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    folder = DOCS / "pictures"
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    quiet = [
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=zh-CN",
    ]
    with sync_playwright() as playwright:
        arguments = quiet + (["--no-sandbox"] if os.getuid() == 0 else [])
        browser = playwright.chromium.launch(executable_path=program, args=arguments, env={**os.environ, "LANGUAGE": "zh_CN"})
        missing = take_all(browser, folder, only)
        browser.close()
    (DOCS / "screens.md").write_text(screens(), encoding="utf-8")
    if missing:
        raise SystemExit("\n".join(["not taken (was make demo run to its end?):", *missing]))


if __name__ == "__main__":
    main()
