"""Who may load and confirm what, and what happens when the data change between check and confirm."""

from datetime import timedelta

import pytest
from django.db import connection

from agency.actions import imports
from agency.models import Event, Import, Job, Post, Region
from agency.queries import open_warnings
from enterprises.models import Enterprise, MonthlyContribution, SizeListing
from tests.office import contribution, enterprise, uscc

SIZE = {"统一社会信用代码": uscc(1), "划型": "大型", "年度": "2023"}


class TestPosts:
    @pytest.mark.parametrize(
        ("kind", "by"), [("enterprises", "fushen"), ("enterprises", "caiwu"), ("fund", "jingban"), ("regions", "jingban")]
    )
    def test_without_the_role_nothing_is_taken_in(self, office, kind, by):
        with pytest.raises(imports.ImportRefused, match="岗位"):
            office.check(kind, [enterprise(1)], by=by)
        assert not Import.objects.exists()

    def test_a_post_that_ended_yesterday_no_longer_counts(self, office):
        Post.objects.filter(user=office.people["jingban"]).update(until_on=office.at.date() - timedelta(days=1))
        with pytest.raises(imports.ImportRefused):
            office.check("enterprises", [enterprise(1)])

    def test_rows_outside_the_posts_of_the_loader_are_refused(self, office):
        rows = [enterprise(1), enterprise(2, 参保地="140303"), enterprise(3, 参保地="140400"), enterprise(4, 参保地="140300")]
        city, district = office.check("enterprises", rows), office.check("enterprises", rows, by="chengqu")
        assert ([e[1] for e in city.report["errors"]], [e[1] for e in district.report["errors"]]) == ([4], [3, 4, 5])
        assert "140400 不在您的岗位范围内" in city.report["errors"][0][4]

    def test_an_enterprise_of_another_region_cannot_be_taken_over(self, office):
        office.load("enterprises", [enterprise(1, 参保地="140400")], by="yishi")
        imp = office.check("enterprises", [enterprise(1)])
        assert imp.refused == 1
        assert "140400" in imp.report["errors"][0][4]

    def test_what_hangs_on_an_enterprise_follows_its_region(self, office):
        code = office.enterprises(1)[0]
        Enterprise.objects.create(uscc=uscc(8), name="乙市的", kind="企业", region_id="140400")
        rows = [contribution(code), contribution(uscc(8))]
        imp = office.check("contributions", rows)
        assert [error[1] for error in imp.report["errors"]] == [3]

    def test_an_import_can_be_narrowed_to_a_region_of_ones_own(self, office):
        rows = [enterprise(1), enterprise(2, 参保地="140303")]
        imp = office.check("enterprises", rows, settings={"region": "140302"})
        assert (imp.region_id, imp.new, imp.refused) == ("140302", 1, 1)
        with pytest.raises(imports.ImportRefused, match="140400"):
            office.check("enterprises", rows, settings={"region": "140400"})

    @pytest.mark.parametrize("kind", ["size-list", "enterprises"])
    def test_with_posts_in_two_places_an_import_names_its_region(self, office, kind):
        Post.objects.create(user=office.people["jingban"], role="PREPARER", region_id="140400", from_on="2024-01-01")
        rows = [SIZE] if kind == "size-list" else [enterprise(1), enterprise(2, 参保地="140400")]
        with pytest.raises(imports.ImportRefused, match=r"140300、140400 之一.*region"):
            office.check(kind, rows)
        assert office.check(kind, rows, settings={"region": "140400"}).region_id == "140400"

    def test_rows_of_the_other_place_come_back_to_be_loaded_for_it(self, office):
        Post.objects.create(user=office.people["jingban"], role="PREPARER", region_id="140400", from_on="2024-01-01")
        rows = [enterprise(1), enterprise(2, 参保地="140400")]
        for region, refused in (("140300", 3), ("140400", 2)):
            imp = office.load("enterprises", rows, settings={"region": region})
            assert (imp.region_id, imp.new, {error[1] for error in imp.report["errors"]}) == (region, 1, {refused})

    def test_a_post_given_in_between_changes_nothing(self, office):
        imp = office.check("enterprises", [enterprise(1)])
        Post.objects.create(user=office.people["jingban"], role="PREPARER", region_id="140400", from_on="2024-01-01")
        assert office.confirm(imp).state == "CONFIRMED"

    @pytest.mark.parametrize("settings", [{"covers": "some"}, {"colour": "red"}])
    def test_a_setting_that_the_kind_does_not_take_is_refused(self, office, settings):
        with pytest.raises(imports.ImportRefused, match="导入设置"):
            office.check("size-list", [SIZE], settings=settings)


class TestSecondPerson:
    @pytest.mark.parametrize("by", ["jingban2", "fushen"])
    def test_confirms_a_critical_list(self, office, by):
        imp = office.check("size-list", [SIZE])
        with pytest.raises(imports.ImportRefused, match="另一人"):
            imports.confirm_import(imp, by=imp.checked_by, at=office.at)
        assert not SizeListing.objects.exists()
        office.confirm(imp, by=by)
        assert (imp.state, imp.confirmed_by, SizeListing.objects.count()) == ("CONFIRMED", office.people[by], 1)

    def test_needs_a_post_over_all_that_the_import_covers(self, office):
        imp = office.check("size-list", [SIZE])
        with pytest.raises(imports.ImportRefused, match="全部地区"):
            imports.confirm_import(imp, by=office.people["chengqu"], at=office.at)
        with pytest.raises(imports.ImportRefused, match="岗位"):
            imports.confirm_import(imp, by=office.people["caiwu"], at=office.at)

    def alone(self, office, imp: Import) -> str:
        """How an import ends that its loader confirms alone."""
        try:
            imports.confirm_import(imp, by=imp.checked_by, at=office.at)
        except imports.ImportRefused as refused:
            return str(refused)
        return "CONFIRMED"

    def test_is_not_needed_for_the_registry(self, office):
        assert (
            self.alone(office, office.check("enterprises", [enterprise(1, 账号="622200001", 手机号="13900000001")]))
            == "CONFIRMED"
        )
        changed = office.check("enterprises", [enterprise(1, 账号="622200001", 手机号="13900000001", 从业人员="7")])
        assert self.alone(office, changed) == "CONFIRMED"

    @pytest.mark.parametrize(
        ("header", "value"),
        [("账号", "622200002"), ("账号", ""), ("户名", "另一户"), ("手机号", "13900000002"), ("缴费账户账号", "622200003")],
    )
    def test_confirms_where_an_account_or_a_phone_of_the_registry_changes(self, office, header, value):
        row = enterprise(1, 账号="622200001", 户名="第1号公司", 手机号="13900000001", 缴费账户账号="")
        office.load("enterprises", [row])
        imp = office.check("enterprises", [row | {header: value}, enterprise(2, 账号="622200009")])
        assert "参保单位名册中有 1 行变更了已有的账户或手机号，须由导入人以外的另一人确认" in self.alone(office, imp)
        assert office.confirm(imp, by="fushen").confirmed_by == office.people["fushen"]

    def test_is_asked_for_also_where_the_account_was_changed_by_others_since_the_check(self, office):
        row = enterprise(1, 账号="622200001", 从业人员="1")
        office.load("enterprises", [row])
        imp = office.check("enterprises", [row | {"从业人员": "2"}])
        office.load("enterprises", [row | {"账号": "622200002"}], by="jingban2")
        assert "重新检查" in self.alone(office, imp)
        imp.refresh_from_db()
        assert "另一人" in self.alone(office, imp)


class TestConfirm:
    def test_needs_the_warnings_looked_at(self, office):
        code = office.enterprises(1)[0]
        imp = office.check("contributions", [contribution(code, 缴费人数="0")])
        with pytest.raises(imports.ImportRefused, match="1 种提醒尚未核对（如：缴费人数：有实缴金额而缴费人数为 0，请核对）"):
            imports.confirm_import(imp, by=imp.checked_by, at=office.at)
        imports.acknowledge_warnings(imp, ["缴费人数：有实缴金额而缴费人数为 0，请核对"], by=imp.checked_by, at=office.at)
        imports.confirm_import(imp, by=imp.checked_by, at=office.at)
        assert MonthlyContribution.objects.count() == 1

    def test_needs_each_kind_of_warning_looked_at_by_its_name(self, office):
        both = {"手机号": "13900000001", "账号": "622200001"}
        imp = office.check("enterprises", [enterprise(1, **both), enterprise(2, **both)])
        phone, account = "手机号：与单位 … 的手机号相同，请核对", "账号：与单位 … 的账号相同，请核对"
        assert {warning["name"] for warning in open_warnings(imp)} == {phone, account}
        imports.acknowledge_warnings(imp, [phone], by=office.people["fushen"], at=office.at)
        with pytest.raises(imports.ImportRefused, match="1 种提醒尚未核对（如：账号"):
            imports.confirm_import(imp, by=imp.checked_by, at=office.at)
        imports.acknowledge_warnings(imp, [account], by=imp.checked_by, at=office.at)
        imports.confirm_import(imp, by=imp.checked_by, at=office.at)
        stored = {one.warning: (one.by.username, one.rows, one.at) for one in imp.acknowledgements.select_related("by")}
        assert stored == {phone: ("fushen", 2, office.at), account: ("jingban", 2, office.at)}
        told = Event.objects.filter(case_kind="import", case_id=imp.pk, why="核对提醒").order_by("pk")
        assert [(event.by.username, event.detail) for event in told] == [
            ("fushen", {"warnings": {phone: 2}}),
            ("jingban", {"warnings": {account: 2}}),
        ]

    @pytest.mark.parametrize("names", [[], ["账号"], ["缴费人数：有实缴金额而缴费人数为 0，请核对", "缴费人数"]])
    def test_takes_no_acknowledgement_of_what_the_report_does_not_warn_of(self, office, names):
        code = office.enterprises(1)[0]
        imp = office.check("contributions", [contribution(code, 缴费人数="0")])
        with pytest.raises(imports.ImportRefused, match="尚未核对的提醒"):
            imports.acknowledge_warnings(imp, names, by=imp.checked_by, at=office.at)
        assert not imp.acknowledgements.exists()

    def test_is_told_in_the_trail_with_its_counts(self, office):
        imp = office.load("enterprises", [enterprise(1), enterprise(2, 参保地="1")])
        event = Event.objects.get(case_kind="import", case_id=imp.pk, to_state="CONFIRMED")
        assert event.by == imp.checked_by
        assert event.detail == {"new": 1, "changed": 0, "unchanged": 0, "refused": 1}

    def test_cannot_be_done_twice(self, office):
        imp = office.load("enterprises", [enterprise(1)])
        with pytest.raises(imports.ImportRefused, match="已导入"):
            imports.confirm_import(imp, by=imp.checked_by, at=office.at)


class TestDataThatChangedInBetween:
    def refused(self, office, imp) -> None:
        with pytest.raises(imports.ImportRefused, match="重新检查"):
            office.confirm(imp)
        imp.refresh_from_db()
        assert imp.state == "CHECKED"

    def test_a_new_row_that_another_import_brought_is_told_anew_and_nothing_lands(self, office):
        imp = office.check("enterprises", [enterprise(1, 从业人员="5"), enterprise(2, 从业人员="5")])
        office.load("enterprises", [enterprise(1, 从业人员="7")], by="jingban2")
        self.refused(office, imp)
        assert (imp.new, imp.changed) == (1, 1)
        assert list(Enterprise.objects.values_list("employees", flat=True)) == [7]
        office.confirm(imp)
        assert set(Enterprise.objects.values_list("employees", flat=True)) == {5}

    def test_a_row_whose_enterprise_left_the_registry_is_refused_then(self, office):
        codes = office.enterprises(2)
        imp = office.check("contributions", [contribution(code) for code in codes])
        office.load("enterprises", [enterprise(1, 作废="是")])
        self.refused(office, imp)
        assert (imp.new, imp.refused, MonthlyContribution.objects.count()) == (1, 1, 0)
        assert imp.errors_file is not None

    def test_a_region_that_moved_away_is_noticed(self, office):
        imp = office.check("enterprises", [enterprise(1)])
        Region.objects.filter(code="140302").update(path="140400/140302/", parent="140400")
        self.refused(office, imp)
        assert imp.refused == 1

    def test_a_new_warning_has_to_be_looked_at(self, office):
        imp = office.check("enterprises", [enterprise(1, 账号="622200001")])
        office.load("enterprises", [enterprise(2, 账号="622200001")], by="jingban2")
        self.refused(office, imp)
        assert (imp.warned, len(open_warnings(imp))) == (1, 1)

    def test_staging_lost_in_a_crash_of_the_server_is_made_again_from_the_file(self, office):
        imp = office.check("enterprises", [enterprise(1)])
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE intake_{imp.pk}_row")
        self.refused(office, imp)
        office.confirm(imp)
        assert Enterprise.objects.count() == 1

    def test_what_does_not_touch_these_rows_does_not_matter(self, office):
        imp = office.check("enterprises", [enterprise(1)])
        office.load("enterprises", [enterprise(2)], by="jingban2")
        office.confirm(imp)
        assert imp.state == "CONFIRMED"


class TestSameFile:
    def test_is_not_loaded_twice_by_accident_and_says_when_it_was(self, office):
        path = office.csv([enterprise(1)])
        first = office.load("enterprises", path)
        with pytest.raises(imports.AlreadyLoaded, match=rf"2024-07-01 09:30 由 jingban 导入（第 {first.pk} 号导入）"):
            office.check("enterprises", path)
        assert office.check("enterprises", path, settings={"again": "yes"}).unchanged == 1

    def test_may_come_again_while_some_of_its_rows_were_refused(self, office):
        codes = [uscc(1), uscc(2)]
        office.load("enterprises", [enterprise(1)])
        path = office.csv([contribution(code) for code in codes])
        assert office.load("contributions", path).refused == 1
        office.load("enterprises", [enterprise(2)])
        second = office.confirm(office.check("contributions", path))
        assert (second.new, second.unchanged, second.refused) == (1, 1, 0)

    def test_checked_and_not_confirmed_gives_way_to_its_next_check(self, office):
        path = office.csv([enterprise(1)])
        first = office.check("enterprises", path)
        second = office.check("enterprises", path)
        first.refresh_from_db()
        assert (first.state, second.state) == ("CANCELLED", "CHECKED")


class TestGivingUp:
    @pytest.mark.parametrize("checked", [True, False])
    def test_ends_an_import_and_its_job(self, office, checked):
        path = office.csv([enterprise(1)])
        imp = imports.start_import("enterprises", path, path.name, {}, by=office.people["jingban"], at=office.at)
        if checked:
            imports.check_import(imp, at=office.at)
        imports.cancel_import(imp, by=imp.checked_by, at=office.at)
        assert imp.state == "CANCELLED"
        assert set(Job.objects.values_list("state", flat=True)) == {"CANCELLED"}
        with pytest.raises(imports.ImportRefused, match="已放弃"):
            imports.confirm_import(imp, by=imp.checked_by, at=office.at)
