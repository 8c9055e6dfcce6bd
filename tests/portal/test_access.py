"""Who may open what: one's own and nothing else, and no copy of it left behind."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from agency.models import Event, Role, User
from subsidies.refunds.models import Application, State

CASE_PAGES = ("refund", "confirm", "decline", "withdraw", "correct", "apply", "talk")
PUBLIC_PAGES = ("home", "sign_in", "rounds", "unconfirmed_lists")


@pytest.fixture(autouse=True)
def morning(desk_at):
    return desk_at(6, 26)


@pytest.fixture
def mine(offered) -> Application:
    return offered()


@pytest.fixture
def theirs(offered) -> Application:
    return offered()


class TestAnothersCase:
    @pytest.mark.parametrize("name", CASE_PAGES)
    def test_is_absent(self, signed_in, mine, theirs, name):
        client = signed_in(mine.enterprise)
        assert client.get(reverse(f"portal:{name}", args=[theirs.pk])).status_code == 404

    @pytest.mark.parametrize("name", CASE_PAGES[1:])
    def test_takes_no_answer(self, signed_in, mine, theirs, name):
        before = Event.objects.count()
        form = {"decision": theirs.decision_id, "reason": "不需要这笔资金", "about": "account", "text": "账户有误"}
        answer = signed_in(mine.enterprise).post(reverse(f"portal:{name}", args=[theirs.pk]), form)
        assert answer.status_code == 404
        theirs.refresh_from_db()
        assert (theirs.state, Event.objects.count()) == (State.OFFERED, before)

    def test_looks_the_same_as_one_that_does_not_exist(self, signed_in, mine, theirs):
        client = signed_in(mine.enterprise)
        pages = [client.get(reverse("portal:refund", args=[pk])).content for pk in (theirs.pk, 99_999_999)]
        assert strip_token(pages[0]) == strip_token(pages[1])

    @pytest.mark.parametrize("number", ["0", "9" * 30])
    def test_numbers_out_of_range_are_absent(self, signed_in, mine, number):
        assert signed_in(mine.enterprise).get(f"/refunds/{number}/").status_code == 404

    def test_is_not_in_ones_own_list(self, signed_in, mine, theirs):
        answer = signed_in(mine.enterprise).get(reverse("portal:refunds"))
        assert answer["Location"] == reverse("portal:refund", args=[mine.pk])


def strip_token(page: bytes) -> str:
    return re.sub(r'value="[A-Za-z0-9]{64}"', "", page.decode())


class TestOtherPeople:
    @pytest.mark.parametrize("name", CASE_PAGES)
    def test_whoever_is_not_signed_in_is_sent_to_sign_in(self, client, mine, name):
        assert client.get(reverse(f"portal:{name}", args=[mine.pk]))["Location"] == reverse("portal:sign_in")

    @pytest.mark.parametrize("name", CASE_PAGES)
    def test_staff_are_refused(self, client, mine, staff, name):
        client.force_login(staff(Role.PREPARER), backend="django.contrib.auth.backends.ModelBackend")
        answer = client.get(reverse(f"portal:{name}", args=[mine.pk]))
        assert answer.status_code == 403
        assert "工作人员" in answer.content.decode()

    def test_a_worker_is_refused(self, client, mine):
        worker = User.objects.create(username="w", name="某", kind=User.Kind.WORKER)
        client.force_login(worker, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get(reverse("portal:refund", args=[mine.pk])).status_code == 403

    def test_an_account_that_was_closed_is_signed_out(self, signed_in, mine):
        client = signed_in(mine.enterprise)
        User.objects.filter(username=mine.enterprise.uscc).update(is_active=False)
        assert client.get(reverse("portal:refund", args=[mine.pk]))["Location"] == reverse("portal:sign_in")

    @pytest.mark.parametrize("path", ["/admin/", "/admin/refunds/application/"])
    def test_an_enterprise_does_not_get_into_the_console(self, signed_in, mine, path):
        answer = signed_in(mine.enterprise).get(path)
        assert answer.status_code == 302
        assert "/admin/login/" in answer["Location"]


class TestWhatIsLeftBehind:
    @pytest.mark.parametrize("name", CASE_PAGES)
    def test_no_cache_keeps_a_personal_page(self, signed_in, mine, name):
        answer = signed_in(mine.enterprise).get(reverse(f"portal:{name}", args=[mine.pk]))
        assert {"no-store", "private"} <= {word.strip() for word in answer["Cache-Control"].split(",")}

    @pytest.mark.parametrize("name", PUBLIC_PAGES)
    def test_public_pages_are_as_strict(self, client, db, name):
        check_policy(client.get(reverse(f"portal:{name}")))

    def test_a_case_is_as_strict(self, signed_in, mine):
        check_policy(signed_in(mine.enterprise).get(reverse("portal:refund", args=[mine.pk])))


def check_policy(answer) -> None:
    """Nothing but our own files may load, nobody may frame the page, and it holds no script or style of its own."""
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    page = answer.content.decode()
    assert "<script" not in page
    assert "style=" not in page
    assert "://" not in page.replace("http://www.w3.org", "")


class TestChanges:
    @pytest.mark.parametrize("name", CASE_PAGES[1:])
    def test_need_the_token_of_the_page(self, acts_for, mine, name):
        client = Client(enforce_csrf_checks=True)
        client.force_login(acts_for(mine.enterprise), backend="django.contrib.auth.backends.ModelBackend")
        answer = client.post(reverse(f"portal:{name}", args=[mine.pk]), {"decision": mine.decision_id})
        assert answer.status_code == 403
        assert "刚才的操作没有生效" in answer.content.decode()
        mine.refresh_from_db()
        assert mine.state == State.OFFERED

    @pytest.mark.parametrize("name", CASE_PAGES[1:])
    def test_are_not_made_by_looking(self, signed_in, mine, name):
        before = Event.objects.count()
        signed_in(mine.enterprise).get(reverse(f"portal:{name}", args=[mine.pk]))
        assert Event.objects.count() == before
