"""试算, 名单导出 and the page of a screening, as a person orders and reads them."""

from io import BytesIO

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from agency.models import Event, Job, Role
from enterprises.models import WorkforceYear
from subsidies.refunds.models import ListExport, WhatIf

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def screened(make_enterprise, screen, worker, settings, desk_clock, days):
    settings.DEMO = True
    desk_clock(days.screened)
    made = [make_enterprise(people=40, claimants=9), make_enterprise(people=40, workforce={"end_count": 20}), make_enterprise()]
    return made, screen()


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def shown_choices(client, begin: str, programme) -> dict[str, str]:
    """What the form of 山西's notice would send if nothing were changed."""
    form = client.get(f"{begin}?programme={programme.pk}&notice=shanxi/2024&on=2024-06-20").context["form"]
    return {name: field.initial for name, field in form.fields.items() if name.startswith("choice_")}


class TestWhatIf:
    def test_is_asked_in_two_steps_and_read_side_by_side(self, at_desk, screened, programme, worker):
        officer, begin = at_desk(Role.POLICY), reverse("admin:refunds_whatif_start")
        assert begin in text_of(officer.get(reverse("admin:agency_programme_change", args=[programme.pk])))
        asked = {"programme": programme.pk, "notice": "shanxi/2024", "on": "2024-06-20"}
        second = officer.post(begin, asked, follow=True)
        page = text_of(second)
        assert second.redirect_chain[0][0].startswith(f"{begin}?programme={programme.pk}")
        assert "裁员率" in page
        assert 'name="choice_layoff_method"' in page
        assert 'name="choice_ratio_sme"' not in page  # ruled by the notice
        assert 'name="choice_publicity_days"' not in page  # decides no refund
        chosen = shown_choices(officer, begin, programme) | {
            "choice_layoff_method": "net_reduction_over_start",
            "shown": "shanxi/2024",
        }
        ordered = officer.post(begin, asked | chosen)
        what_if = WhatIf.objects.get()
        assert ordered.url == reverse("admin:refunds_whatif_change", args=[what_if.pk])
        assert "作业" in text_of(officer.get(ordered.url))
        worker()
        page = text_of(officer.get(ordered.url))
        for words in ("差别只来自条款", "不合格 → 合格", "合格 → 不合格", "28,800.00", screened[0][0].uscc, "条款差别"):
            assert words in page, words
        assert screened[0][2].uscc not in page  # nothing differs
        download = reverse("admin:agency_file_download", args=[what_if.files.get().pk])
        book = b"".join(officer.post(download).streaming_content)
        assert len(CalamineWorkbook.from_filelike(BytesIO(book)).get_sheet_by_index(0).to_python()) == 3
        assert Event.objects.filter(case_kind="file", kind="EXPORT").count() == 1

    def test_shows_the_choices_of_the_notice_that_was_chosen_last(self, at_desk, programme):
        officer, begin = at_desk(Role.POLICY), reverse("admin:refunds_whatif_start")
        asked = {"programme": programme.pk, "notice": "national/2024", "on": "2024-06-20"}
        page = text_of(
            officer.post(begin, asked | shown_choices(officer, begin, programme) | {"shown": "shanxi/2024"}, follow=True)
        )
        assert 'name="choice_ratio_sme"' in page
        assert not WhatIf.objects.exists()

    def test_says_what_to_do_where_nothing_would_differ(self, at_desk, programme, settings, desk_clock, days):
        settings.DEMO = True
        desk_clock(days.screened)
        officer, begin = at_desk(Role.POLICY), reverse("admin:refunds_whatif_start")
        asked = {"programme": programme.pk, "notice": "shanxi/2024", "on": "2024-06-20"}
        shown = shown_choices(officer, begin, programme)
        assert "完全相同" in text_of(officer.post(begin, asked | shown | {"shown": "shanxi/2024"}))
        assert not Job.objects.exists()

    def test_is_not_for_finance_nor_for_another_city(self, at_desk, programme, screened):
        begin = reverse("admin:refunds_whatif_start")
        assert at_desk(Role.FINANCE).get(begin).status_code == 403
        abroad = at_desk(Role.POLICY, region="1404")
        answer = abroad.post(begin, {"programme": programme.pk, "notice": "shanxi/2024", "on": "2024-06-20"})
        assert "选择一个有效的选项" in text_of(answer)


class TestListExport:
    def test_is_ordered_on_the_page_of_the_screening_and_downloaded(self, clerk, screened, worker):
        _, run = screened
        ordered = clerk.post(reverse("admin:refunds_screeningrun_export", args=[run.pk]), {"part": "ineligible"})
        made = ListExport.objects.get()
        assert ordered.url == reverse("admin:refunds_listexport_change", args=[made.pk])
        assert "作业" in text_of(clerk.get(ordered.url))
        worker()
        assert "下载 筛查结果-不合格-20240620.xlsx" in text_of(clerk.get(ordered.url))
        book = b"".join(clerk.post(reverse("admin:agency_file_download", args=[made.files.get().pk])).streaming_content)
        [_, row] = CalamineWorkbook.from_filelike(BytesIO(book)).get_sheet_by_index(0).to_python()
        assert (row[0], row[12]) == (screened[0][0].uscc, "不合格")

    def test_of_a_district_is_that_clerk_s_to_download_and_not_its_neighbour_s(self, at_desk, screened, programme, worker):
        mine, theirs = at_desk(Role.PREPARER, region="140302"), at_desk(Role.PREPARER, region="140303")
        begin = reverse("admin:refunds_application_export")
        assert "导出名单" in text_of(mine.get(reverse("admin:refunds_application_changelist")))
        asked = {"programme": programme.pk, "part": "all", "region": "140302"}
        assert mine.post(begin, asked).status_code == 302
        assert "选择一个有效的选项" in text_of(theirs.post(begin, asked))
        worker()
        made = ListExport.objects.get()
        download = reverse("admin:agency_file_download", args=[made.files.get().pk])
        assert made.rows == 3
        assert b"".join(mine.post(download).streaming_content)[:2] == b"PK"
        assert theirs.post(download).status_code == 404


class TestScreeningRun:
    def test_says_what_changed_and_why(self, clerk, screened, screen, moment):
        made, _ = screened
        WorkforceYear.objects.filter(enterprise=made[0]).update(claimants=0)
        run = screen(moment(6, 21))
        assert (run.counts["turned"], run.counts["because"]) == (
            {"INELIGIBLE>ELIGIBLE": 1}, {"INELIGIBLE>ELIGIBLE -layoff_rate": 1},
        )  # fmt: skip
        page = text_of(clerk.get(reverse("admin:refunds_screeningrun_change", args=[run.pk])))
        for words in ("重新判定", "未变", "不符合 → 符合", "不再有裁员率 1 户", "state__exact=ELIGIBLE"):
            assert words in page, words
