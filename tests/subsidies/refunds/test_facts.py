"""Facts of a few hundred varied enterprises, recomputed here row by row in plain Python, and the edges by name."""

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from agency.models import CreditCheck, Import
from enterprises.models import CreditListing, Enterprise, MonthlyContribution, Size2020, SizeCover, SizeListing, WorkforceYear
from policy.facts import RefundFacts
from policy.notice import load
from subsidies.refunds.models import Host
from subsidies.refunds.queries import Case, facts_of

ON = date(2024, 6, 20)
SHANXI = load("shanxi/2024").terms({})


def facts_for(*enterprises: Enterprise, on: date = ON, terms: Any = SHANXI) -> list[RefundFacts]:
    found = facts_of(terms, 2024, [Case(each.pk, None, "免申即享", on) for each in enterprises], ON)
    return [found[each.pk] for each in enterprises]


# ---- the same, row by row --------------------------------------------------------------------------------------


def recomputed(rows: list[MonthlyContribution], on: date, *, any_payment: bool) -> dict[str, Any]:
    """What the notices say of contribution rows, one month after the other."""
    months: dict[date, list[MonthlyContribution]] = defaultdict(list)
    for row in rows:
        if not row.voided:
            months[row.month].append(row)
    if not months:
        return dict.fromkeys(
            ["paid_months", "months_paid_last_year", "mean_insured", "paid_normal", "paid_arrears", "refunded", "deferred_unpaid"]
        )
    states = {month: paid_in_full(lines, on, any_payment=any_payment) for month, lines in months.items()}
    by_day = [state for month, state in states.items() if month <= on]
    last_year = [state for month, state in states.items() if month.year == 2023]
    deferred = [
        states[month] for month, lines in months.items() if month <= on and any(line.deferred for line in lines)
    ]  # fmt: skip
    sums = base_parts(rows, last_year)
    return {
        "paid_months": counted(by_day, 12),
        "months_paid_last_year": counted(last_year, 12) if last_year else None,
        "mean_insured": mean(months),
        "deferred_unpaid": True if False in deferred else None if None in deferred else False,
        **sums,
    }


def paid_in_full(lines: list[MonthlyContribution], on: date, *, any_payment: bool) -> bool | None:
    arrived = Decimal(0)
    for line in lines:
        if line.employer_paid is None or line.employee_paid is None:
            return None
        paid = line.employer_paid + line.employee_paid
        if line.arrived_on is None or line.arrived_on <= on:
            arrived += -paid if line.type == "退费" else paid
    if arrived <= 0:
        return False
    stating = stating_lines(lines)
    dues = [None if None in (line.employer_due, line.employee_due) else line.employer_due + line.employee_due for line in stating]
    if not dues or None in dues:
        return True if any_payment else None
    return arrived >= sum(dues)


def stating_lines(lines: list[MonthlyContribution]) -> list[MonthlyContribution]:
    """Who was insured and what was due is said by the 正常 lines, and where there are none by the 补缴 lines."""
    return [line for line in lines if line.type == "正常"] or [line for line in lines if line.type == "补缴"]


def counted(states: list[bool | None], least: int) -> int | None:
    full, unknown = states.count(True), states.count(None)
    return None if full < least <= full + unknown else full


def mean(months: dict[date, list[MonthlyContribution]]) -> Fraction | None:
    counts: dict[int, int | None] = {}
    for month, lines in months.items():
        if month.year == 2023 and (stating := stating_lines(lines)):
            heads = [line.headcount for line in stating]
            counts[month.month] = None if None in heads else sum(heads)
    insured = [month for month, count in counts.items() if count != 0]
    if not insured:
        return None
    wanted = range(min(insured), 13)
    if any(counts.get(month) is None for month in wanted):
        return None
    return Fraction(sum(counts[month] for month in wanted), len(wanted))


def base_parts(rows: list[MonthlyContribution], last_year: list[bool | None]) -> dict[str, Any]:
    if not last_year:
        return {"paid_normal": None, "paid_arrears": None, "paid_late_fees": None, "paid_after_year": None, "refunded": None}
    parts: dict[str, Any] = {
        "paid_normal": Decimal(0), "paid_arrears": Decimal(0), "paid_late_fees": Decimal(0), "paid_after_year": Decimal(0),
        "refunded": Decimal(0),
    }  # fmt: skip

    def add(part: str, amount: Decimal | None) -> None:
        parts[part] = None if amount is None or parts[part] is None else parts[part] + amount

    for row in (row for row in rows if not row.voided):
        paid = None if None in (row.employer_paid, row.employee_paid) else row.employer_paid + row.employee_paid
        arrived = row.arrived_on
        if arrived and arrived.year == 2023:
            add("paid_late_fees", row.late_fee or Decimal(0))
        if row.type == "退费":
            if row.month.year == 2023 and (arrived is None or arrived <= ON):
                add("refunded", paid)
            continue
        if row.month.year > 2023:
            continue
        part = "paid_normal" if row.month.year == 2023 else "paid_arrears"
        if paid is None or (arrived is None and paid):
            add(part, None)
            if part == "paid_normal":
                add("paid_after_year", None)
        elif arrived and arrived.year == 2023:
            add(part, paid)
        elif arrived and arrived.year > 2023 and arrived <= ON and part == "paid_normal":
            add("paid_after_year", paid)
    return parts


def varied_rows(enterprise: Enterprise, draw: random.Random) -> list[MonthlyContribution]:
    """Contribution rows of one enterprise, every oddity with its share."""
    rows: list[MonthlyContribution] = []
    first = draw.choice([date(2022, 7, 1), date(2023, 1, 1), date(2023, 1, 1), date(2023, 4, 1), date(2024, 2, 1)])
    months = [date(year, month, 1) for year in (2022, 2023, 2024) for month in range(1, 13)]
    people = draw.randint(0, 40)
    for month in months:
        if month < first or month > date(2024, 5, 1) or draw.random() < 0.03:
            continue
        for line in range(2 if draw.random() < 0.1 else 1):
            rows.append(varied_row(enterprise, month, people, f"{line}", draw))
        if draw.random() < 0.08:
            rows.append(varied_row(enterprise, month, draw.randint(1, 3), "b", draw, type="补缴"))
        if draw.random() < 0.05:
            rows.append(varied_row(enterprise, month, 1, "r", draw, type="退费", employer_due=None, employee_due=None))
        people = max(0, people + draw.choice([-1, 0, 0, 0, 1]))
    return rows


def varied_row(enterprise: Enterprise, month: date, people: int, line: str, draw: random.Random, **fields: Any):
    employer, employee = Decimal(people * 7000 + 1) / 100, Decimal(people * 3000) / 100
    values: dict[str, Any] = {
        "enterprise": enterprise, "month": month, "line": line, "headcount": people, "employer_due": employer,
        "employee_due": employee, "employer_paid": employer, "employee_paid": employee,
        "arrived_on": month + timedelta(days=draw.randint(0, 25)), "type": "正常",
    }  # fmt: skip
    odd = draw.random()
    if odd < 0.04:
        values["employer_due"] = None
    elif odd < 0.08:
        values["employer_paid"] = Decimal(0)
    elif odd < 0.10:
        values |= {"employer_paid": Decimal(0), "deferred": True}
        values |= {"employer_due": None} if draw.random() < 0.4 else {"employee_paid": Decimal(0)}
    elif odd < 0.11:
        values["arrived_on"] = None
    elif odd < 0.14:
        values["arrived_on"] = month + timedelta(days=draw.randint(100, 500))
    elif odd < 0.16:
        values["late_fee"] = Decimal("12.34")
    elif odd < 0.17:
        values["voided"] = True
    elif odd < 0.18:
        values["type"] = "补缴"
    return MonthlyContribution(**(values | fields))


class TestVariedEnterprises:
    @pytest.mark.parametrize("due_unknown_month", ["unknown", "any_payment"])
    def test_have_the_facts_that_a_row_by_row_count_gives(self, regions, seeded, rounds, due_unknown_month):
        terms = load("shanxi/2024").terms({"due_unknown_month": due_unknown_month})
        enterprises = Enterprise.objects.bulk_create(
            Enterprise(uscc=f"9114{number:014}", name=f"第{number}号公司", kind="企业", region=regions["140302"])
            for number in range(rounds(400))
        )
        rows = {each.pk: varied_rows(each, seeded) for each in enterprises}
        MonthlyContribution.objects.bulk_create(row for each in rows.values() for row in each)
        days = {each.pk: seeded.choice([ON, date(2024, 2, 1), date(2024, 5, 31)]) for each in enterprises}
        found = facts_of(terms, 2024, [Case(pk, None, "免申即享", day) for pk, day in days.items()], ON)
        seen: dict[str, set[Any]] = defaultdict(set)
        for pk, facts in found.items():
            expected = recomputed(rows[pk], days[pk], any_payment=due_unknown_month == "any_payment")
            if (exact := expected.pop("mean_insured")) is None:
                assert facts.mean_insured is None
            else:
                assert 0 <= Fraction(facts.mean_insured) - exact < Fraction(1, 10**20)
            assert {name: getattr(facts, name) for name in expected} == expected
            for name, value in expected.items():
                seen[name].add("unknown" if value is None else bool(value))
        if due_unknown_month == "unknown":
            assert {name for name, values in seen.items() if "unknown" not in values} == set()
        assert all({True, False} & values for values in seen.values())


class TestPaidInFull:
    def test_counts_a_month_that_a_later_payment_completed(self, make_enterprise, pay):
        enterprise = make_enterprise(months=range(1, 12))
        pay(enterprise, 12, 10, employer_paid=Decimal(0))
        assert facts_for(enterprise)[0].paid_months == 11
        pay(enterprise, 12, 10, type="补缴", employee_paid=Decimal(0), employer_due=None, arrived_on=date(2024, 2, 1))
        assert facts_for(enterprise)[0].paid_months == 12

    def test_counts_up_to_the_day_and_no_further(self, make_enterprise, pay):
        enterprise = make_enterprise(months=range(3, 13))
        pay(enterprise, 1, 10, year=2024)
        pay(enterprise, 2, 10, year=2024, arrived_on=date(2024, 6, 21))
        assert facts_for(enterprise)[0].paid_months == 11
        assert facts_for(enterprise, on=date(2024, 6, 21))[0].paid_months == 12

    def test_is_known_where_the_months_without_due_cannot_decide(self, make_enterprise, pay):
        sure, unsure, short = make_enterprise(), make_enterprise(months=range(1, 12)), make_enterprise(months=range(1, 6))
        pay(sure, 1, 10, year=2024, employer_due=None)
        pay(unsure, 12, 10, employer_due=None)
        pay(short, 12, 10, employer_due=None)
        assert [facts.paid_months for facts in facts_for(sure, unsure, short)] == [12, None, 5]

    def test_does_not_count_what_was_given_back(self, make_enterprise, pay):
        enterprise = make_enterprise()
        pay(enterprise, 12, 10, type="退费", employer_paid=Decimal("0.01"), employee_paid=Decimal(0))
        facts = facts_for(enterprise)[0]
        assert (facts.paid_months, facts.refunded) == (11, Decimal("0.01"))

    def test_is_unknown_without_any_record(self, make_enterprise):
        facts = facts_for(make_enterprise(months=range(0)))[0]
        assert (facts.paid_months, facts.paid_normal, facts.mean_insured, facts.deferred_unpaid) == (None, None, None, None)


class TestMeanInsured:
    def test_begins_with_the_first_insured_month(self, make_enterprise):
        assert facts_for(make_enterprise(months=range(11, 13), people=31))[0].mean_insured == 31

    def test_is_unknown_where_a_month_is_missing(self, make_enterprise):
        assert facts_for(make_enterprise(months=range(1, 12)))[0].mean_insured is None

    def test_of_the_exact_limit_stays_at_the_limit(self, make_enterprise, pay):
        """One of 200 person-months over 11 months draws benefit: 1 / (200/11) = 5.5% exactly."""
        enterprise = make_enterprise(months=range(2, 12), people=18)
        pay(enterprise, 12, 20)
        assert 1 / facts_for(enterprise)[0].mean_insured <= Decimal("0.055")


class TestSizes:
    def test_of_a_branch_is_that_of_its_legal_entity_by_the_same_ladder(self, make_enterprise):
        parent = make_enterprise(region="1404", people=320, industry="8311")
        listed, known, unknown = (
            make_enterprise(kind="分支机构", parent_uscc=uscc)
            for uscc in ("91140000000000LIST", parent.uscc, "91140000000000NONE")
        )
        SizeListing.objects.create(uscc="91140000000000LIST", size="中型", year=2023)
        assert [facts.parent_size for facts in facts_for(listed, known, unknown)] == ["中型", "大型", None]

    def test_come_from_the_lists_of_last_year_or_this(self, make_enterprise, regions):
        listed, old, covered = make_enterprise(), make_enterprise(), make_enterprise(region="140303")
        SizeListing.objects.create(uscc=listed.uscc, size="小型", year=2023)
        SizeListing.objects.create(uscc=listed.uscc, size="大型", year=2024)
        SizeListing.objects.create(uscc=old.uscc, size="大型", year=2022)
        SizeListing.objects.create(uscc=covered.uscc, size="大型", year=2023, voided=True)
        SizeCover.objects.create(region=regions["140303"], year=2023, covers_all=True)
        Size2020.objects.create(uscc=old.uscc, size="微型")
        found = facts_for(listed, old, covered)
        assert [facts.statistics_size for facts in found] == ["大型", None, None]
        assert [facts.statistics_covers for facts in found] == [False, False, True]
        assert [facts.size_2020 for facts in found] == [None, "微型", None]


class TestCreditFlags:
    def test_are_those_in_force_on_the_day(self, make_enterprise, credit_list):
        enterprise = make_enterprise()
        for type_, listed, delisted in [
            ("严重失信", date(2024, 1, 1), None),
            ("经营异常", date(2024, 1, 1), ON),
            ("吊销", ON, None),
            ("拟注销", ON + timedelta(days=1), None),
            ("破产清算", None, ON + timedelta(days=1)),
        ]:
            CreditListing.objects.create(uscc=enterprise.uscc, type=type_, listed_on=listed, delisted_on=delisted)
        assert facts_for(enterprise)[0].credit_flags == ("严重失信", "吊销", "破产清算")

    def test_are_not_checked_where_no_list_covers_the_region(self, make_enterprise, credit_list):
        inside, outside = make_enterprise(), make_enterprise(region="1404")
        assert [facts.credit_flags for facts in facts_for(inside, outside)] == [(), ("?",)]

    def test_have_the_registration_status_also_where_nothing_was_checked(self, make_enterprise):
        assert facts_for(make_enterprise(registration="注销"))[0].credit_flags == ("?", "注销")

    def test_follow_the_latest_answer_of_the_platform(self, make_enterprise, offered, look_up, days):
        application = offered()
        case = Case(application.enterprise_id, application.pk, "免申即享", ON)

        def flags() -> tuple[str, ...]:
            return facts_of(SHANXI, 2024, [case], days.approved.date())[application.enterprise_id].credit_flags

        look_up(application, CreditCheck.Moment.REVIEW, days.reviewed, ("严重失信",))
        assert flags() == ("严重失信",)
        look_up(application, CreditCheck.Moment.REVIEW, days.approved, None)
        assert flags() == ("严重失信",)
        look_up(application, CreditCheck.Moment.REVIEW, days.approved, ())
        assert flags() == ()

    def test_count_only_the_origin_that_decides_in_hebei(self, make_enterprise, credit_list):
        terms = load("hebei/2024").terms({})
        enterprise = make_enterprise()
        listing = CreditListing.objects.create(uscc=enterprise.uscc, type="严重失信", origin="某部门移送", source=credit_list)
        assert facts_for(enterprise, terms=terms)[0].credit_flags == ("?",)
        listing.origin = "河北省信用信息共享平台"
        listing.save()
        assert facts_for(enterprise, terms=terms)[0].credit_flags == ("严重失信",)

    def test_do_not_count_a_list_that_was_not_confirmed(self, make_enterprise, credit_list):
        Import.objects.filter(pk=credit_list.pk).update(state="CHECKED")
        assert facts_for(make_enterprise())[0].credit_flags == ("?",)


class TestDispatchUnit:
    def test_has_what_was_paid_for_workers_at_public_bodies(self, make_enterprise):
        known, unknown, silent = (make_enterprise(dispatch=True) for _ in range(3))
        for unit, code, kind, paid in [
            (known, "A", "机关事业单位", "100.50"), (known, "B", "企业", None), (known, "C", "机关事业单位", "0.25"),
            (unknown, "A", "机关事业单位", None), (unknown, "B", "机关事业单位", "1.00"),
        ]:  # fmt: skip
            Host.objects.create(unit_uscc=unit.uscc, host_uscc=code, host_name=code, host_kind=kind, year=2023, paid=paid)
        Host.objects.create(unit_uscc=known.uscc, host_uscc="D", host_name="D", host_kind="机关事业单位", year=2023, voided=True)
        assert [facts.paid_for_public_hosts for facts in facts_for(known, unknown, silent)] == [Decimal("100.75"), None, None]

    def test_has_what_was_paid_at_hosts_of_each_size_where_the_programme_goes_by_host(self, make_enterprise):
        terms = load("shanxi/2024").terms({"dispatch_size_basis": "by_host"})
        known, sized_by_none = make_enterprise(dispatch=True), make_enterprise(dispatch=True)
        large, small = make_enterprise(), make_enterprise()
        for host, size in ((large, "大型"), (small, "小型")):
            SizeListing.objects.create(uscc=host.uscc, size=size, year=2023)
        for unit, code, kind, paid in [
            (known, large.uscc, "企业", "100.50"), (known, small.uscc, "企业", "7.25"), (known, "P", "机关事业单位", "3.00"),
            (known, "没有缴费的", "企业", "0.00"), (sized_by_none, "查不到的", "企业", "1.00"),
            (sized_by_none, large.uscc, "企业", "2.00"),
        ]:  # fmt: skip
            Host.objects.create(unit_uscc=unit.uscc, host_uscc=code, host_name=code, host_kind=kind, year=2023, paid=paid)
        found = facts_for(known, sized_by_none, terms=terms)
        assert [(each.paid_for_public_hosts, each.paid_for_large_hosts, each.paid_for_sme_hosts) for each in found] == [
            (Decimal("3.00"), Decimal("100.50"), Decimal("7.25")), (Decimal(0), None, None),
        ]  # fmt: skip
        assert facts_for(known)[0].paid_for_large_hosts is None


class TestOtherFacts:
    def test_come_from_registry_and_workforce(self, make_enterprise):
        enterprise = make_enterprise(workforce={"retired": 3, "died": None}, claimants=2, account="", tax_account="6222")
        facts = facts_for(enterprise)[0]
        assert (facts.start_insured, facts.claimants, facts.retired, facts.died) == (10, 2, 3, None)
        assert (facts.account, facts.tax_account, facts.industry, facts.employees) == (False, True, "5210", 10)
        WorkforceYear.objects.update(voided=True)
        assert facts_for(enterprise)[0].claimants is None

    def test_of_any_number_of_enterprises_need_the_same_few_queries(self, make_enterprise, django_assert_max_num_queries):
        few = [make_enterprise() for _ in range(2)]
        many = few + [make_enterprise(kind="分支机构", parent_uscc=few[0].uscc) for _ in range(30)]
        with django_assert_max_num_queries(6):
            facts_for(*many)
