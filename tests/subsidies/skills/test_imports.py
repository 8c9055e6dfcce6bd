"""The spreadsheets of claims: what is refused, what is warned of, and whose desk a row belongs to."""

from agency.models import Event
from subsidies.skills.models import Certificate, Claim, TrainingSubsidy
from tests.enterprises.test_checks import errors, warnings
from tests.office import citizen, enterprise, uscc
from tests.subsidies.skills.conftest import certificate, claim, person, training


class TestCertificates:
    def test_are_known_by_their_number_also_when_the_holder_changes(self, town):
        town.load("persons", person(1), person(2))
        town.load("certificates", certificate(1))
        imp = town.office.check("certificates", [certificate(1, of=2)])
        assert (imp.changed, warnings(imp)) == (1, {2: ["此证书编号原登记在另一证件号码名下，请核对"]})

    def test_of_any_type_are_taken_and_of_no_other_grade(self, town):
        imp = town.office.load("certificates", [certificate(1, 证书类型="专项职业能力证书"), certificate(2, 等级="高级")])
        assert errors(imp) == {3: ["应为以下之一：五级、四级、三级、二级、一级"]}
        assert Certificate.objects.get().type == "专项职业能力证书"

    def test_say_which_words_of_a_lookup_settle_nothing(self, town):
        town.load("persons", person(1), person(2))
        imp = town.office.check("certificates", [certificate(1), certificate(2, 联网查询结果="系统繁忙")])
        assert warnings(imp) == {3: ["联网查询结果“系统繁忙”不在可识别的文字之中，判定时视为待核实"]}

    def test_of_the_future_are_refused(self, town):
        imp = town.office.check(
            "certificates", [certificate(1, 发证日期="2024-07-02", 查询日期=""), certificate(2, 查询日期="2024-07-02")]
        )
        assert [reasons[0][:4] for reasons in errors(imp).values()] == ["发证日期", "查询日期"]


class TestTraining:
    def test_of_which_something_is_unknown_is_taken_and_told(self, town):
        town.load("persons", person(1))
        row = training(1, **{"职业(工种)代码": "", "等级": "", "发放日期": ""})
        imp = town.office.load("training-subsidies", [row])
        assert "将转人工核实" in warnings(imp)[2][0]
        stored = TrainingSubsidy.objects.get(id_number_index=TrainingSubsidy.objects.latest("pk").id_number_index)
        assert (stored.occupation_code, stored.grade, stored.paid_on) == (None, None, None)
        again = town.office.load("training-subsidies", [row])
        assert (again.new, again.unchanged) == (0, 1)

    def test_of_two_days_are_two(self, town):
        town.load("training-subsidies", training(1), training(1, 发放日期="2024-02-02"))
        assert TrainingSubsidy.objects.exclude(name="赵子999").count() == 2


class TestClaims:
    def test_are_one_a_person_and_certificate(self, town):
        imp = town.office.check("skill-claims", [claim(1), claim(1, 申请日期="2024-06-04"), claim(2, of=1), claim(1, of=2)])
        assert list(errors(imp)) == [2, 3]
        assert citizen(1) not in str(imp.report)

    def test_need_a_day_that_has_come_and_a_name(self, town):
        imp = town.office.check("skill-claims", [claim(1, 申请日期=""), claim(2, 申请日期="2024-07-02"), claim(3, 姓名="")])
        assert list(errors(imp)) == [2, 3, 4]

    def test_of_unknown_people_and_other_names_are_told(self, town):
        town.load("persons", person(1))
        imp = town.office.check("skill-claims", [claim(1, 姓名="钱子"), claim(2)])
        assert warnings(imp) == {2: ["与参保人员登记的姓名不一致，请核对"], 3: ["参保人员中没有此人，申请将转人工核实"]}

    def test_of_one_certificate_by_two_people_are_told_on_both(self, town):
        town.load("persons", *(person(number) for number in (1, 2, 3)))
        town.load("skill-claims", claim(1))
        said = ["此证书编号另有一人申请，请核对证书属于谁"]
        assert warnings(town.office.check("skill-claims", [claim(1, of=2), claim(3)])) == {2: said}
        assert warnings(town.office.check("skill-claims", [claim(1), claim(3), claim(3, of=2)])) == {3: said, 4: said}

    def test_of_another_citys_people_are_refused(self, town):
        town.load("enterprises", enterprise(7, 参保地="140400"), by="yishi")
        town.load("persons", person(1, 单位统一社会信用代码=uscc(7)), by="yishi")
        for kind, row in (("skill-claims", claim(1)), ("certificates", certificate(1)), ("training-subsidies", training(1))):
            imp = town.office.check(kind, [row])
            assert "140400 不在您的岗位范围内" in errors(imp)[2][0], kind

    def test_land_as_cases_in_chunks(self, town, monkeypatch):
        monkeypatch.setattr("subsidies.skills.actions.births.CHUNK", 3)
        town.load("skill-claims", *(claim(number) for number in range(10)))
        assert Claim.objects.count() == 10
        assert Event.objects.filter(case_kind="claim").count() == 10
        by_row = Claim.objects.order_by("pk").values_list("submission__source_row", flat=True)
        assert list(by_row) == list(range(2, 12))
