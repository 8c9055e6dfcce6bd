"""An import as a clerk sees it: taken in, its report, confirmed."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agency import clock
from agency.actions import imports
from agency.admin.work import in_words
from agency.models import Import, Job, Post, Role
from agency.queries import open_warnings
from tests.office import uscc as code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
UPLOAD = "admin:agency_import_upload"


def table(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("名册.csv", text.encode(), "text/csv")


class TestUpload:
    def test_files_an_import_under_the_region_chosen(self, clerk, regions):
        answer = clerk.post(reverse(UPLOAD), {"kind": "enterprises", "file": table("x\n"), "region": "140302"})
        assert answer.status_code == 302
        assert Import.objects.get().region_id == "140302"

    def test_offers_ones_own_regions_and_asks_where_there_are_two(self, clerk, staff):
        one = clerk.get(reverse(UPLOAD)).context["form"].fields["region"]
        assert ([code for code, _ in one.choices], one.required) == (["", "1403", "140302", "140303"], False)
        Post.objects.create(user=staff(Role.PREPARER), role=Role.PREPARER, region_id="1404", from_on=date(2024, 1, 1))
        two = clerk.get(reverse(UPLOAD)).context["form"].fields["region"]
        assert ([code for code, _ in two.choices], two.required) == (["", "1403", "140302", "140303", "1404"], True)
        clerk.post(reverse(UPLOAD), {"kind": "enterprises", "file": table("x\n")})
        assert not Import.objects.exists()


class TestReport:
    """The page of a checked import."""

    @pytest.fixture
    def imp(self, staff, tmp_path) -> Import:
        """An import that changes 21 enterprises and warns of two kinds."""
        rows = [f"{code(number)},第{number}号,企业,140302,{{}}" for number in range(21)]
        head = "统一社会信用代码,单位名称,单位类型,参保地,联系人,手机号,账号"
        at = datetime(2024, 6, 3, 9, tzinfo=ZoneInfo("Asia/Shanghai"))

        def load(tail: str) -> Import:
            path = tmp_path / "名册.csv"
            path.write_text("\n".join([head, *(row.format(tail) for row in rows)]), encoding="utf-8")
            imp = imports.start_import("enterprises", path, path.name, {}, by=staff(Role.PREPARER), at=at)
            imports.check_import(imp, at=at)
            return imp

        imports.confirm_import(load("甲,,"), by=staff(Role.PREPARER), at=at)
        return load("乙,13900000001,622200001234")

    def page(self, client, imp: Import, query: str = "") -> str:
        return client.get(reverse("admin:agency_import_change", args=[imp.pk]) + query).content.decode()

    def test_says_what_there_is_to_do_and_what_would_change(self, clerk, imp):
        page = self.page(clerk, imp)
        for words in ("逐种核对 2 种提醒，参保单位名册中有 21 行变更了已有的账户或手机号，须由导入人", "请同事确认", "待核对",
                      "将变更的 21 行", "下一页", "（空）", "139****0001", "****1234"):  # fmt: skip
            assert words in page, words
        for sealed in ("13900000001", "622200001234"):
            assert sealed not in page

    def test_sends_to_the_error_list_where_no_row_is_good(self, clerk, staff, tmp_path):
        at = datetime(2024, 6, 3, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
        path = tmp_path / "名单.csv"
        path.write_text("统一社会信用代码,年度,划型\n123,2023,小型\n", encoding="utf-8")
        imp = imports.start_import("size-list", path, path.name, {}, by=staff(Role.PREPARER), at=at)
        imports.check_import(imp, at=at)
        page = self.page(clerk, imp)
        assert "没有一行合格：请下载错误清单，改正后重新上传" in page
        assert "另一人确认" not in page

    def test_is_found_by_the_title_of_its_kind(self, clerk, imp):
        listed = clerk.get(reverse("admin:agency_import_changelist"), {"kind": "enterprises"})
        assert [each.pk for each in listed.context["cl"].result_list] == list(
            Import.objects.order_by("-pk").values_list("pk", flat=True)
        )
        assert "参保单位名册</" in listed.content.decode()
        assert not clerk.get(reverse("admin:agency_import_changelist"), {"kind": "fund"}).context["cl"].result_list

    def test_turns_its_pages_by_the_place_of_the_last_row(self, clerk, imp):
        first = self.page(clerk, imp)
        assert "第 22 行" not in first
        following = re.search(r'href="(\?after=\d+)#changes">下一页', first).group(1)
        second = self.page(clerk, imp, following)
        assert "第 22 行" in second
        assert "上一页" in second
        assert "下一页" in self.page(clerk, imp, "?after=x&before=-1")

    def test_warnings_are_acknowledged_one_by_one(self, clerk, imp):
        address = reverse("admin:agency_import_acknowledge", args=[imp.pk])
        form = clerk.get(address).context["form"]
        names = [name for name, _ in form.fields["warnings"].choices]
        assert [label for _, label in form.fields["warnings"].choices] == [f"{name}（21 行）" for name in names]
        assert "请勾选" in clerk.post(address, {}).content.decode()
        assert clerk.post(address, {"warnings": names[:1]}).status_code == 302
        assert "逐种核对 1 种提醒" in self.page(clerk, imp)
        assert "已核对" in self.page(clerk, imp)
        clerk.post(address, {"warnings": names[1:]})
        assert {one.warning for one in imp.acknowledgements.all()} == set(names)

    def test_is_confirmed_by_a_colleague_where_accounts_change(self, clerk, at_desk, imp):
        names = [warning["name"] for warning in open_warnings(imp)]
        clerk.post(reverse("admin:agency_import_acknowledge", args=[imp.pk]), {"warnings": names})
        confirm = reverse("admin:agency_import_confirm", args=[imp.pk])
        assert (clerk.post(confirm).status_code, Job.objects.filter(kind="CONFIRM").exists()) == (302, False)
        assert confirm not in self.page(clerk, imp)
        assert "由您确认" in self.page(at_desk(Role.REVIEWER), imp)
        assert at_desk(Role.REVIEWER).post(confirm).status_code == 302
        assert Job.objects.get(kind="CONFIRM").state == "QUEUED"

    def test_offers_nothing_to_who_may_not_load_the_kind(self, at_desk, imp):
        for role in (Role.FINANCE, Role.POLICY):
            page = self.page(at_desk(role), imp)
            for deed in ("confirm", "acknowledge", "recheck", "cancel"):
                assert reverse(f"admin:agency_import_{deed}", args=[imp.pk]) not in page

    def test_takes_as_many_queries_for_many_changes_as_for_one(self, clerk, imp):
        self.page(clerk, imp)
        counts = []
        for query in ("", "?after=20"):
            with CaptureQueriesContext(connection) as asked:
                self.page(clerk, imp, query)
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 30


class TestJob:
    """How far a job is, on its own page and on that of what it works."""

    @pytest.fixture
    def imp(self, staff, tmp_path) -> Import:
        path = tmp_path / "名册.csv"
        path.write_text("x", encoding="utf-8")
        at = datetime(2024, 6, 3, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
        return imports.start_import("enterprises", path, path.name, {}, by=staff(Role.PREPARER), at=at)

    def shown(self, client, job: Job) -> str:
        return client.get(reverse("admin:agency_job_change", args=[job.pk])).content.decode()

    def test_is_looked_at_again_while_it_runs_and_then_the_page_is_asked_for_anew(self, clerk, imp):
        job = Job.objects.get()
        look = reverse("admin:agency_job_look", args=[job.pk])
        Job.objects.update(state="RUNNING", done=250_000, total=1_000_000, rate=50_000.0, step="读取文件", told_at=clock.now())
        for page in (self.shown(clerk, job), clerk.get(reverse("admin:agency_import_change", args=[imp.pk])).content.decode()):
            assert f'hx-get="{look}"' in page
        fragment = clerk.get(look).content.decode()
        for words in ("读取文件", "250,000 / 1,000,000 行", "50,000 行/秒", "这一步约剩 15 秒", f'hx-get="{look}"'):
            assert words in fragment, words
        assert "没有进展" not in fragment
        Job.objects.update(state="DONE")
        assert clerk.get(look).headers["HX-Refresh"] == "true"
        assert look not in self.shown(clerk, job)

    def test_that_failed_says_why_and_can_be_retried(self, clerk, imp):
        job = Job.objects.get()
        Job.objects.update(state="FAILED", problem="文件已损坏。")
        for page in (self.shown(clerk, job), clerk.get(reverse("admin:agency_import_change", args=[imp.pk])).content.decode()):
            assert "失败原因：文件已损坏。" in page
        assert clerk.post(reverse("admin:agency_job_retry", args=[job.pk])).status_code == 302
        assert Job.objects.get().state == "QUEUED"

    def test_that_shows_no_sign_of_life_is_told_and_stands_on_the_board(self, clerk, imp):
        ago = clock.now() - timedelta(minutes=11)
        for state, words in (("RUNNING", "没有进展"), ("QUEUED", "无人处理")):
            Job.objects.update(state=state, requested_at=ago, told_at=ago)
            assert words in self.shown(clerk, Job.objects.get())
            assert "停滞的作业" in clerk.get(reverse("admin:index")).content.decode()
            listed = clerk.get(reverse("admin:agency_job_changelist") + "?stuck=yes").context["cl"].queryset
            assert list(listed) == [Job.objects.get()]

    def test_of_another_region_is_as_absent(self, at_desk, imp):
        look = reverse("admin:agency_job_look", args=[Job.objects.get().pk])
        assert at_desk(Role.PREPARER, "140302").get(look).status_code == 404
        assert at_desk(Role.SYSTEM_ADMIN).get(look).status_code in (403, 404)


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, ""), (0, "0 秒"), (59, "59 秒"), (60, "1 分钟"), (3599, "59 分钟"), (3600, "1 小时 0 分钟")]
)
def test_a_time_to_wait_is_said_in_words(seconds, words):
    assert in_words(seconds) == words
