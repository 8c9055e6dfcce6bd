"""公示: who prepares and who publishes, which days, what is frozen, what the public sees."""

import hashlib
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from agency.actions import check_final, open_hold, record_final
from agency.actions.files import opened
from agency.models import Hold, Role, Workday
from agency.moves import MoveRefused
from subsidies.payout import actions, queries
from subsidies.payout.models import Award, PublicityRound, PublishedLine


def state_of(row) -> str:
    return type(row).objects.values_list("state", flat=True).get(pk=row.pk)


class TestPreparing:
    def test_lists_every_pending_award_by_district_then_name(self, programme, make_awards, staff, moment):
        second, first = make_awards(1, name="乙公司"), make_awards(1, name="甲公司")
        other = make_awards(1, region="140303", name="丙公司")
        round_ = actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
        assert list(round_.lines.order_by("position").values_list("position", "award")) == [
            (1, second[0].pk), (2, first[0].pk), (3, other[0].pk),
        ]  # fmt: skip
        assert (round_.count, round_.total) == (3, Decimal("6000.03"))
        assert round_.title == "甲市2024年度稳岗返还公示（第一批）"

    def test_leaves_out_what_is_held_but_not_for_a_missing_account(self, programme, make_awards, staff, moment):
        plain, held, without_account, held_case = make_awards(2) + make_awards(1, account="") + make_awards(1)
        open_hold("award", held.pk, Hold.Kind.CLERK, "举报待查", "140302", by=staff(Role.PREPARER), at=moment(6, 2))
        open_hold("refund", held_case.case_id, Hold.Kind.FACTS_CHANGED, "裁员人数有变", "140302", by=None, at=moment(6, 2))
        round_ = actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
        assert set(round_.lines.values_list("award", flat=True)) == {plain.pk, without_account.pk}

    def test_is_refused_while_a_draft_is_at_hand(self, programme, make_awards, staff, moment):
        make_awards(2)
        actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
        with pytest.raises(actions.RoundRefused, match="已有一份拟公示名单"):
            actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))

    def test_is_refused_with_nobody_to_publish_and_leaves_no_draft(self, programme, staff, moment):
        with pytest.raises(actions.RoundRefused, match="没有待公示的件"):
            actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
        assert not PublicityRound.objects.exists()

    def test_is_refused_without_a_phone_for_complaints(self, programme, make_awards, staff, moment):
        make_awards(1)
        programme.region.complaints_phone = ""
        programme.region.save()
        with pytest.raises(actions.RoundRefused, match="监督电话"):
            actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))

    @pytest.mark.parametrize("role", [Role.FINANCE, Role.AUDITOR, Role.POLICY, Role.SYSTEM_ADMIN])
    def test_is_refused_to_other_posts(self, programme, make_awards, staff, moment, role):
        make_awards(1)
        with pytest.raises(MoveRefused, match="没有办理这一步的岗位"):
            actions.prepare_round(programme, by=staff(role), at=moment(6, 3))

    def test_is_refused_to_a_post_over_one_district_only(self, programme, make_awards, staff, moment):
        make_awards(1)
        with pytest.raises(MoveRefused):
            actions.prepare_round(programme, by=staff(Role.PREPARER, region="140302"), at=moment(6, 3))

    def test_a_cancelled_draft_gives_its_number_back_and_its_awards_wait(self, programme, make_awards, staff, moment):
        [award] = make_awards(1)
        first = actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
        actions.cancel_round(first, by=staff(Role.PREPARER), at=moment(6, 3))
        second = actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 4))
        assert (second.number, second.title[-5:]) == (1, "（第一批）")
        assert state_of(award) == "PENDING"

    def test_later_lists_are_called_additional(self, make_awards, publish, moment):
        titles = []
        for day in (3, 4, 5):
            make_awards(1)
            titles.append(publish(moment(6, day)).title.partition("公示")[2])
        assert titles == ["（第一批）", "（追加批）", "（追加第2批）"]


class TestPublishing:
    def test_is_refused_to_who_prepared_it_also_with_a_second_tab(self, programme, make_awards, staff, files, moment):
        make_awards(1)
        prepared = actions.prepare_round(programme, by=staff(Role.REVIEWER), at=moment(6, 3))
        other_tab = PublicityRound.objects.get(pk=prepared.pk)
        for tab in (prepared, other_tab):
            with pytest.raises(actions.RoundRefused, match="拟稿人不能发布"):
                actions.publish_round(tab, date(2024, 6, 3), by=staff(Role.REVIEWER), at=moment(6, 3))
        assert state_of(prepared) == "DRAFT"

    def test_is_refused_twice(self, publish, make_awards, staff, moment):
        make_awards(1)
        round_ = publish()
        with pytest.raises(actions.RoundRefused, match="公示中"):
            actions.publish_round(round_, date(2024, 6, 3), by=staff(Role.REVIEWER, 2), at=moment(6, 3))

    def test_is_refused_to_a_preparer(self, programme, make_awards, staff, files, moment):
        [award] = make_awards(1)
        round_ = actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
        with pytest.raises(actions.RoundRefused, match="名单未发布"):
            actions.publish_round(round_, date(2024, 6, 3), by=staff(Role.PREPARER, 2), at=moment(6, 3))
        assert (state_of(round_), state_of(award)) == ("DRAFT", "PENDING")

    def test_is_refused_for_a_past_day(self, programme, make_awards, staff, files, moment):
        make_awards(1)
        round_ = actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
        with pytest.raises(actions.RoundRefused, match="不能早于今天"):
            actions.publish_round(round_, date(2024, 6, 2), by=staff(Role.REVIEWER), at=moment(6, 3))

    def test_the_database_itself_refuses_the_same_person(self, programme, make_awards, publish, staff):
        make_awards(1)
        round_ = publish()
        with pytest.raises(IntegrityError, match="round_needs_a_second_person"), transaction.atomic():
            PublicityRound.objects.filter(pk=round_.pk).update(published_by=round_.prepared_by)

    def test_leaves_out_a_line_held_since_and_numbers_the_rest_anew(self, programme, make_awards, staff, files, moment):
        awards = make_awards(3)
        round_ = actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
        open_hold("award", awards[1].pk, Hold.Kind.CREDIT, "列入：严重失信", "140302", by=None, at=moment(6, 3, 11))
        actions.publish_round(round_, date(2024, 6, 3), by=staff(Role.REVIEWER), at=moment(6, 3, 12))
        assert list(round_.lines.order_by("position").values_list("position", "award")) == [(1, awards[0].pk), (2, awards[2].pk)]
        assert (round_.count, round_.total) == (2, Decimal("4000.02"))
        assert "下列2户" in round_.body
        assert [state_of(award) for award in awards] == ["PUBLICISED", "PENDING", "PUBLICISED"]

    def test_what_was_approved_since_waits_for_the_next_list(self, programme, make_awards, staff, files, moment):
        make_awards(1)
        round_ = actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
        [later] = make_awards(1)
        actions.publish_round(round_, date(2024, 6, 3), by=staff(Role.REVIEWER), at=moment(6, 3))
        assert (round_.count, state_of(later)) == (1, "PENDING")


class TestDays:
    @pytest.mark.parametrize(
        ("starts_on", "choices", "ends_on"),
        [
            (date(2024, 6, 3), {}, date(2024, 6, 7)),  # Monday to Friday, the first day counted
            (date(2024, 6, 8), {}, date(2024, 6, 17)),  # a Saturday is not worked, nor is 端午节 on the 10th
            (date(2024, 4, 26), {}, date(2024, 5, 6)),  # 26, 28 (a worked Sunday), 29, 30, over 五一, then the 6th
            (date(2024, 4, 30), {}, date(2024, 5, 9)),  # 30, over 五一, then 6 to 9
            (date(2024, 9, 29), {}, date(2024, 10, 10)),  # 29 (a worked Sunday), 30, over 国庆, then 8 to 10
            (date(2024, 9, 27), {}, date(2024, 10, 9)),  # 27, 29, 30, over 国庆, then 8 and 9
            (date(2024, 10, 8), {}, date(2024, 10, 12)),  # 12 is a worked Saturday
            (date(2024, 4, 28), {"publicity_days": "7", "publicity_unit": "calendar"}, date(2024, 5, 4)),
        ],
    )
    def test_last_day_counts_the_first_and_follows_moved_days(
        self, make_programme, make_awards, staff, files, moment, starts_on, choices, ends_on
    ):
        programme = make_programme(choices=choices, year=2025)
        make_awards(1, of=programme)
        round_ = actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(4, 25))
        actions.publish_round(round_, starts_on, by=staff(Role.REVIEWER), at=moment(4, 25))
        assert (round_.starts_on, round_.ends_on) == (starts_on, ends_on)

    def test_a_day_that_staff_loaded_wins_over_the_built_in_calendar(self, make_awards, publish):
        Workday.objects.create(day=date(2024, 6, 5), works=False, name="防汛停工", basis="某通知")
        make_awards(1)
        assert publish().ends_on == date(2024, 6, 11)  # one day later: past the week-end and 端午节

    def test_a_year_that_no_calendar_knows_is_refused(self, programme, make_awards, staff, files, moment):
        make_awards(1)
        at = moment(6, 3, year=2031)
        round_ = actions.prepare_round(programme, by=staff(Role.PREPARER), at=at)
        with pytest.raises(actions.RoundRefused, match="没有 2031 年的放假安排"):
            actions.publish_round(round_, at.date(), by=staff(Role.REVIEWER), at=at)
        assert state_of(round_) == "DRAFT"


class TestFrozen:
    def test_hash_is_that_of_the_announcement_and_the_list(self, make_awards, publish):
        make_awards(2)
        round_ = publish()
        text = f"{round_.body.rstrip()}\n\n序号\t单位名称\t返还金额\n1\t甲市第0001号公司\t1000.01\n2\t甲市第0002号公司\t2000.01\n"
        assert round_.sha256 == hashlib.sha256(text.encode()).hexdigest()
        assert "".join(queries.canonical_text(round_)) == text

    def test_announcement_names_basis_count_total_dates_and_phones(self, make_awards, publish):
        make_awards(2)
        round_ = publish()
        for said in (
            "《关于我省延续实施失业保险援企稳岗政策有关问题的通知》（晋人社厅发〔2024〕28号）", "下列2户", "合计3000.02元",
            "2024年度稳岗返还", "2024年6月3日至2024年6月7日", "5个工作日", "咨询电话：0353-1234567", "监督电话：0353-7654321",
            "甲市失业保险中心", "真实姓名",
        ):  # fmt: skip
            assert said in round_.body

    @pytest.mark.parametrize("change", [{"amount": Decimal("9.99")}, {"name": "别家公司"}, {"position": 9}, {"columns": {}}])
    def test_a_published_line_cannot_be_edited(self, make_awards, publish, change):
        make_awards(1)
        publish()
        with pytest.raises(DatabaseError), transaction.atomic():
            PublishedLine.objects.update(**change)

    def test_a_published_line_cannot_be_deleted(self, make_awards, publish):
        make_awards(1)
        publish()
        with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
            PublishedLine.objects.all().delete()

    def test_what_is_owed_cannot_be_edited(self, make_awards):
        make_awards(1)
        with pytest.raises(DatabaseError), transaction.atomic():
            Award.objects.update(amount=Decimal("999999.00"))

    def test_spreadsheet_has_the_public_columns_and_no_other(self, make_awards, publish, make_files, rows_in):
        make_awards(2)
        round_ = make_files(publish())
        with opened(round_.file) as plain:
            content = plain.read()
        assert round_.file.kind == "PUBLICITY"
        assert rows_in(content) == [
            ["序号", "单位名称", "返还金额"], ["1", "甲市第0001号公司", "1000.01"], ["2", "甲市第0002号公司", "2000.01"],
        ]  # fmt: skip


class TestColumns:
    @pytest.mark.parametrize(
        ("columns", "shown"),
        [
            ("name", {"position", "name"}),
            ("name_amount", {"position", "name", "amount"}),
            ("name_rate_amount", {"position", "name", "amount", "columns__layoff_rate"}),
        ],
    )
    def test_public_lines_hold_what_the_programme_publishes_and_no_more(
        self, make_programme, make_awards, publish, columns, shown
    ):
        programme = make_programme(choices={"publicity_columns": columns}, year=2025)
        make_awards(1, of=programme)
        round_ = publish(of=programme)
        [line] = queries.public_lines(round_)
        assert set(line) == shown | {"id", "struck_at", "struck_why"}
        assert ("0.012346" in "".join(queries.canonical_text(round_))) is ("columns__layoff_rate" in shown)


class TestPublicPages:
    def test_search_finds_a_part_of_a_name(self, make_awards, publish):
        make_awards(12)
        round_ = publish()
        assert [line["name"] for line in queries.lines_named(round_, "第0011号")] == ["甲市第0011号公司"]
        assert len(queries.lines_named(round_, "号公司")) == 12
        assert not queries.lines_named(round_, "号号公司")

    def test_a_list_is_shown_from_its_first_day_on_and_remains(self, programme, make_awards, staff, files, moment):
        make_awards(1)
        round_ = actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
        assert not queries.public_rounds(date(2024, 6, 5))
        actions.publish_round(round_, date(2024, 6, 5), by=staff(Role.REVIEWER), at=moment(6, 3))
        assert not queries.public_rounds(date(2024, 6, 4))
        assert list(queries.public_rounds(date(2024, 6, 5))) == [round_]
        actions.close_rounds(date(2024, 7, 1), at=moment(7, 1))
        assert list(queries.public_rounds(date(2024, 7, 1))) == [round_]


class TestDraftNotice:
    def test_nothing_is_published_until_number_and_day_are_recorded(self, make_programme, make_awards, staff, files, moment):
        programme = make_programme("xpcc/2024", year=2025)
        make_awards(1, of=programme)
        with pytest.raises(actions.RoundRefused, match="尚未补录正式文号和印发日期，不能公示"):
            actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
        record_final(programme, "兵人社发〔2024〕9号", date(2024, 6, 1), by=staff(Role.POLICY), at=moment(6, 3))
        with pytest.raises(actions.RoundRefused, match="尚未由另一位政策管理人员复核，不能公示"):
            actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
        check_final(programme, by=staff(Role.POLICY, 2), at=moment(6, 3))
        round_ = actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
        assert "（兵人社发〔2024〕9号）" in round_.basis


class TestClosing:
    def test_the_last_day_is_still_publicity_and_the_day_after_clears(self, make_awards, publish, moment):
        [award] = make_awards(1)
        round_ = publish()
        actions.close_rounds(date(2024, 6, 7), at=moment(6, 7, 23))
        assert (state_of(round_), state_of(award)) == ("PUBLISHED", "PUBLICISED")
        actions.close_rounds(date(2024, 6, 8), at=moment(6, 8, 0))
        assert (state_of(round_), state_of(award)) == ("CLOSED", "CLEARED")

    def test_twice_changes_nothing(self, make_awards, publish, moment):
        make_awards(2)
        publish()
        assert len(actions.close_rounds(date(2024, 6, 8), at=moment(6, 8)).moved) == 2
        assert actions.close_rounds(date(2024, 6, 8), at=moment(6, 8)) == ([], [])
