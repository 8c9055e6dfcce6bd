"""Accounts, posts and sign-in codes."""

import re
from datetime import date, timedelta

import pytest

from agency.actions import (
    CodeRefused,
    PostRefused,
    StaffRefused,
    check_code,
    create_staff,
    end_post,
    give_post,
    send_code,
    take_messages,
)
from agency.models import INCOMPATIBLE, POSTS, Code, Event, Message, Post, Role, User
from agency.moves import MoveRefused
from agency.queries import may, paths_by_role, within

pytestmark = pytest.mark.django_db
PHONE = "13800000001"


class TestStaff:
    def test_an_account_has_a_password_and_no_post(self, at, staff):
        admin = staff(Role.SYSTEM_ADMIN, "14")
        user = create_staff("wang", "王某", "Long-enough-9412", by=admin, at=at)
        assert user.check_password("Long-enough-9412")
        assert (user.kind, user.is_staff, user.is_superuser, paths_by_role(user, at.date())) == ("STAFF", True, False, {})
        assert Event.objects.get(case_kind="user", case_id=user.pk).by == admin

    def test_the_password_is_kept_as_an_argon2_hash(self, at, db):
        assert create_staff("wang", "王某", "Long-enough-9412", by=None, at=at).password.startswith("argon2$argon2id$")

    def test_a_weak_password_is_refused_and_said_why(self, at, db):
        with pytest.raises(StaffRefused, match="10"):
            create_staff("wang", "王某", "short", by=None, at=at)
        assert not User.objects.exists()

    def test_a_taken_name_is_refused(self, at, db):
        create_staff("wang", "王某", "Long-enough-9412", by=None, at=at)
        with pytest.raises(StaffRefused, match="已被使用"):
            create_staff(" wang ", "王二", "Long-enough-9412", by=None, at=at)

    @pytest.mark.parametrize(("username", "name"), [("", "王某"), ("wang", " ")])
    def test_a_nameless_account_is_refused(self, username, name, at):
        with pytest.raises(StaffRefused, match="请填写"):
            create_staff(username, name, "Long-enough-9412", by=None, at=at)


@pytest.fixture
def admin(staff) -> User:
    return staff(Role.SYSTEM_ADMIN, "14")


@pytest.fixture
def newcomer(at) -> User:
    return create_staff("wang", "王某", "Long-enough-9412", by=None, at=at)


class TestPost:
    def test_gives_a_role_over_a_region_and_all_below(self, newcomer, admin, regions, at):
        give_post(newcomer, Role.PREPARER, regions["1403"], date(2024, 7, 1), by=admin, at=at)
        for code, covered in {"1403": True, "140302": True, "14": False, "1404": False}.items():
            assert may(newcomer, {Role.PREPARER}, regions[code].path, at.date()) is covered
        assert not may(newcomer, {Role.REVIEWER}, regions["1403"].path, at.date())

    @pytest.mark.parametrize(("first", "second"), [sorted(pair) for pair in sorted(INCOMPATIBLE, key=sorted)])
    def test_two_posts_that_watch_each_other_are_refused(self, first, second, newcomer, admin, regions, at):
        give_post(newcomer, first, regions["1403"], date(2024, 1, 1), by=admin, at=at)
        with pytest.raises(PostRefused, match="不能同日由一人担任"):
            give_post(newcomer, second, regions["1404"], date(2024, 6, 1), by=admin, at=at)
        assert newcomer.posts.count() == 1

    def test_every_other_pair_is_given(self, admin, regions, at):
        pairs = [(a, b) for n, a in enumerate(POSTS) for b in POSTS[n + 1 :] if frozenset((a, b)) not in INCOMPATIBLE]
        assert pairs
        for number, pair in enumerate(pairs):
            user = create_staff(f"user{number}", "某人", "Long-enough-9412", by=None, at=at)
            for role in pair:
                give_post(user, role, regions["1403"], date(2024, 1, 1), by=admin, at=at)
            assert set(paths_by_role(user, at.date())) == set(pair)

    def test_they_may_follow_each_other_but_not_share_a_day(self, newcomer, admin, regions, at):
        give_post(newcomer, Role.PREPARER, regions["1403"], date(2024, 1, 1), date(2024, 6, 30), by=admin, at=at)
        with pytest.raises(PostRefused):
            give_post(newcomer, Role.REVIEWER, regions["1403"], date(2024, 6, 30), by=admin, at=at)
        with pytest.raises(PostRefused):
            give_post(newcomer, Role.REVIEWER, regions["1403"], date(2023, 1, 1), date(2024, 1, 1), by=admin, at=at)
        give_post(newcomer, Role.REVIEWER, regions["1403"], date(2024, 7, 1), by=admin, at=at)
        assert set(paths_by_role(newcomer, date(2024, 6, 30))) == {Role.PREPARER}
        assert set(paths_by_role(newcomer, date(2024, 7, 1))) == {Role.REVIEWER}

    def test_the_same_post_twice_on_a_day_is_refused(self, newcomer, admin, regions, at):
        give_post(newcomer, Role.PREPARER, regions["1403"], date(2024, 1, 1), by=admin, at=at)
        with pytest.raises(PostRefused, match="日期重叠"):
            give_post(newcomer, Role.PREPARER, regions["1403"], date(2024, 5, 1), by=admin, at=at)
        give_post(newcomer, Role.PREPARER, regions["1404"], date(2024, 5, 1), by=admin, at=at)

    def test_nobody_gives_himself_a_post(self, admin, regions, at):
        with pytest.raises(PostRefused, match="不能给自己"):
            give_post(admin, Role.FINANCE, regions["14"], date(2025, 1, 1), by=admin, at=at)

    def test_only_an_administrator_of_the_region_gives_posts(self, newcomer, staff, regions, at):
        for giver in (staff(Role.PREPARER, "14"), staff(Role.SYSTEM_ADMIN, "1404")):
            with pytest.raises(MoveRefused, match="需要：系统管理）"):
                give_post(newcomer, Role.PREPARER, regions["1403"], date(2024, 7, 1), by=giver, at=at)

    def test_only_staff_hold_posts(self, admin, regions, at):
        enterprise = User.objects.create(username="91140300000000000X", name="某单位", kind=User.Kind.ENTERPRISE)
        with pytest.raises(PostRefused, match="只能授予工作人员"):
            give_post(enterprise, Role.PREPARER, regions["1403"], date(2024, 7, 1), by=admin, at=at)

    def test_a_post_that_ends_before_it_begins_is_refused(self, newcomer, admin, regions, at):
        with pytest.raises(PostRefused, match="不能早于起日"):
            give_post(newcomer, Role.PREPARER, regions["1403"], date(2024, 7, 2), date(2024, 7, 1), by=admin, at=at)

    def test_an_ended_post_counts_to_its_last_day(self, newcomer, admin, regions, at):
        post = give_post(newcomer, Role.PREPARER, regions["1403"], date(2024, 1, 1), by=admin, at=at)
        end_post(post, at.date(), by=admin, at=at)
        assert may(newcomer, {Role.PREPARER}, regions["1403"].path, at.date())
        assert not may(newcomer, {Role.PREPARER}, regions["1403"].path, at.date() + timedelta(days=1))
        told = Event.objects.filter(case_kind="user", case_id=newcomer.pk).latest("pk")
        assert (told.by, told.detail["until_on"]) == (admin, "2024-07-01")

    @pytest.mark.parametrize(
        ("until_on", "why"), [("2023-12-31", "早于起日"), ("2024-06-29", "倒签"), ("2024-12-01", "只能提前")]
    )
    def test_an_end_that_rewrites_the_past_or_prolongs_is_refused(self, until_on, why, newcomer, admin, regions, at):
        post = give_post(newcomer, Role.PREPARER, regions["1403"], date(2024, 1, 1), date(2024, 11, 30), by=admin, at=at)
        with pytest.raises(PostRefused, match=why):
            end_post(post, date.fromisoformat(until_on), by=admin, at=at)

    def test_a_list_shows_only_what_a_post_covers(self, newcomer, admin, regions, at):
        for code in ("1403", "140302", "1404"):
            Message.objects.create(kind="offer", region=regions[code], phone=PHONE, text="甲", created_at=at, next_try_at=at)
        seen = Message.objects.filter(within(newcomer, {Role.PREPARER}, at.date()))
        assert not seen.exists()
        give_post(newcomer, Role.PREPARER, regions["1403"], date(2024, 7, 1), by=admin, at=at)
        seen = Message.objects.filter(within(newcomer, {Role.PREPARER}, at.date()))
        assert sorted(seen.values_list("region", flat=True)) == ["1403", "140302"]


@pytest.fixture
def user(regions) -> User:
    return User.objects.create(username="91140300000000000X", name="某单位", kind=User.Kind.ENTERPRISE)


def code_in_queue() -> str:
    return re.search(r"\d{6}", Message.objects.latest("pk").text.reveal()).group()


class TestCode:
    def test_a_code_of_six_digits_is_queued_before_all_else(self, user, at):
        send_code(user, PHONE, "1403", at=at)
        message = Message.objects.get()
        assert re.fullmatch(r"登录验证码\d{6}，5分钟内有效.*0353-2200000。", message.text.reveal())
        assert (message.kind, message.urgent, message.phone.reveal(), message.sign) == (
            "sign_in_code", True, PHONE, "甲市失业保险中心",
        )  # fmt: skip

    def test_it_is_kept_as_a_hash_alone(self, user, at):
        send_code(user, PHONE, "1403", at=at)
        kept = Code.objects.get()
        assert code_in_queue() not in kept.code_hash
        assert PHONE not in kept.phone_index
        assert len(kept.code_hash) == 64

    def test_the_same_code_has_another_hash_for_another_user_phone_or_moment(self, user, at):
        from agency.actions.people import _hash

        kept = {_hash(1, "a", at, "123456"), _hash(2, "a", at, "123456"), _hash(1, "b", at, "123456")}
        assert len(kept | {_hash(1, "a", at + timedelta(seconds=1), "123456")}) == 4

    def test_the_right_code_is_taken_once(self, user, at):
        send_code(user, PHONE, "1403", at=at)
        check_code(user, code_in_queue(), at=at + timedelta(seconds=30))
        with pytest.raises(CodeRefused):
            check_code(user, code_in_queue(), at=at + timedelta(seconds=31))

    @pytest.mark.parametrize(("seconds", "lives"), [(299, True), (300, False), (-1, False)])
    def test_it_lives_five_minutes(self, seconds, lives, user, at):
        send_code(user, PHONE, "1403", at=at)
        if lives:
            assert check_code(user, code_in_queue(), at=at + timedelta(seconds=seconds)).used_at
        else:
            with pytest.raises(CodeRefused):
                check_code(user, code_in_queue(), at=at + timedelta(seconds=seconds))

    @pytest.mark.parametrize(("wrong", "lives"), [(4, True), (5, False)])
    def test_it_stands_five_tries(self, wrong, lives, user, at):
        send_code(user, PHONE, "1403", at=at)
        right = code_in_queue()
        for _ in range(wrong):
            with pytest.raises(CodeRefused):
                check_code(user, f"{(int(right) + 1) % 10**6:06}", at=at)
        if lives:
            assert check_code(user, right, at=at)
        else:
            with pytest.raises(CodeRefused):
                check_code(user, right, at=at)

    def test_a_new_code_ends_the_one_before(self, user, at):
        send_code(user, PHONE, "1403", at=at)
        first = code_in_queue()
        send_code(user, PHONE, "1403", at=at + timedelta(seconds=60))
        second = code_in_queue()
        if first != second:
            with pytest.raises(CodeRefused):
                check_code(user, first, at=at + timedelta(seconds=61))
        assert check_code(user, second, at=at + timedelta(seconds=62))

    def test_that_of_somebody_else_is_refused(self, user, at):
        other = User.objects.create(username="91140300000000001X", name="另一单位", kind=User.Kind.ENTERPRISE)
        send_code(user, PHONE, "1403", at=at)
        with pytest.raises(CodeRefused):
            check_code(other, code_in_queue(), at=at)

    def test_one_a_minute_leaves(self, user, at):
        send_code(user, PHONE, "1403", at=at)
        with pytest.raises(CodeRefused, match="一分钟"):
            send_code(user, PHONE, "1403", at=at + timedelta(seconds=59))
        send_code(user, PHONE, "1403", at=at + timedelta(seconds=60))
        assert Code.objects.count() == Message.objects.count() == 2

    def test_ten_a_day_leave_for_a_phone_whoever_asks(self, user, at):
        other = User.objects.create(username="91140300000000001X", name="另一单位", kind=User.Kind.ENTERPRISE)
        for number in range(10):
            send_code((user, other)[number % 2], PHONE, "1403", at=at + timedelta(minutes=number))
        with pytest.raises(CodeRefused, match="明日再试"):
            send_code(user, PHONE, "1403", at=at + timedelta(minutes=10))
        send_code(user, "13800000002", "1403", at=at + timedelta(minutes=10))
        send_code(user, PHONE, "1403", at=(at + timedelta(days=1)).replace(hour=0, minute=0))

    def test_a_code_that_is_late_does_not_leave(self, user, at):
        send_code(user, PHONE, "1403", at=at)
        assert take_messages(10, at=at + timedelta(minutes=5)) == []
        message = Message.objects.get()
        assert (message.state, message.text.reveal(), message.failure) == ("FAILED", "", "验证码已过有效期，不再发送")

    def test_nothing_of_it_is_in_an_event(self, user, at):
        send_code(user, PHONE, "1403", at=at)
        told = str(list(Event.objects.values()))
        assert PHONE not in told
        assert code_in_queue() not in told


class TestPostRows:
    def test_a_post_ends_after_it_begins_in_the_database_too(self, newcomer, regions):
        from django.db import IntegrityError

        with pytest.raises(IntegrityError, match="post_ends_after"):
            Post.objects.create(
                user=newcomer, role=Role.PREPARER, region=regions["1403"], from_on=date(2024, 2, 1), until_on=date(2024, 1, 1)
            )
