"""The command `load`, as a clerk uses it at a terminal; and what a kill in the middle of it leaves."""

import io
import threading

import pytest
from django.core.management import call_command
from django.db import connections

from agency.actions import imports
from agency.models import Event, Import, Job
from enterprises.models import Enterprise, MonthlyContribution
from tests.office import contribution, enterprise, read_back, uscc


class Said:
    """What a command printed and with which code it ended."""

    def __init__(self, *words: str) -> None:
        out = io.StringIO()
        self.code = 0
        try:
            call_command("load", *words, stdout=out, stderr=out)
        except SystemExit as ended:
            self.code = ended.code
        self.text = out.getvalue()


class TestLoad:
    def test_only_checks_without_confirm(self, committed_office):
        said = Said("enterprises", str(committed_office.csv([enterprise(1)])), "--by", "jingban")
        assert (said.code, Enterprise.objects.count()) == (0, 0)
        assert "共 1 行，新增 1 行，变更 0 行，未变 0 行，提醒 0 行，错误 0 行" in said.text
        assert "--confirm" in said.text

    def test_confirms_and_counts(self, committed_office):
        path = committed_office.csv([enterprise(1), enterprise(2)])
        said = Said("enterprises", str(path), "--by", "jingban", "--confirm")
        assert (said.code, Enterprise.objects.count()) == (0, 2)
        assert "已导入：新增 2 行，变更 0 行，未变 0 行" in said.text
        assert {job.state for job in Job.objects.all()} == {"DONE"}

    def test_a_second_time_changes_nothing_and_says_when_it_was_loaded(self, committed_office):
        path = str(committed_office.csv([enterprise(1)]))
        Said("enterprises", path, "--by", "jingban", "--confirm")
        stored = list(Enterprise.objects.values())
        said = Said("enterprises", path, "--by", "jingban", "--confirm")
        assert (said.code, list(Enterprise.objects.values())) == (0, stored)
        assert "此文件已于" in said.text
        assert "由 jingban 导入" in said.text
        again = Said("enterprises", path, "--by", "jingban", "--confirm", "--set", "again=yes")
        assert "新增 0 行，变更 0 行，未变 1 行" in again.text

    def test_refused_rows_end_with_one_and_an_error_spreadsheet_beside_the_file(self, committed_office):
        path = committed_office.csv([enterprise(1), enterprise(2, 参保地="999999")])
        said = Said("enterprises", str(path), "--by", "jingban", "--confirm")
        beside = path.with_name(f"{path.stem}-错误清单.xlsx")
        assert (said.code, Enterprise.objects.count()) == (1, 1)
        assert str(beside) in said.text
        assert "第 3 行 参保地“999999”：没有代码为 999999 的行政区划" in said.text
        assert [row["统一社会信用代码"] for row in read_back(str(beside))] == [uscc(2)]
        assert beside.stat().st_mode & 0o077 == 0
        assert Event.objects.filter(kind="EXPORT", case_kind="file").count() == 1

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            (["enterprises", "FILE", "--by", "nobody"], "没有用户名为 nobody"),
            (["enterprises", "FILE", "--by", "caiwu"], "岗位"),
            (["enterprises", "missing.csv", "--by", "jingban"], "找不到文件"),
            (["enterprise", "FILE", "--by", "jingban"], "没有名为 enterprise 的表格种类"),
            (["enterprises", "FILE", "--by", "jingban", "--set", "covers=all"], "没有名为 covers 的导入设置"),
            (["enterprises", "FILE", "--by", "jingban", "--set", "covers"], "名称=值"),
            (["contributions", "FILE", "--by", "jingban"], "缺少必填列"),
        ],
    )
    def test_a_refused_file_ends_with_two_and_lands_nothing(self, committed_office, words, reason):
        path = str(committed_office.csv([enterprise(1)]))
        said = Said(*[path if word == "FILE" else word for word in words], "--confirm")
        assert (said.code, Enterprise.objects.count()) == (2, 0)
        assert reason in said.text

    def test_a_critical_list_is_confirmed_by_another(self, committed_office):
        path = str(committed_office.csv([{"统一社会信用代码": uscc(1), "划型": "大型", "年度": "2023"}]))
        alone = Said("size-list", path, "--by", "jingban", "--confirm")
        assert (alone.code, "另一人" in alone.text) == (2, True)
        both = Said("size-list", path, "--by", "jingban", "--confirm", "--confirmed-by", "fushen", "--set", "covers=all")
        assert both.code == 0
        assert Import.objects.get(state="CONFIRMED").confirmed_by.username == "fushen"

    def test_warnings_are_printed_and_confirming_acknowledges_them(self, committed_office):
        Said("enterprises", str(committed_office.csv([enterprise(1)])), "--by", "jingban", "--confirm")
        path = committed_office.csv([contribution(uscc(1), 缴费人数="0")])
        said = Said("contributions", str(path), "--by", "jingban", "--confirm")
        assert (said.code, MonthlyContribution.objects.count()) == (0, 1)
        assert "提醒：CSV 第 2 行 缴费人数“0”：有实缴金额而缴费人数为 0" in said.text
        assert "提醒合计：1 行，缴费人数：有实缴金额而缴费人数为 0，请核对" in said.text
        looked_at = Import.objects.get(kind="contributions").acknowledgements.get()
        assert (looked_at.warning, looked_at.by.username) == ("缴费人数：有实缴金额而缴费人数为 0，请核对", "jingban")

    def test_personal_data_are_not_printed_whole(self, committed_office):
        path = committed_office.csv([enterprise(1, 手机号="1391234567890")])
        said = Said("enterprises", str(path), "--by", "jingban")
        assert "1391234567890" not in said.text
        assert "7890" in said.text


class TestTwoOfOneKindAtOnce:
    def test_neither_deadlock_nor_mix(self, committed_office):
        office = committed_office
        rows = [enterprise(number) for number in range(300)]
        checked = [office.check("enterprises", rows[:200]), office.check("enterprises", rows[:99:-1], by="jingban2")]
        problems: list[str] = []

        def confirm(imp: Import) -> None:
            try:
                imports.confirm_import(imp, by=imp.checked_by, at=office.at)
            except imports.ImportRefused as refused:
                problems.append(str(refused))
            finally:
                connections.close_all()

        threads = [threading.Thread(target=confirm, args=[imp]) for imp in checked]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(problems) == 1
        assert "重新检查" in problems[0]
        left = Import.objects.get(state="CHECKED")
        assert (left.new, left.unchanged) == (100, 100)
        imports.confirm_import(left, by=left.checked_by, at=office.at)
        assert Enterprise.objects.count() == 300
