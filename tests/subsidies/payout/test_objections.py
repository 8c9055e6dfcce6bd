"""公示异议: real names, only its own line stops, answered in working days; strike and account before payment."""

import re
from datetime import date

import pytest
from django.db import connection

from agency.models import Event, Hold, Role, User
from agency.moves import MoveRefused
from subsidies.payout import actions, queries
from subsidies.payout.models import Objection, PublishedLine


def state_of(row) -> str:
    return type(row).objects.values_list("state", flat=True).get(pk=row.pk)


@pytest.fixture
def published(make_awards, publish):
    awards = make_awards(3)
    publish()
    for award in awards:
        award.refresh_from_db()
    return awards


@pytest.fixture
def file(moment):
    """file(award) over the web on 2024-06-05, or as told otherwise."""

    def do(award, *, name="王某某", contact="13800000000", text="已停业多年", channel="web", by=None, at=None) -> Objection:
        line = PublishedLine.objects.get(award=award)
        return actions.file_objection(line, name, contact, text, channel, by=by, at=at or moment(6, 5))

    return do


class TestFiling:
    def test_stops_its_own_line_alone(self, published, file):
        objection = file(published[1])
        assert [state_of(award) for award in published] == ["PUBLICISED", "OBJECTED", "PUBLICISED"]
        assert objection.answer_by == date(2024, 6, 13)  # five working days: 6, 7, 11, 12, 13; Monday the 10th was 端午节

    def test_receipts_cannot_be_guessed(self, published, file):
        receipts = [file(published[0]).receipt for _ in range(20)]
        assert len(set(receipts)) == 20
        assert all(re.fullmatch(r"YY(-[2-9A-HJ-NP-Z]{4}){3}", receipt) for receipt in receipts)

    @pytest.mark.parametrize("name", ["", " ", "王", "12345", "匿名1"])
    def test_a_name_that_is_none_is_refused(self, published, file, name):
        with pytest.raises(actions.ObjectionRefused, match="真实姓名"):
            file(published[0], name=name)
        assert state_of(published[0]) == "PUBLICISED"

    def test_contact_and_text_are_needed(self, published, file):
        with pytest.raises(actions.ObjectionRefused, match="联系方式"):
            file(published[0], contact="")
        with pytest.raises(actions.ObjectionRefused, match="异议内容"):
            file(published[0], text="  ")

    @pytest.mark.parametrize(("month", "day", "word"), [(6, 2, "不在公示期内"), (6, 8, "已于 2024-06-07 结束")])
    def test_only_within_the_period(self, published, file, moment, month, day, word):
        with pytest.raises(actions.ObjectionRefused, match=word):
            file(published[0], at=moment(month, day))

    def test_both_ends_of_the_period_are_in(self, published, file, moment):
        file(published[0], at=moment(6, 3, 0))
        file(published[1], at=moment(6, 7, 23))
        assert [state_of(award) for award in published] == ["OBJECTED", "OBJECTED", "PUBLICISED"]

    def test_who_objected_is_sealed_and_in_no_event(self, published, file):
        objection = file(published[0])
        with connection.cursor() as cursor:
            cursor.execute("SELECT name || contact FROM payout_objection WHERE id = %s", [objection.pk])
            [stored] = cursor.fetchone()
        assert "王" not in stored
        assert "138" not in stored
        told = "".join(f"{event.why}{event.detail}" for event in Event.objects.filter(case_kind="objection"))
        assert "王" not in told

    def test_reading_who_objected_is_an_event(self, published, file, staff, moment):
        objection = file(published[0])
        assert actions.read_objector(objection, by=staff(Role.REVIEWER), at=moment(6, 6)) == ("王某某", "13800000000")
        assert Event.objects.get(kind=Event.Kind.READ).by == staff(Role.REVIEWER)
        with pytest.raises(MoveRefused):
            actions.read_objector(objection, by=staff(Role.FINANCE), at=moment(6, 6))

    def test_one_by_phone_is_recorded_by_staff(self, published, file, staff):
        assert file(published[0], channel="phone", by=staff(Role.PREPARER)).filed_by == staff(Role.PREPARER)
        with pytest.raises(MoveRefused):
            file(published[1], channel="phone", by=staff(Role.FINANCE))


class TestAnswering:
    def test_upheld_strikes_the_line_and_pays_nothing(self, published, file, staff, moment):
        objection = file(published[1])
        actions.uphold(objection, "经核查已停业，异议成立。", by=staff(Role.REVIEWER), at=moment(6, 6))
        line = PublishedLine.objects.get(award=published[1])
        assert (state_of(objection), state_of(published[1])) == ("UPHELD", "STRUCK")
        assert (line.struck_at, line.struck_why) == (moment(6, 6), "公示期异议经核查成立")
        actions.close_rounds(date(2024, 6, 11), at=moment(6, 11))
        assert [state_of(award) for award in published] == ["CLEARED", "STRUCK", "CLEARED"]

    def test_a_struck_line_keeps_its_place_on_the_list(self, published, file, staff, moment):
        actions.uphold(file(published[1]), "属实", by=staff(Role.REVIEWER), at=moment(6, 6))
        round_ = PublishedLine.objects.get(award=published[1]).round
        lines = list(queries.public_lines(round_))
        assert [(line["position"], bool(line["struck_at"])) for line in lines] == [(1, False), (2, True), (3, False)]

    def test_upholding_one_settles_the_others_on_the_same_line(self, published, file, staff, moment):
        first, second = file(published[0]), file(published[0], name="李某某")
        actions.uphold(first, "属实", by=staff(Role.REVIEWER), at=moment(6, 6))
        assert state_of(second) == "UPHELD"

    def test_dismissed_within_the_period_is_published_again_and_clears_with_its_list(self, published, file, staff, moment):
        actions.dismiss(file(published[0]), "经核查正常经营。", by=staff(Role.REVIEWER), at=moment(6, 6))
        assert state_of(published[0]) == "PUBLICISED"
        actions.close_rounds(date(2024, 6, 8), at=moment(6, 8))
        assert state_of(published[0]) == "CLEARED"

    def test_dismissed_after_the_period_clears_with_the_next_sweep(self, published, file, staff, moment):
        objection = file(published[0])
        actions.close_rounds(date(2024, 6, 8), at=moment(6, 8))
        assert [state_of(award) for award in published] == ["OBJECTED", "CLEARED", "CLEARED"]
        actions.dismiss(objection, "经核查正常经营。", by=staff(Role.REVIEWER), at=moment(6, 12))
        assert state_of(published[0]) == "PUBLICISED"
        actions.close_rounds(date(2024, 6, 13), at=moment(6, 13))
        assert state_of(published[0]) == "CLEARED"

    def test_with_another_one_open_the_line_still_waits(self, published, file, staff, moment):
        first, second = file(published[0]), file(published[0], name="李某某")
        actions.dismiss(first, "不实", by=staff(Role.REVIEWER), at=moment(6, 6))
        assert state_of(published[0]) == "OBJECTED"
        actions.dismiss(second, "不实", by=staff(Role.REVIEWER), at=moment(6, 6))
        assert state_of(published[0]) == "PUBLICISED"

    def test_needs_words_a_reviewer_and_happens_once(self, published, file, staff, moment):
        objection = file(published[0])
        with pytest.raises(actions.ObjectionRefused, match="结论"):
            actions.dismiss(objection, "", by=staff(Role.REVIEWER), at=moment(6, 6))
        with pytest.raises(MoveRefused, match="需要：复审"):
            actions.uphold(objection, "属实", by=staff(Role.PREPARER), at=moment(6, 6))
        stale = Objection.objects.get(pk=objection.pk)
        actions.dismiss(objection, "不实", by=staff(Role.REVIEWER), at=moment(6, 6))
        with pytest.raises(MoveRefused, match="刚刚已由他人"):
            actions.uphold(stale, "属实", by=staff(Role.REVIEWER, 2), at=moment(6, 6))
        assert state_of(published[0]) == "PUBLICISED"

    def test_a_struck_line_takes_no_further_objection(self, published, file, staff, moment):
        actions.uphold(file(published[0]), "属实", by=staff(Role.REVIEWER), at=moment(6, 6))
        with pytest.raises(actions.ObjectionRefused, match="已从名单中撤下"):
            file(published[0], at=moment(6, 7))


class TestStriking:
    def test_needs_a_reason_which_stands_beside_the_line(self, published, staff, moment):
        with pytest.raises(actions.AwardRefused, match="理由"):
            actions.strike(published[0], " ", by=staff(Role.REVIEWER), at=moment(6, 6))
        actions.strike(published[0], "单位已注销", by=staff(Role.REVIEWER), at=moment(6, 6))
        assert PublishedLine.objects.get(award=published[0]).struck_why == "单位已注销"
        assert state_of(published[0]) == "STRUCK"

    def test_an_open_objection_decides_first(self, published, file, staff, moment):
        file(published[0])
        with pytest.raises(actions.AwardRefused, match="未办结的公示异议"):
            actions.strike(published[0], "单位已注销", by=staff(Role.REVIEWER), at=moment(6, 6))

    def test_takes_a_cleared_award_out_of_its_batch(self, cleared, approved_batch, staff, moment):
        awards = cleared(2)
        batch = approved_batch()
        actions.strike(awards[0], "单位已注销", by=staff(Role.REVIEWER), at=moment(6, 12))
        batch.refresh_from_db()
        assert (batch.state, batch.count, state_of(awards[0])) == ("DRAFT", 1, "STRUCK")

    def test_not_of_what_is_at_the_bank(self, cleared, released_batch, staff, moment):
        [award] = cleared(1)
        released_batch()
        award.refresh_from_db()
        with pytest.raises(MoveRefused):
            actions.strike(award, "单位已注销", by=staff(Role.REVIEWER), at=moment(6, 13))

    def test_the_enterprise_may_withdraw_until_it_is_published(self, make_awards, publish, moment):
        enterprise = User.objects.create(username="911", name="某公司", kind=User.Kind.ENTERPRISE)
        first, second = make_awards(2)
        actions.strike(first, "单位撤回", by=enterprise, at=moment(6, 2))
        publish()
        second.refresh_from_db()
        with pytest.raises(MoveRefused):
            actions.strike(second, "单位撤回", by=enterprise, at=moment(6, 4))
        assert (state_of(first), state_of(second)) == ("STRUCK", "PUBLICISED")


class TestMendingBeforePayment:
    def test_a_mended_account_leaves_the_batch_until_it_is_accepted(self, cleared, approved_batch, staff, moment):
        awards = cleared(2)
        batch = approved_batch()
        actions.mend_account(awards[0], "新户名", "新开户行", "6222000077777777", by=staff(Role.PREPARER), at=moment(6, 12))
        batch.refresh_from_db()
        assert (batch.state, batch.checker, batch.count) == ("DRAFT", None, 1)
        assert Hold.objects.get(case_id=awards[0].pk, lifted_at__isnull=True).reason == "收款账户更正后待另一人核对"

    def test_a_missing_account_may_be_mended_while_it_is_published(self, make_awards, publish, staff, moment):
        [award] = make_awards(1, account="", account_source="held")
        assert list(queries.accounts_missing()) == [award]
        publish()
        actions.mend_account(award, "甲公司", "某银行", "6222000077777777", by=staff(Role.PREPARER), at=moment(6, 4))
        actions.accept_account(award, by=staff(Role.REVIEWER), at=moment(6, 5))
        award.refresh_from_db()
        assert (award.state, award.account == "6222000077777777", award.account_source) == ("PUBLICISED", True, "corporate")
        assert not Hold.objects.filter(lifted_at__isnull=True)
        assert not queries.accounts_missing()

    @pytest.mark.parametrize("account", ["", "12345", "6222-0000-1", "6222000077777777a"])
    def test_an_account_that_is_none_is_refused(self, make_awards, staff, moment, account):
        [award] = make_awards(1)
        with pytest.raises(actions.AwardRefused):
            actions.mend_account(award, "甲公司", "某银行", account, by=staff(Role.PREPARER), at=moment(6, 4))

    def test_only_a_reviewer_accepts(self, make_awards, staff, moment):
        [award] = make_awards(1)
        actions.mend_account(award, "甲公司", "某银行", "6222000077777777", by=staff(Role.PREPARER), at=moment(6, 4))
        with pytest.raises(MoveRefused, match="需要：复审"):
            actions.accept_account(award, by=staff(Role.PREPARER, 2), at=moment(6, 4))
