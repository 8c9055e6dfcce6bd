"""What the business checks of the registry, the contributions and the lists say."""

import pytest
from django.db import IntegrityError, connection, transaction

from agency import intake
from agency.actions.imports import ImportRefused
from agency.models import Region
from enterprises.models import CreditListing, Enterprise, SizeCover
from enterprises.resources.contributions import MONTHS_SINCE_1904
from tests.office import contribution, enterprise, uscc


def errors(imp) -> dict[int, list[str]]:
    """Reasons of the refused rows by row number."""
    found: dict[int, list[str]] = {}
    for _, row, _, _, reason, _ in imp.report["errors"]:
        found.setdefault(row, []).append(reason)
    return found


def warnings(imp) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for _, row, _, _, reason, _ in imp.report["warnings"]:
        found.setdefault(row, []).append(reason)
    return found


def branch(number: int, of: int, **also: object) -> dict[str, object]:
    """A row of the registry below another."""
    return enterprise(number, **{"单位类型": "分支机构", "所属法人统一社会信用代码": uscc(of)} | also)


class TestBranches:
    def test_need_a_legal_entity_that_is_not_themselves(self, office):
        imp = office.check(
            "enterprises",
            [
                enterprise(1, 单位类型="分支机构", 所属法人统一社会信用代码=""),
                enterprise(2, 单位类型="分支机构", 所属法人统一社会信用代码=uscc(2)),
                enterprise(3, 单位类型="分支机构", 所属法人统一社会信用代码=uscc(77, "110100")),
                enterprise(4, 所属法人统一社会信用代码=""),
            ],
        )
        assert errors(imp) == {2: ["分支机构须填写所属法人统一社会信用代码"], 3: ["所属法人不能是本单位自己，请核对"]}

    def test_cannot_stand_below_a_branch_of_the_file_or_of_the_registry(self, office):
        below = {"单位类型": "分支机构", "所属法人统一社会信用代码": uscc(1)}
        rows = [enterprise(1, **below | {"所属法人统一社会信用代码": uscc(9)}), enterprise(2, **below)]
        assert list(errors(office.load("enterprises", rows))) == [3]
        assert list(errors(office.check("enterprises", [enterprise(3, **below)]))) == [2]

    def test_may_follow_a_legal_entity_that_this_file_makes_one(self, office):
        below = {"单位类型": "分支机构", "所属法人统一社会信用代码": uscc(1)}
        office.load("enterprises", [enterprise(1, **below | {"所属法人统一社会信用代码": uscc(9)})])
        imp = office.check("enterprises", [enterprise(1, 所属法人统一社会信用代码=""), enterprise(2, **below)])
        assert errors(imp) == {}

    def test_keep_their_legal_entity_where_the_file_does_not_speak_of_it(self, office):
        office.load("enterprises", [branch(1, 9)])
        rows = [enterprise(1, 单位类型="分支机构"), enterprise(2, 单位类型="分支机构")]
        assert errors(office.check("enterprises", rows)) == {3: ["分支机构须填写所属法人统一社会信用代码"]}

    def test_alone_have_one(self, office):
        imp = office.check("enterprises", [branch(1, 9), branch(2, 9, 单位类型="社会团体")])
        assert (imp.refused, warnings(imp)) == (
            0, {3: ["单位类型为 社会团体，没有所属法人；是分支机构的请改单位类型，不是的请清空此列"]}
        )  # fmt: skip

    def test_cannot_go_round_in_the_file_or_with_what_is_stored(self, office):
        circle = [branch(1, 2, 单位类型="企业"), branch(2, 3, 单位类型="企业"), branch(3, 1, 单位类型="企业"), branch(4, 3)]
        said = {row: [f"所属法人 {uscc(of)} 的上级绕回了本单位，请核对"] for row, of in ((2, 2), (3, 3), (4, 1))}
        assert errors(office.check("enterprises", circle)) == said
        office.load("enterprises", circle[:2])
        assert errors(office.check("enterprises", circle[2:])) == {2: said[4]}
        assert errors(office.check("enterprises", [branch(3, 9, 单位类型="企业"), branch(4, 3)])) == {}

    def test_cannot_be_made_of_whom_the_registry_has_below(self, office):
        office.load("enterprises", [enterprise(1, 所属法人统一社会信用代码=""), branch(2, 1), branch(3, 1)])
        turned = branch(1, 9)
        said = f"名册中有 2 个单位（如 {uscc(2)}）以本单位为所属法人，不能改为分支机构；请先更正这些单位"
        assert errors(office.check("enterprises", [turned])) == {2: [said]}
        moved = [branch(2, 9), branch(3, 8, 单位类型="企业", 所属法人统一社会信用代码="")]
        assert errors(office.check("enterprises", [turned, *moved])) == {}
        assert (
            errors(office.check("enterprises", [turned | {"作废": "否"}, branch(2, 9, 作废="否"), branch(3, 1, 作废="是")])) == {}
        )
        one = said.replace("2 个", "1 个")
        assert errors(office.check("enterprises", [turned, branch(2, 9, 参保地="999999"), moved[1]])) == {
            2: [one], 3: ["没有代码为 999999 的行政区划（或已作废），请先导入行政区划"]
        }  # fmt: skip

    def test_cannot_be_made_of_a_legal_entity_by_a_file_without_that_column(self, office):
        office.load("enterprises", [enterprise(1, 所属法人统一社会信用代码=""), branch(2, 1)])
        rows = [enterprise(1, 单位类型="分支机构"), enterprise(2, 单位类型="分支机构")]
        assert list(errors(office.check("enterprises", rows))) == [2]

    def test_cannot_stand_below_a_stored_branch_whose_correction_is_refused(self, office):
        office.load("enterprises", [branch(1, 9)])
        rows = [enterprise(1, 所属法人统一社会信用代码="", 参保地="999999"), branch(2, 1)]
        assert errors(office.check("enterprises", rows))[3] == [
            f"所属法人 {uscc(1)} 在名册中是分支机构，本表中改它的第 2 行有错误，请先改正"
        ]


class TestSharedContacts:
    def test_one_phone_or_account_of_two_is_told_on_both(self, office):
        imp = office.check(
            "enterprises",
            [
                enterprise(1, 手机号="13900000001", 账号="622200001"),
                enterprise(2, 手机号="13900000001", 账号="622200002"),
                enterprise(3, 手机号="13900000003", 账号="622200002"),
                enterprise(4, 手机号="", 账号=""),
            ],
        )
        assert imp.refused == 0
        assert warnings(imp) == {
            2: [f"与单位 {uscc(2)} 的手机号相同，请核对"],
            3: [f"与单位 {uscc(1)} 的手机号相同，请核对", f"与单位 {uscc(3)} 的账号相同，请核对"],
            4: [f"与单位 {uscc(2)} 的账号相同，请核对"],
        }
        assert [value for *_, value, _, _ in imp.report["warnings"]] == ["139****0001", "139****0001", "****0002", "****0002"]

    def test_one_account_that_premiums_are_paid_from_is_told(self, office):
        rows = [
            enterprise(1, 账号="622200001", 缴费账户账号="622200002"),
            enterprise(2, 账号="622200003", 缴费账户账号="622200002"),
        ]
        assert warnings(office.check("enterprises", rows)) == {
            2: [f"与单位 {uscc(2)} 的缴费账户账号相同，请核对"],
            3: [f"与单位 {uscc(1)} 的缴费账户账号相同，请核对"],
        }

    def test_one_of_the_registry_counts_and_ones_own_does_not(self, office):
        office.load("enterprises", [enterprise(1, 账号="622200001")])
        imp = office.check("enterprises", [enterprise(1, 账号="622200001"), enterprise(2, 账号="622200001")])
        assert warnings(imp) == {2: [f"与单位 {uscc(2)} 的账号相同，请核对"], 3: [f"与单位 {uscc(1)} 的账号相同，请核对"]}


class TestContributions:
    @pytest.fixture
    def known(self, office) -> str:
        return office.enterprises(1)[0]

    def test_of_an_unknown_or_voided_enterprise_are_refused(self, office, known):
        office.load("enterprises", [enterprise(0, 作废="是")])
        imp = office.check("contributions", [contribution(known), contribution(uscc(5))])
        assert [len(errors(imp)[row]) for row in (2, 3)] == [1, 1]
        assert f"{uscc(5)} 的单位" in errors(imp)[3][0]

    def test_paid_without_head_count_is_told(self, office, known):
        rows = [
            contribution(known, 缴费人数="0"),
            contribution(known, 费款所属期="202302", 缴费人数="0", 单位实缴="0", 个人实缴="0"),
        ]
        assert warnings(office.check("contributions", rows)) == {2: ["有实缴金额而缴费人数为 0，请核对"]}

    @pytest.mark.parametrize(("due", "told"), [("70.00", False), ("70.02", False), ("70.03", True), ("69.97", True), ("", False)])
    def test_a_premium_off_base_times_rate_is_told_beyond_a_fen_a_person(self, office, known, due, told):
        imp = office.check("contributions", [contribution(known, 缴费基数="10000", 单位应缴=due, 个人应缴="30", 缴费人数="2")])
        assert bool(warnings(imp)) == told
        if told:
            assert warnings(imp) == {2: [f"应缴合计 {float(due) + 30:.2f} 元与缴费基数乘以费率（100.00 元）相差较大，请核对"]}

    def test_a_month_of_which_no_notice_states_the_rate_is_not_judged(self, office, known):
        imp = office.check(
            "contributions", [contribution(known, 费款所属期="201801", 缴费基数="10000", 单位应缴="1", 个人应缴="1")]
        )
        assert (imp.warned, imp.refused) == (0, 0)

    def test_months_are_counted_as_the_calendar_counts_them(self, db):
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT s.month, {MONTHS_SINCE_1904} FROM (SELECT generate_series('1904-01-01'::date, '2099-12-01', "
                "'1 month')::date AS month) s WHERE extract(year FROM s.month) * 12 + extract(month FROM s.month) - 22849 "
                f"<> {MONTHS_SINCE_1904}"
            )
            assert cursor.fetchall() == []
            cursor.execute(f"SELECT {MONTHS_SINCE_1904} FROM (VALUES ('1904-01-01'::date), ('2099-12-01')) s (month)")
            assert cursor.fetchall() == [(0,), (2351,)]

    def test_days_to_come_are_refused_and_months_to_come_told(self, office, known):
        rows = [contribution(known, 费款所属期="202408", 到账日期="2024-07-01"), contribution(known, 到账日期="2024-07-02")]
        imp = office.check("contributions", rows)
        assert (list(errors(imp)), list(warnings(imp))) == ([3], [2])

    @pytest.mark.parametrize(("arrived", "told"), [("2023-01-31", True), ("2023-02-01", False), ("", False)])
    def test_arrived_before_their_month_is_told(self, office, known, arrived, told):
        imp = office.check("contributions", [contribution(known, 费款所属期="202302", 到账日期=arrived)])
        assert imp.refused == 0
        assert warnings(imp) == ({2: ["到账日期早于费款所属期（2023-02），请核对；确为预缴的可忽略"]} if told else {})

    def test_an_amount_below_zero_is_refused_and_a_refund_is_a_row_of_its_own(self, office, known):
        rows = [contribution(known, 单位实缴="-0.01", 缴费类型="正常"), contribution(known, 缴费类型="退费")]
        imp = office.check("contributions", rows)
        assert errors(imp) == {2: ["不能为负数，请核对"]}
        note = next(column.note for column in intake.kind_of("contributions").columns if column.name == "employer_paid")
        assert "退费另列一行" in note


def months(code: str, *found: str, **also: object) -> list[dict[str, object]]:
    """A row for each month."""
    return [contribution(code, 费款所属期=month, **also) for month in found]


class TestMonthsOfOneEnterprise:
    """Months missing, and figures far from those of the month before, in the file and with what is stored."""

    @pytest.fixture
    def known(self, office) -> str:
        return office.enterprises(2)[0]

    @staticmethod
    def gap(said: str) -> str:
        return f"此前缺 {said} 的缴费明细，请核对是中断缴费还是漏报；漏报的请补充导入"

    @staticmethod
    def people(now: int, month: str, before: int) -> str:
        return f"本月缴费人数 {now} 人，{month} 为 {before} 人，相差 3 倍以上，请核对"

    def test_a_missing_month_is_told_on_the_month_that_follows(self, office, known):
        rows = [*months(known, "202212", "202301", "202304", "202306"), *months(uscc(1), "202302", "202303")]
        assert warnings(office.check("contributions", rows)) == {4: [self.gap("2023-02 至 2023-03")], 5: [self.gap("2023-05")]}

    def test_the_stored_months_count(self, office, known):
        office.load("contributions", months(known, "202212", "202302"))
        imp = office.check("contributions", months(known, "202301", "202303", "202305"))
        assert warnings(imp) == {4: [self.gap("2023-04")]}

    @pytest.mark.parametrize(
        ("stored", "told"), [("202304", {}), ("202303", {2: ["2023-04"]}), ("202212", {2: ["2023-01 至 2023-04"]})]
    )
    def test_a_file_of_one_month_follows_the_last_stored_one(self, office, known, stored, told):
        office.load("contributions", months(known, stored))
        imp = office.check("contributions", months(known, "202305"))
        assert warnings(imp) == {row: [self.gap(said) for said in gaps] for row, gaps in told.items()}

    def test_arrears_fill_a_month_and_a_refund_or_a_voided_row_does_not(self, office, known):
        rows = [
            *months(known, "202301", "202303", 缴费类型=""),
            *months(known, "202302", 缴费类型="补缴"),
            *months(uscc(1), "202301", "202303", 缴费类型=""),
            *months(uscc(1), "202302", 缴费类型="退费"),
        ]
        assert warnings(office.check("contributions", rows)) == {6: [self.gap("2023-02")]}
        office.load("contributions", months(known, "202301", "202302", "202303"))
        rows = [*months(known, "202302", 作废="是"), *months(known, "202303", "202304", 作废="否")]
        assert warnings(office.check("contributions", rows)) == {3: [self.gap("2023-02")]}

    def test_months_before_the_last_four_years_and_months_to_come_are_not_held_against_others(self, office, known):
        imp = office.check("contributions", [*months(known, "201910", "201912", "202002", "202408")])
        assert warnings(imp) == {5: ["费款所属期晚于本月，请核对"]}

    @pytest.mark.parametrize(
        ("before", "now", "told"),
        [
            (10, 30, False),
            (10, 31, True),
            (31, 10, True),
            (30, 10, False),
            (3, 9, False),
            (2, 9, False),
            (3, 10, True),
            (0, 10, True),
        ],
    )
    def test_a_head_count_beyond_three_times_the_last_is_told_from_ten_on(self, office, known, before, now, told):
        rows = [
            contribution(known, 缴费人数=before, 单位实缴="0", 个人实缴="0"),
            contribution(known, 费款所属期="202302", 缴费人数=now),
        ]
        said = {3: [self.people(now, "2023-01", before)]} if told else {}
        assert warnings(office.check("contributions", rows)) == said
        office.load("contributions", rows[:1])
        assert list(warnings(office.check("contributions", rows[1:])).values()) == list(said.values())

    def test_the_lines_of_a_month_are_added_up_and_arrears_beside_them_are_not(self, office, known):
        rows = [
            contribution(known, 缴费人数="5", 明细号="1", 缴费类型="正常"),
            contribution(known, 缴费人数="5", 明细号="2", 缴费类型="正常"),
            contribution(known, 费款所属期="202302", 缴费人数="5", 明细号="1", 缴费类型="正常"),
            contribution(known, 费款所属期="202302", 缴费人数="40", 明细号="1", 缴费类型="补缴"),
            contribution(known, 费款所属期="202303", 缴费人数="5", 明细号="1", 缴费类型="补缴"),
            contribution(known, 费款所属期="202304", 缴费人数="16", 明细号="1", 缴费类型="正常"),
        ]
        assert warnings(office.check("contributions", rows)) == {7: [self.people(16, "2023-03", 5)]}
        office.load("contributions", [contribution(uscc(1), 缴费人数="20", 明细号=number) for number in ("1", "2")])
        imp = office.check("contributions", [contribution(uscc(1), 费款所属期="202302", 缴费人数="13")])
        assert warnings(imp) == {2: [self.people(13, "2023-01", 40)]}
        rows[0]["缴费人数"] = "11"
        assert warnings(office.check("contributions", rows)) == {
            4: [self.people(5, "2023-01", 16)],
            5: [self.people(5, "2023-01", 16)],
            7: [self.people(16, "2023-03", 5)],
        }

    @pytest.mark.parametrize(
        ("heads", "base", "told"),
        [(2, "30000", ""), (2, "30000.02", "15000.01"), (2, "", ""), (9, "90000", ""), (1, "15000.01", "15000.01")],
    )
    def test_a_base_a_head_beyond_three_times_the_last_is_told(self, office, known, heads, base, told):
        rows = [contribution(known, 缴费基数="10000"), contribution(known, 费款所属期="202302", 缴费人数=heads, 缴费基数=base)]
        said = f"本月人均缴费基数 {told} 元，2023-01 为 5000.00 元，相差 3 倍以上，请核对"
        assert warnings(office.check("contributions", rows)) == ({3: [said]} if told else {})

    def test_what_is_stored_is_told_only_to_who_may_load_the_row(self, office, known):
        office.load("contributions", months(known, "202301", 缴费人数="100"))
        imp = office.check("contributions", months(known, "202303", 缴费人数="1"), by="yishi")
        assert (imp.refused, warnings(imp)) == (1, {})

    def test_confirming_checks_them_again(self, office, known):
        imp = office.check("contributions", months(known, "202301", "202303"))
        office.load("contributions", months(known, "202302"))
        with pytest.raises(ImportRefused, match="数据有变化"):
            office.confirm(imp)
        assert warnings(imp) == {}


class TestLists:
    def test_may_name_a_code_that_the_registry_does_not_know(self, office):
        imp = office.load("credit-list", [{"统一社会信用代码": uscc(5), "名单类型": "严重失信"}])
        assert (imp.new, imp.refused, CreditListing.objects.count()) == (1, 0, 1)

    def test_delisted_before_listed_is_refused(self, office):
        row = {"统一社会信用代码": uscc(5), "名单类型": "严重失信", "列入日期": "2024-02-02", "移出日期": "2024-02-01"}
        rows = [row, row | {"移出日期": "2024-02-02", "来源": ""} | {"统一社会信用代码": uscc(6)}]
        imp = office.check("credit-list", [rows[0] | {"来源": ""}, rows[1]])
        assert errors(imp) == {2: ["移出日期早于列入日期，请核对"]}

    @pytest.mark.parametrize(("until", "told"), [("2024-07-01", False), ("2024-07-02", True)])
    def test_delisted_in_days_to_come_is_told(self, office, until, told):
        row = {"统一社会信用代码": uscc(5), "名单类型": "严重失信", "列入日期": "2024-02-02", "移出日期": until}
        imp = office.check("credit-list", [row])
        assert (imp.refused, bool(warnings(imp))) == (0, told)

    def test_listed_in_days_to_come_is_refused(self, office):
        rows = [{"统一社会信用代码": uscc(5), "名单类型": "严重失信", "列入日期": day} for day in ("2024-07-01", "2024-07-02")]
        assert errors(office.check("credit-list", rows)) == {3: ["列入日期晚于今天，请核对"]}

    @pytest.mark.parametrize("kind", ["size-list", "workforce", "hosts"])
    def test_of_a_year_to_come_are_refused(self, office, kind):
        code = office.enterprises(1, 劳务派遣="是")[0]
        row = {"size-list": {"统一社会信用代码": code, "划型": "大型"}, "workforce": {"统一社会信用代码": code}}.get(
            kind,
            {"派遣单位统一社会信用代码": code, "用工单位统一社会信用代码": uscc(1), "用工单位名称": "某", "用工单位类型": "企业"},
        )
        imp = office.check(kind, [row | {"年度": "2024"}, row | {"年度": "2025"}])
        assert errors(imp) == {3: ["年度晚于今年，请核对"]}

    @pytest.mark.parametrize(
        ("start", "end", "told"), [(3, 9, False), (3, 10, True), (30, 10, False), (31, 10, True), ("", 50, False)]
    )
    def test_a_workforce_far_from_its_start_is_told(self, office, start, end, told):
        row = {"统一社会信用代码": office.enterprises(1)[0], "年度": "2023", "年初人数": start, "年末人数": end}
        said = {2: [f"年末人数 {end} 人与年初人数 {start} 人相差 3 倍以上，请核对"]}
        assert warnings(office.check("workforce", [row])) == (said if told else {})

    @pytest.mark.parametrize(("covers", "stored"), [("all", True), ("listed", False), (None, None)])
    def test_a_size_list_says_whether_it_covers_whom_it_does_not_name(self, office, covers, stored):
        rows = [{"统一社会信用代码": uscc(1), "划型": "大型", "年度": "2023"}]
        office.load("size-list", rows, settings={"covers": covers} if covers else {})
        found = SizeCover.objects.filter(region_id="140300", year=2023).values_list("covers_all", flat=True).first()
        assert found is stored

    def test_a_cover_can_be_said_anew_for_rows_that_do_not_change(self, office):
        rows = [{"统一社会信用代码": uscc(1), "划型": "大型", "年度": "2023"}]
        for covers in ("all", "listed"):
            office.load("size-list", rows, settings={"covers": covers})
        assert SizeCover.objects.get().covers_all is False


class TestHosts:
    def test_belong_to_a_dispatch_unit_of_the_registry(self, office):
        Enterprise.objects.bulk_create(
            [
                Enterprise(uscc=uscc(1), name="派遣", kind="企业", dispatch=True, region_id="140302"),
                Enterprise(uscc=uscc(2), name="普通", kind="企业", region_id="140302"),
            ]
        )
        row = {"用工单位统一社会信用代码": uscc(9), "用工单位名称": "用工", "用工单位类型": "企业", "年度": "2023"}
        codes = [uscc(1), uscc(2), uscc(3), uscc(9)]
        imp = office.check("hosts", [{"派遣单位统一社会信用代码": code} | row for code in codes])
        assert list(errors(imp)) == [4, 5]
        assert warnings(imp) == {3: ["该单位在名册中不是劳务派遣单位，请核对"]}


class TestRegistry:
    def test_keeps_an_enterprise_that_has_contributions(self, office):
        codes = office.enterprises(2)
        office.load("contributions", [contribution(codes[0])])
        Enterprise.objects.filter(uscc=codes[1]).delete()
        with pytest.raises(IntegrityError, match="has contributions"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM enterprises_enterprise WHERE uscc = %s", codes[:1])
        assert list(Enterprise.objects.values_list("uscc", flat=True)) == codes[:1]

    @pytest.mark.parametrize("statement", ["DELETE FROM agency_region", "UPDATE agency_region SET code = '149999'"])
    def test_keeps_a_region_that_has_enterprises(self, office, statement):
        office.enterprises(1)
        with pytest.raises(IntegrityError, match="has enterprises"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{statement} WHERE code = (SELECT region_id FROM enterprises_enterprise)")

    @pytest.mark.parametrize("statement", ["DELETE FROM agency_region", "UPDATE agency_region SET code = '149999'"])
    def test_lets_a_region_go_that_nothing_names(self, office, statement):
        Region.objects.create(code="149998", name="空", path="149998/")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{statement} WHERE code = '149998'")
        assert not Region.objects.filter(code="149998").exists()

    def test_with_one_account_are_told_and_one_host_of_two_units_is_not(self, office):
        units = office.enterprises(2, 劳务派遣="是")
        host = {"用工单位名称": "用工", "用工单位类型": "企业", "年度": "2023", "账号": "622200001"}
        rows = [{"派遣单位统一社会信用代码": unit, "用工单位统一社会信用代码": uscc(8)} | host for unit in units]
        assert warnings(office.check("hosts", rows)) == {}
        rows.append(rows[0] | {"用工单位统一社会信用代码": uscc(9)})
        assert warnings(office.check("hosts", rows))[4] == [f"与用工单位 {uscc(8)} 的账号相同，请核对"]
