"""Claims at the console: lists, a page with every finding, who may press what, and numbers opened only on asking."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agency.models import Event, User
from enterprises.models import InsuredPerson
from subsidies.payout.models import Award
from subsidies.skills.models import Certificate, Claim, TrainingSubsidy
from tests.office import at, citizen, office
from tests.subsidies.skills.conftest import Town, a_programme, certificate, claim, person, training

__all__ = ["at", "office"]
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def town(office, settings, tmp_path, at) -> Town:
    settings.FILES_ROOT = tmp_path
    settings.DEMO = True
    from agency.actions.clock import set_desk_clock

    set_desk_clock(at, real_now=at)
    town = Town(office)
    town.programme = a_programme(office, at, "shanxi/2024", {}, 2024)
    return town


@pytest.fixture
def desk(town):
    """The browser of a member of staff."""

    def browser(username: str) -> Client:
        client = Client()
        client.force_login(User.objects.get(username=username), backend=BACKEND)
        return client

    return browser


def claims(town, *numbers: int) -> None:
    town.people(*numbers)
    town.load("training-subsidies", *(training(number) for number in numbers))
    town.claim(*(claim(number) for number in numbers))


def decide(town, desk) -> str:
    client = desk("jingban")
    client.post(reverse("admin:skills_claim_decide"), {"programme": town.programme.pk})
    return client.get(reverse("admin:skills_claim_changelist")).content.decode()


LISTS = ("skills_claim", "skills_certificate", "skills_trainingsubsidy", "enterprises_insuredperson", "payout_award")


class TestLists:
    @pytest.mark.parametrize("listing", LISTS)
    def test_take_as_many_queries_for_thirty_rows_as_for_two(self, town, desk, listing, django_assert_num_queries):
        claims(town, 1, 2)
        decide(town, desk)
        client, address = desk("jingban"), reverse(f"admin:{listing}_changelist")
        client.get(address)
        with CaptureQueriesContext(connection) as few:
            client.get(address)
        count = len(few)  # the next request forgets them
        claims(town, *range(3, 31))
        decide(town, desk)
        with django_assert_num_queries(count):
            client.get(address)

    @pytest.mark.parametrize("listing", LISTS)
    def test_show_no_number_whole(self, town, desk, listing):
        claims(town, 1)
        decide(town, desk)
        page = desk("jingban").get(reverse(f"admin:{listing}_changelist")).content.decode()
        for secret in (citizen(1), "14200000001", "14994000000000001"):
            assert secret not in page

    def test_of_claims_are_filtered_and_searched(self, town, desk):
        claims(town, 1, 2)
        town.load("certificates", certificate(2, 等级="二级"))
        decide(town, desk)
        address = reverse("admin:skills_claim_changelist")
        for query, numbers in (
            ("q=赵子001", [1]), ("q=S000002", [2]), ("state__exact=REJECTED", [2]), ("failed=grade_covered", [2]),
            ("unknown=grade_covered", []), ("region=140300/140302/", [1, 2]),
        ):  # fmt: skip
            rows = desk("jingban").get(f"{address}?{query}").context["cl"].queryset
            assert {row.submission.certificate_number for row in rows} == {f"S{n:06d}" for n in numbers}, query

    def test_front_page_counts_what_waits(self, town, desk):
        claims(town, 1, 2)
        assert "技能补贴申请，待判定" in desk("jingban").get(reverse("admin:index")).content.decode()


class TestPage:
    def page(self, desk, row, by: str = "jingban") -> str:
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
        answer = desk(by).get(reverse(name, args=[row.pk]))
        assert answer.status_code == 200
        return answer.content.decode()

    def test_says_every_finding_with_figures_and_clause_and_what_can_be_done(self, town, desk):
        town.load("persons", person(1, 累计缴费月数="11"))
        town.load("certificates", certificate(1))
        [made] = town.claim(claim(1, 姓名="赵子一"))
        decide(town, desk)
        page = self.page(desk, made)
        for words in (
            "不予补贴", "11个月", "12个月", "人社部发〔2024〕40号", "申请、参保、证书的姓名不一致", "留痕", "历次决定",
            "本人的证书与培训补贴", f"1491**********{citizen(1)[-4:]}",
        ):  # fmt: skip
            assert words in page, words
        assert citizen(1) not in page

    def test_leads_to_its_award_and_from_there_back(self, town, desk):
        claims(town, 1)
        said = decide(town, desk)
        assert "审核通过 1 件，共 1,500.00 元" in said
        made, award = Claim.objects.get(), Award.objects.get()
        assert reverse("admin:payout_award_change", args=[award.pk]) in self.page(desk, made)
        back = self.page(desk, award)
        assert reverse("admin:skills_claim_change", args=[made.pk]) in back
        assert "登记人工信用核验" not in back

    def test_is_kept_from_other_regions_and_posts(self, town, desk):
        claims(town, 1)
        for row in (Claim.objects.get(), Certificate.objects.get(), InsuredPerson.objects.get(), TrainingSubsidy.objects.first()):
            name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
            for username, status in (("chengqu", 200), ("yishi", 404), ("zhengce", 403)):
                if row == TrainingSubsidy.objects.first() and username == "chengqu":
                    continue  # of nobody on record: the city's
                assert desk(username).get(reverse(name, args=[row.pk])).status_code == status, (name, username)


class TestDeeds:
    def test_are_pressed_by_whom_they_are_for(self, town, desk):
        claims(town, 1)
        town.load("certificates", certificate(1, 等级=""))
        decide(town, desk)
        made = Claim.objects.get()
        approve = reverse("admin:skills_claim_approve", args=[made.pk])
        assert desk("jingban").post(approve).status_code == 403
        assert desk("yishi").post(approve).status_code == 404
        assert "尚不能判定" in desk("fushen").post(approve, follow=True).content.decode()
        town.load("certificates", certificate(1))
        assert desk("fushen").post(approve).status_code == 302
        made.refresh_from_db()
        assert made.state == "APPROVED"

    def test_ask_of_certificate_and_post_only_where_the_notice_does(self, town, desk):
        claims(town, 1)
        town.load("certificates", certificate(1, 等级=""))
        decide(town, desk)
        made = Claim.objects.get()
        page = reverse("admin:skills_claim_change", args=[made.pk])
        assert "登记证岗相适" not in desk("jingban").get(page).content.decode()
        Claim.objects.update(unknown=["post_matches"])
        assert "登记证岗相适" in desk("jingban").get(page).content.decode()
        desk("jingban").post(reverse("admin:skills_claim_post", args=[made.pk]), {"agrees": "no"})
        made.refresh_from_db()
        assert made.post_agrees is False

    def test_reject_with_a_reason(self, town, desk):
        claims(town, 1)
        town.load("certificates", certificate(1, 等级=""))
        decide(town, desk)
        made = Claim.objects.get()
        address = reverse("admin:skills_claim_reject", args=[made.pk])
        assert desk("fushen").post(address, {"reason": ""}).status_code == 200
        desk("fushen").post(address, {"reason": "证书无法核实"})
        made.refresh_from_db()
        assert (made.state, made.reason) == ("REJECTED", "证书无法核实")

    def test_decide_is_refused_where_the_programme_is_not_ones_own(self, town, desk):
        claims(town, 1)
        desk("yishi").post(reverse("admin:skills_claim_decide"), {"programme": town.programme.pk})
        desk("chengqu").post(reverse("admin:skills_claim_decide"), {"programme": town.programme.pk})
        assert Claim.objects.get().state == "SUBMITTED"

    def test_many_at_once_say_what_was_left(self, town, desk):
        claims(town, 1, 2)
        town.load("certificates", certificate(1, 等级=""), certificate(2, 等级=""))
        decide(town, desk)
        town.load("certificates", certificate(1))
        ids = list(Claim.objects.values_list("pk", flat=True))
        form = {"action": "approve-all", "_selected_action": ids, "index": "0"}
        page = desk("fushen").post(reverse("admin:skills_claim_changelist"), form, follow=True).content.decode()
        assert "已通过 1 件" in page
        assert "尚不能判定：证书等级待核实" in page


class TestNumbers:
    @pytest.mark.parametrize(
        ("model", "case", "shown"),
        [(InsuredPerson, "person", [citizen(1), "14200000001", "14994000000000001"]), (Certificate, "certificate", [citizen(1)])],
    )
    def test_are_opened_only_on_asking_and_that_is_an_event(self, town, desk, model, case, shown):
        claims(town, 1)
        row = model.objects.get()
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_reveal", args=[row.pk])
        answer = desk("jingban").post(address)
        assert [number for number in shown if number not in answer.content.decode()] == []
        assert "no-store" in answer["Cache-Control"]
        event = Event.objects.get(kind=Event.Kind.READ, case_kind=case, case_id=row.pk)
        assert [number for number in shown if number in f"{event.why}{event.detail}"] == []
        assert desk("zhengce").post(address).status_code == 404

    def test_find_somebody_without_standing_in_an_address(self, town, desk):
        claims(town, 1)
        address = reverse("admin:enterprises_insuredperson_find")
        answer = desk("jingban").post(address, {"id_number": citizen(1)})
        assert answer["Location"] == reverse("admin:enterprises_insuredperson_change", args=[InsuredPerson.objects.get().pk])
        assert "没有此证件号码" in desk("yishi").post(address, {"id_number": citizen(1)}).content.decode()
        assert "没有此证件号码" in desk("jingban").post(address, {"id_number": citizen(2)}).content.decode()
