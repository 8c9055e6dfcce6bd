import json
from datetime import date

import pytest

from policy.fact_rows import FactError
from policy.skill_facts import COLUMNS, SkillFacts, Subsidy

FULL = {
    "claimed_on": "2024/9/2", "occupation": " 6-31-01-03 ", "grade": "四级", "issued_on": "20240801",
    "certificate_type": "技能人员职业资格证书", "certificate_valid": "是", "insured_months": "24.0", "status": "在职",
    "status_at_issue": "停保", "training_subsidies": "6-31-01-03:五级:2024-05-01", "skill_subsidies": "电工:四级:2023-01-02",
    "certificates_held": "电工:三级:2022-01-02", "post_agrees": "否",
}  # fmt: skip


class TestReadingARow:
    def test_takes_every_column(self) -> None:
        assert SkillFacts.from_row(FULL) == SkillFacts(
            claimed_on=date(2024, 9, 2),
            occupation="6-31-01-03",
            grade="四级",
            issued_on=date(2024, 8, 1),
            certificate_type="职业资格证书",
            certificate_valid=True,
            insured_months=24,
            status="在职",
            status_at_issue="停保",
            training_subsidies=(Subsidy("6-31-01-03", "五级", date(2024, 5, 1)),),
            training_checked=True,
            received=(Subsidy("电工", "四级", date(2023, 1, 2)),),
            certificates_held=(Subsidy("电工", "三级", date(2022, 1, 2)),),
            post_agrees=False,
        )
        assert set(COLUMNS) == set(FULL)

    def test_takes_an_empty_cell_as_unknown(self) -> None:
        facts = SkillFacts.from_row(dict.fromkeys(COLUMNS, ""))
        assert facts == SkillFacts(training_checked=True, received=(), certificates_held=())

    def test_takes_a_row_without_the_columns_as_not_checked(self) -> None:
        assert SkillFacts.from_row({}) == SkillFacts(received=())
        assert not SkillFacts.from_row({}).training_checked

    @pytest.mark.parametrize(
        ("written", "subsidies", "checked"),
        [
            ("", (), True),
            ("?", (), False),
            ("？", (), False),
            (" ； ", (), True),
            ("电工:五级:2024-05-01;?", (Subsidy("电工", "五级", date(2024, 5, 1)),), False),
            ("电工：五级：2024/5/1；:四级:", (Subsidy("电工", "五级", date(2024, 5, 1)), Subsidy(None, "四级", None)), True),
            ("电工::", (Subsidy("电工", None, None),), True),
            ("?:?:?", (Subsidy(None, None, None),), True),
            ("车工:数控:五级:2024-05-01", (Subsidy("车工:数控", "五级", date(2024, 5, 1)),), True),
        ],
    )
    def test_reads_lists_of_subsidies(self, written: str, subsidies: tuple[Subsidy, ...], checked: bool) -> None:
        facts = SkillFacts.from_row({"training_subsidies": written, "skill_subsidies": written, "certificates_held": written})
        assert (facts.training_subsidies, facts.training_checked) == (subsidies, checked)
        assert facts.received == facts.certificates_held == (subsidies if checked else None)

    @pytest.mark.parametrize(
        ("column", "value", "reason"),
        [
            ("claimed_on", "2024-02-30", "没有这一天"),
            ("grade", "高级", "应为以下之一：五级、四级、三级、二级、一级"),
            ("insured_months", "-1", "应在 0 至"),
            ("status", "失业", "应为以下之一：在职、领取失业保险金、停保"),
            ("certificate_valid", "也许", "应填 是 或 否"),
            ("training_subsidies", "电工", "“电工”应写成 职业代码:等级:日期"),
            ("training_subsidies", "电工:五级", "应写成 职业代码:等级:日期"),
            ("training_subsidies", "电工:高级:2024-05-01", "应为以下之一"),
            ("skill_subsidies", "电工:五级:五月", "应为日期"),
        ],
    )
    def test_refuses_what_it_cannot_read_with_column_value_and_reason(self, column: str, value: str, reason: str) -> None:
        with pytest.raises(FactError, match=f"{column} 列的值“{value}”：.*{reason}"):
            SkillFacts.from_row({column: value})


class TestFreezing:
    def test_survives_the_way_through_json(self) -> None:
        facts = SkillFacts.from_row({**FULL, "skill_subsidies": "电工::;:四级:2023-01-02"})
        assert SkillFacts.from_json(facts.to_json()) == facts
        assert SkillFacts.from_json(SkillFacts().to_json()) == SkillFacts()
        assert len(facts.to_json().encode()) < 1000

    def test_keeps_nothing_received_apart_from_not_known(self) -> None:
        assert json.loads(SkillFacts(received=()).to_json()) == {"received": []}
        assert SkillFacts.from_json('{"received":[]}').received == ()
        assert SkillFacts.from_json("{}").received is None
