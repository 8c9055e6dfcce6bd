"""参保人员 as a spreadsheet brings them: found by a number that is sealed, in the region of who employs them."""

import pytest
from django.db import connection

from agency import intake
from agency.models import Import
from agency.sealed import blind_index
from enterprises.models import Enterprise, InsuredPerson
from tests.enterprises.test_checks import errors, warnings
from tests.office import citizen, enterprise, uscc


def person(number: int, **also: object) -> dict[str, object]:
    row = {"证件号码": citizen(number), "姓名": f"赵子{number}", "单位统一社会信用代码": uscc(0), "参保状态": "在职"}
    return row | also


@pytest.fixture
def town(office):
    office.load("enterprises", [enterprise(0), enterprise(1, 参保地="140303"), enterprise(2, 参保地="140400")], by="jingban")
    office.load("enterprises", [enterprise(2, 参保地="140400")], by="yishi")
    return office


def region_of(number: int) -> str:
    return InsuredPerson.objects.get(id_number_index=blind_index(citizen(number))).region_id


class TestKey:
    def test_is_the_number_whatever_it_was_sealed_to(self, town):
        first = town.load("persons", [person(1), person(2)])
        again = town.load("persons", [person(1), person(2, 姓名="钱子2")])
        assert (first.new, again.new, again.changed, again.unchanged) == (2, 0, 1, 1)

    def test_is_read_as_it_is_written(self, town):
        number = next(citizen(n) for n in range(99) if citizen(n).endswith("X"))
        town.load("persons", [{"身份证号": f" {number.lower()} ", "aac003": "赵子"}])
        assert InsuredPerson.objects.get().id_number.reveal() == number

    def test_twice_in_a_file_is_an_error_on_both_that_shows_neither(self, town):
        imp = town.check("persons", [person(1), person(2), person(1, 姓名="钱")])
        assert errors(imp) == {
            2: ["与第 4 行重复（证件号码 相同），请只保留一行"], 4: ["与第 2 行重复（证件号码 相同），请只保留一行"]
        }  # fmt: skip
        assert citizen(1) not in str(imp.report)
        assert imp.report["errors"][0][3] == f"1491**********{citizen(1)[-4:]}"

    def test_that_cannot_be_read_is_its_own_error_alone(self, town):
        wrong = citizen(1)[:-1] + ("0" if citizen(1)[-1] != "0" else "1")
        imp = town.check("persons", [person(1, 证件号码=wrong), person(1, 证件号码=wrong), person(1, 证件号码=""), person(2)])
        assert {row: len(reasons) for row, reasons in errors(imp).items()} == {2: 1, 3: 1, 4: 1}
        assert "校验码不符" in errors(imp)[2][0]
        assert wrong not in str(imp.report)

    def test_never_stands_in_the_open(self, town):
        imp = town.check("persons", [person(1, 手机号="14200000001", 社保卡账号="149940000000001")])
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT row_to_json(staged)::text FROM intake_{imp.pk}_row staged")
            [(staged,)] = cursor.fetchall()
            town.confirm(imp)
            cursor.execute("SELECT row_to_json(person)::text FROM enterprises_insuredperson person")
            [(stored,)] = cursor.fetchall()
        for secret in (citizen(1), "14200000001", "149940000000001"):
            assert secret not in staged
            assert secret not in stored


class TestEmployer:
    def test_has_to_be_on_record(self, town):
        imp = town.check(
            "persons", [person(1, 单位统一社会信用代码=uscc(9)), person(2, 单位统一社会信用代码="", 参保状态="停保")]
        )
        assert list(errors(imp)) == [2]
        assert "名册中没有" in errors(imp)[2][0]

    def test_that_changes_changes_the_row(self, town):
        town.load("persons", [person(1)])
        assert town.load("persons", [person(1, 单位统一社会信用代码=uscc(1))]).changed == 1
        stored = InsuredPerson.objects.get()
        assert (stored.enterprise, stored.region_id) == (Enterprise.objects.get(uscc=uscc(1)), "140303")

    def test_that_the_file_does_not_speak_of_stays(self, town):
        town.load("persons", [person(1)])
        row = {"证件号码": citizen(1), "姓名": "赵子甲"}
        assert town.load("persons", [row]).changed == 1
        assert InsuredPerson.objects.get().enterprise.uscc == uscc(0)
        assert town.load("persons", [row]).unchanged == 1

    def test_that_the_file_leaves_empty_is_none_any_more(self, town):
        town.load("persons", [person(1)])
        town.load("persons", [person(1, 单位统一社会信用代码="", 参保状态="领取失业保险金")])
        stored = InsuredPerson.objects.get()
        assert (stored.enterprise, stored.region_id) == (None, "140302")


class TestRegion:
    def test_is_that_of_the_employer_else_that_of_before_else_that_of_the_import(self, town):
        nobodys = {"单位统一社会信用代码": "", "参保状态": "领取失业保险金"}
        town.load("persons", [person(1), person(2, **nobodys)])
        town.load("persons", [person(3, **nobodys)], by="chengqu")
        assert [region_of(number) for number in (1, 2, 3)] == ["140302", "140300", "140302"]
        town.load("persons", [person(1, **nobodys), person(3, **nobodys, 姓名="钱")])
        assert [region_of(number) for number in (1, 3)] == ["140302", "140302"]

    def test_outside_the_posts_of_who_loads_is_an_error(self, town):
        rows = [person(1), person(2, 单位统一社会信用代码=uscc(1)), person(3, 单位统一社会信用代码=uscc(2))]
        assert list(errors(town.check("persons", rows))) == [4]
        assert list(errors(town.check("persons", rows, by="chengqu"))) == [3, 4]

    def test_of_somebody_else_cannot_be_taken_over(self, town):
        town.load("persons", [person(1, 单位统一社会信用代码=uscc(2))], by="yishi")
        imp = town.check("persons", [person(1)])
        assert imp.refused == 1
        assert "140400" in errors(imp)[2][0]


class TestChecks:
    def test_refuse_months_that_cannot_be(self, town):
        rows = [
            person(1, 首次参保年月="", 截至年月="202408"),
            person(2, 首次参保年月="202403", 截至年月="202402"),
            person(3, 首次参保年月="202408", 截至年月=""),
            person(4, 首次参保年月="202407", 截至年月="202407"),
        ]
        assert errors(town.check("persons", rows)) == {
            2: ["截至年月晚于本月，请核对"], 3: ["首次参保年月晚于截至年月，请核对"], 4: ["首次参保年月晚于本月，请核对"]
        }  # fmt: skip

    def test_warn_of_one_person_at_work_in_two_enterprises(self, town):
        town.load("persons", [person(1), person(2, 参保状态="停保"), person(3)])
        elsewhere = {"单位统一社会信用代码": uscc(1)}
        rows = [person(1, **elsewhere), person(2, **elsewhere), person(3, **elsewhere, 参保状态="停保"), person(4, **elsewhere)]
        assert warnings(town.check("persons", rows)) == {2: [f"此人原在 {uscc(0)} 在职参保，现改为 {uscc(1)}，请核对是否已转移"]}
        assert warnings(town.check("persons", [person(1)])) == {}
        imp = town.check("persons", [person(1, 单位统一社会信用代码=uscc(2))], by="yishi")
        assert (imp.refused, warnings(imp)) == (1, {})

    def test_warn_of_what_a_clerk_should_look_at(self, town):
        imp = town.check(
            "persons",
            [
                person(1, 首次参保年月="202401", 截至年月="202405", 累计缴费月数="5"),
                person(2, 首次参保年月="202401", 截至年月="202405", 累计缴费月数="6"),
                person(3, 累计缴费月数="6"),
                person(4, 单位统一社会信用代码=""),
            ],
        )
        assert warnings(imp) == {
            3: ["累计缴费月数超过首次参保以来的 5 个月，请核对"],
            4: ["没有截至年月，累计缴费月数不能用于判定"],
            5: ["在职人员没有单位，请核对"],
        }

    def test_hold_what_is_stored_against_what_the_file_does_not_speak_of(self, town):
        town.load("persons", [person(1)])
        row = {"证件号码": citizen(1), "姓名": "赵子1"}
        assert warnings(town.check("persons", [row | {"参保状态": "在职"}])) == {}
        assert list(warnings(town.check("persons", [row | {"单位统一社会信用代码": uscc(1)}]))) == [2]

    def test_warn_of_a_card_that_two_have_in_the_file_or_on_record(self, town):
        town.load("persons", [person(1, 社保卡账号="149940001")])
        imp = town.check("persons", [person(2, 社保卡账号="149940001"), person(3, 社保卡账号="149940003"), person(4)])
        assert warnings(imp) == {2: ["与另一人员的社保卡账号相同，请核对"]}
        assert "149940001" not in str(imp.report)
        both = town.check("persons", [person(3, 社保卡账号="149940003"), person(4, 社保卡账号="149940003")])
        assert set(warnings(both)) == {2, 3}


class TestExport:
    def test_masks_what_is_sealed(self, town):
        town.load("persons", [person(1, 手机号="14200000001")])
        [row] = intake.kind_of("persons").export(InsuredPerson.objects.all()).dict
        assert (row["证件号码"], row["手机号"]) == (f"1491**********{citizen(1)[-4:]}", "142****0001")
        assert row["单位统一社会信用代码"] == uscc(0)


class TestQueries:
    def test_are_as_many_for_five_hundred_as_for_five(self, town):
        from django.test.utils import CaptureQueriesContext

        counts = []
        for numbers in (range(5), range(500)):
            with CaptureQueriesContext(connection) as asked:
                imp = town.load("persons", [person(number) for number in numbers])
            counts.append(len(asked))
            assert imp.state == Import.State.CONFIRMED
        assert counts[0] == counts[1]
