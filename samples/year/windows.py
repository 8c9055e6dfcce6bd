"""The people of the made-up city at the real windows: clerks at the console, owners at the portal, over HTTP in process.

Nothing here writes a row: what a person cannot press, the demo cannot do."""

import json
import re
import time
import urllib.parse
import urllib.request
from html import unescape
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from agency.models import Bulk

DEMO_PASSWORD = "wengang-demo-2024"  # noqa: S105 - of made-up people on a laptop


class Stuck(Exception):
    """A window did not do what the story needs; says what it answered."""


class Clerk:
    """A member of staff at the console."""

    def __init__(self, username: str, name: str, post: str) -> None:
        self.username, self.name, self.post = username, name, post
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        if self._client is None:
            client = Client()
            answer = client.post(
                reverse("admin:login"), {"username": self.username, "password": DEMO_PASSWORD, "next": "/admin/"}
            )
            if answer.status_code != 302:
                raise Stuck(f"{self.name} 登录经办台未成功：{words_of(answer)}")
            self._client = client
        return self._client

    def press(self, model: str, deed: str, pk: int | str | None = None, **form: Any) -> str:
        """Press a button of a list (`pk` None) or of one row; returns what the console says. Raises Stuck if refused."""
        url = reverse(f"admin:{model}_{deed}", args=[] if pk is None else [pk])
        answer = self.client.post(url, form)
        if answer.status_code not in (302, 303):
            raise Stuck(f"{self.name}（{self.post}）办理“{deed}”未成功：{words_of(answer)}")
        return "；".join(str(message) for message in get_messages(self.client.get(answer["Location"]).wsgi_request))

    def fetch(self, model: str, deed: str, **form: Any) -> bytes:
        """Press a button of a list that hands out a file. Raises Stuck if it hands out none."""
        answer = self.client.post(reverse(f"admin:{model}_{deed}"), form)
        if not answer.get("Content-Disposition", "").startswith("attachment"):
            raise Stuck(f"{self.name}（{self.post}）办理“{deed}”没有得到文件：{words_of(answer)}")
        return b"".join(answer.streaming_content) if answer.streaming else answer.content

    def press_all(self, model: str, deed: str, ids: list[int]) -> str:
        """Tick rows in a list and choose a deed for all of them."""
        url = reverse(f"admin:{model}_changelist")
        said = []
        for first in range(0, len(ids), 500):
            form = {"action": deed, "_selected_action": [str(pk) for pk in ids[first : first + 500]], "index": "0"}
            answer = self.client.post(url, form)
            page = self.client.get(answer["Location"]) if answer.status_code == 302 else answer
            said += [str(message) for message in get_messages(page.wsgi_request)] or [result_of(answer)]
        return "；".join(said)

    def is_refused(self, url: str) -> bool:
        """Whether the console keeps this page from the clerk."""
        return self.client.get(url).status_code in (302, 403, 404)


def result_of(answer: Any) -> str:
    """What the page of results that a button over many rows leads to says of them in sum."""
    bulk = Bulk.objects.get(pk=answer["Location"].rstrip("/").split("/")[-2])
    return f"已办理 {bulk.moved:,} 件，未办理 {bulk.refused:,} 件"


def picture(name: str) -> SimpleUploadedFile:
    """A made-up screen record."""
    content = BytesIO()
    Image.new("RGB", (320, 200), "white").save(content, "PNG")
    return SimpleUploadedFile(name, content.getvalue())


class Owner:
    """An enterprise at the portal, with the phone that it registered."""

    def __init__(self, uscc: str, phone: str, address: str) -> None:
        self.uscc, self.phone = uscc, phone
        self.client = Client(REMOTE_ADDR=address)

    def ask_code(self) -> None:
        """Have a sign-in code sent to the registered phone."""
        answer = self.client.post(reverse("portal:sign_in"), {"uscc": self.uscc, "phone": self.phone})
        if answer.status_code != 302:
            raise Stuck(f"{self.uscc} 未能取得验证码：{words_of(answer)}")

    def enter(self) -> None:
        """Sign in with the code that the gateway delivered, and open the case."""
        answer = self.client.post(reverse("portal:sign_in_code"), {"code": code_on_the_phone(self.phone)})
        if answer.status_code != 302:
            raise Stuck(f"{self.uscc} 未能登录门户：{words_of(answer)}")
        self.case = self.client.get(reverse("portal:refunds"))["Location"]

    def send(self, page: str, **form: Any) -> None:
        """Fill in one page of the case as it is shown and send it."""
        shown = self.client.get(f"{self.case}{page}/")
        text = shown.content.decode()
        for name in ("decision", "accepted"):
            if hidden := re.search(rf'name="{name}" value="(\w+)"', text):
                form[name] = hidden.group(1)
        if 'name="agreed"' in text:
            form["agreed"] = "on"
        answer = self.client.post(f"{self.case}{page}/", form)
        if answer.status_code != 302 or answer["Location"] != self.case:
            raise Stuck(f"{self.uscc} 在门户办理“{page}”未成功：{words_of(answer if answer.status_code == 200 else shown)}")

    def write(self, text: str) -> None:
        """Send the agency a message about the case."""
        answer = self.client.post(f"{self.case}talk/", {"text": text})
        if answer.status_code != 302:
            raise Stuck(f"{self.uscc} 未能发出消息：{words_of(answer)}")

    def see(self) -> str:
        """What the case says."""
        return words_of(self.client.get(self.case))


def words_of(answer: Any) -> str:
    """The text of a page, for a person who wants to know what went wrong."""
    body = re.sub(r"(?s)<(script|style|head).*?</\1>", " ", answer.content.decode(errors="replace"))
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))[:600]


def code_on_the_phone(phone: str) -> str:
    """The newest sign-in code that the fake gateway delivered to this phone."""
    query = urllib.parse.urlencode({"phone": phone, "format": "json"})
    with urllib.request.urlopen(f"{settings.SMS_GATEWAY_URL}/outbox?{query}", timeout=10) as answer:  # noqa: S310 - our own fake
        shown = json.load(answer)["messages"]
    for message in shown:
        if message["template"] == "sign_in_code" and (found := re.search(r"(?<!\d)\d{6}(?!\d)", message["text"])):
            return found.group()
    raise Stuck("网关上没有这部手机的验证码。")


def wait_until(done: Any, what: str, seconds: float = 120) -> None:
    """Wait for the worker; Stuck when it takes too long."""
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise Stuck(f"等待“{what}”超过 {seconds:.0f} 秒；请看后台任务的日志。")
        time.sleep(0.1)
