"""Two at the same moment on real PostgreSQL: one thing happens, the other is clearly refused."""

from functools import partial

from agency.models import Event, File, Role
from agency.moves import MoveRefused
from subsidies.payout import actions
from subsidies.payout.models import Award, Objection, Payment, PaymentBatch, PublicityRound, PublishedLine


def outcomes(results: list) -> tuple[list, list]:
    """What succeeded and what was refused."""
    wrong = [result for result in results if isinstance(result, BaseException)]
    return [result for result in results if not isinstance(result, BaseException)], wrong


class TestAtOnce:
    def test_two_releasers_give_one_release_and_one_refusal(self, at_once, cleared, approved_batch, staff, moment, rounds):
        cleared(2)
        people = staff(Role.FINANCE, 3), staff(Role.FINANCE, 4)
        for number in range(rounds(5)):
            batch = approved_batch()
            done, wrong = outcomes(at_once(*(partial(actions.release_batch, batch, by=who, at=moment(6, 12)) for who in people)))
            assert len(done) == 1
            assert [type(error) for error in wrong] == [actions.BatchRefused]
            assert "不会重复放行" in str(wrong[0])
            released = Event.objects.filter(case_kind="batch", case_id=batch.pk, to_state="RELEASED")
            assert (released.count(), File.objects.filter(kind="BANK").count()) == (1, number + 1)
            self.undo(batch)

    def undo(self, batch) -> None:
        """Put the awards back, so that the same city serves the next round; the states are those of a new batch."""
        Payment.objects.filter(batch=batch).update(state="RETURNED")
        Award.objects.update(state="CLEARED")

    def test_a_double_click_of_one_person_gives_one_release(self, at_once, cleared, approved_batch, staff, moment):
        cleared(2)
        batch, who = approved_batch(), staff(Role.FINANCE, 3)
        tabs = [PaymentBatch.objects.get(pk=batch.pk) for _ in range(3)]
        done, wrong = outcomes(at_once(*(partial(actions.release_batch, tab, by=who, at=moment(6, 12)) for tab in tabs)))
        assert (len(done), len(wrong)) == (1, 2)
        assert {type(error) for error in wrong} == {actions.BatchRefused}
        assert File.objects.filter(kind="BANK").count() == 1

    def test_two_batches_over_the_same_awards_put_none_in_twice(self, at_once, programme, cleared, staff, moment, rounds):
        awards = cleared(20)
        people = staff(Role.FINANCE), staff(Role.FINANCE, 2)
        for _ in range(rounds(5)):
            done, wrong = outcomes(at_once(*(partial(actions.make_batch, programme, by=who, at=moment(6, 12)) for who in people)))
            assert len(done) == 1
            assert [type(error) for error in wrong] == [actions.BatchRefused]
            live = Payment.objects.filter(state="PENDING")
            assert sorted(live.values_list("award", flat=True)) == [award.pk for award in awards]
            actions.cancel_batch(done[0], by=people[0], at=moment(6, 12))

    def test_checker_and_maker_clicking_at_once_are_still_two_people(self, at_once, programme, cleared, staff, moment):
        cleared(1)
        maker, checker = staff(Role.FINANCE), staff(Role.FINANCE, 2)
        batch = actions.make_batch(programme, by=maker, at=moment(6, 12))
        actions.submit_batch(batch, by=maker, at=moment(6, 12))
        done, wrong = outcomes(
            at_once(*(partial(actions.check_batch, batch, by=who, at=moment(6, 12)) for who in (maker, checker)))
        )
        assert (len(done), len(wrong)) == (1, 1)
        assert PaymentBatch.objects.get().checker == checker

    def test_release_and_drop_at_once_never_send_a_dropped_line(self, at_once, cleared, approved_batch, staff, moment, rounds):
        awards = cleared(2)
        for _ in range(rounds(5)):
            batch = approved_batch()
            payment = batch.payments.get(line=1)
            outcomes(
                at_once(
                    partial(actions.release_batch, batch, by=staff(Role.FINANCE, 3), at=moment(6, 12)),
                    partial(actions.drop_payment, payment, "存疑", by=staff(Role.FINANCE, 2), at=moment(6, 12)),
                )
            )
            batch.refresh_from_db()
            payment.refresh_from_db()
            assert (batch.state, payment.state) in {("RELEASED", "PENDING"), ("DRAFT", "DROPPED")}
            paying = Award.objects.filter(state="PAYING").count()
            assert paying == (len(awards) if batch.state == "RELEASED" else 0)
            if batch.state == "RELEASED":
                self.undo(batch)
            else:
                actions.cancel_batch(batch, by=staff(Role.FINANCE), at=moment(6, 12))

    def test_release_and_strike_at_once_pay_or_strike_never_both(self, at_once, cleared, approved_batch, staff, moment, rounds):
        award, _ = cleared(2)
        for _ in range(rounds(5)):
            batch = approved_batch()
            award.refresh_from_db()
            done, wrong = outcomes(
                at_once(
                    partial(actions.release_batch, batch, by=staff(Role.FINANCE, 3), at=moment(6, 12)),
                    partial(actions.strike, award, "单位已注销", by=staff(Role.REVIEWER), at=moment(6, 12)),
                )
            )
            assert (len(done), len(wrong)) == (1, 1)
            assert isinstance(wrong[0], actions.BatchRefused | MoveRefused)
            found = Award.objects.get(pk=award.pk).state, PaymentBatch.objects.get(pk=batch.pk).state
            assert found in {("PAYING", "RELEASED"), ("STRUCK", "DRAFT")}
            if found[1] == "DRAFT":
                return
            self.undo(batch)

    def test_two_publishers_publish_once(self, at_once, programme, make_awards, staff, files, moment):
        make_awards(3)
        round_ = actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
        people = staff(Role.REVIEWER), staff(Role.REVIEWER, 2)
        done, wrong = outcomes(
            at_once(*(partial(actions.publish_round, round_, moment(6, 3).date(), by=who, at=moment(6, 3)) for who in people))
        )
        assert (len(done), [type(error) for error in wrong]) == (1, [actions.RoundRefused])
        assert Event.objects.filter(case_kind="award", to_state="PUBLICISED").count() == 3

    def test_two_preparers_make_one_draft(self, at_once, programme, make_awards, staff, moment):
        make_awards(3)
        people = staff(Role.PREPARER), staff(Role.PREPARER, 2)
        done, wrong = outcomes(at_once(*(partial(actions.prepare_round, programme, by=who, at=moment(6, 3)) for who in people)))
        assert (len(done), [type(error) for error in wrong]) == (1, [actions.RoundRefused])
        assert (PublicityRound.objects.count(), PublishedLine.objects.count()) == (1, 3)

    def test_uphold_and_dismiss_at_once_give_one_answer(self, at_once, make_awards, publish, staff, moment):
        [award] = make_awards(1)
        publish()
        line = PublishedLine.objects.get(award=award)
        objection = actions.file_objection(line, "王某某", "13800000000", "已停业", "web", by=None, at=moment(6, 5))
        stale = Objection.objects.get(pk=objection.pk)
        done, wrong = outcomes(
            at_once(
                partial(actions.uphold, objection, "属实", by=staff(Role.REVIEWER), at=moment(6, 6)),
                partial(actions.dismiss, stale, "不实", by=staff(Role.REVIEWER, 2), at=moment(6, 6)),
            )
        )
        assert (len(done), [type(error) for error in wrong]) == (1, [MoveRefused])
        found = Objection.objects.get().state, Award.objects.get().state
        assert found in {("UPHELD", "STRUCK"), ("DISMISSED", "PUBLICISED")}

    def test_two_bookings_of_one_answer_book_once(self, at_once, cleared, released_batch, bank_answers, staff, moment):
        cleared(3)
        batch = released_batch()
        bank_answers(batch)
        who = staff(Role.FINANCE)
        tabs = [PaymentBatch.objects.get(pk=batch.pk) for _ in range(2)]
        done, wrong = outcomes(at_once(*(partial(actions.book_results, tab, by=who, at=moment(6, 14)) for tab in tabs)))
        assert sum(booked.succeeded for booked in done) == 3
        assert all(isinstance(error, actions.ResultsRefused) for error in wrong)
        assert Event.objects.filter(case_kind="award", to_state="PAID").count() == 3
