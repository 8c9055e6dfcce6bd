"""人与岗位: staff accounts, posts, and the codes by which enterprises sign in."""

import secrets
from datetime import date, datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.timezone import localdate

from agency.actions.messages import SIGN_IN_CODE, queue_messages
from agency.models import INCOMPATIBLE, Code, Event, Post, Region, Role, User
from agency.moves import check_mover, record
from agency.sealed import blind_index

ADMINISTERS = {Role.SYSTEM_ADMIN, Role.SYSTEM}
CODE_LIVES = timedelta(minutes=5)
CODE_TRIES = 5
CODE_EVERY = timedelta(minutes=1)
CODES_A_DAY = 10


class StaffRefused(Exception):
    """This account cannot be made; says in Chinese why."""


class PostRefused(Exception):
    """This post cannot be given or ended so; says in Chinese why."""


class CodeRefused(Exception):
    """No code is sent now, or this code does not sign in; says in Chinese why."""


def create_staff(username: str, name: str, password: str, *, by: User | None, at: datetime) -> User:
    """A staff account with a password and, as yet, no post. Raises StaffRefused."""
    username, name = username.strip(), name.strip()
    if not username or not name:
        raise StaffRefused("请填写用户名和姓名。")
    if User.objects.filter(username=username).exists():
        raise StaffRefused(f"用户名“{username}”已被使用，请换一个。")
    user = User(username=username, name=name, kind=User.Kind.STAFF, created_at=at)
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise StaffRefused("".join(weak.messages)) from weak
    user.set_password(password)
    with transaction.atomic():
        user.save(force_insert=True)
        record(Event.Kind.WRITE, case="user", case_id=user.pk, by=by, at=at, why=f"建立工作人员账号：{username}")
    return user


def give_post(
    user: User, role: str, region: Region, from_on: date, until_on: date | None = None, *, by: User | None, at: datetime
) -> Post:
    """Give a role over a region and all below it, both days in. Raises PostRefused: not staff, one's own post, an
    incompatible post on one of these days, or the same post already held on one of them; MoveRefused: not a system
    administrator of the region (None, the system itself, founds a site)."""
    if user.kind != User.Kind.STAFF:
        raise PostRefused("岗位只能授予工作人员。")
    if by is not None and by.pk == user.pk:
        raise PostRefused("不能给自己授予岗位，请由另一位系统管理人员办理。")
    if until_on is not None and until_on < from_on:
        raise PostRefused("岗位的止日不能早于起日，请更正日期。")
    post = Post(user=user, role=role, region=region, from_on=from_on, until_on=until_on)
    check_mover(post, ADMINISTERS, by, at)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        held = Post.objects.filter(user=user).filter(Q(until_on__isnull=True) | Q(until_on__gte=from_on))
        if until_on is not None:
            held = held.filter(from_on__lte=until_on)
        for other in held.select_related("region"):
            if frozenset((role, other.role)) in INCOMPATIBLE:
                raise PostRefused(
                    f"“{Role(role).label}”与其在“{other.region}”的“{other.get_role_display()}”岗位不能同日由一人担任，请先结束后者。"
                )
            if other.role == role and other.region_id == region.pk:
                raise PostRefused(f"其在“{region}”已有“{other.get_role_display()}”岗位，日期重叠；请先结束原岗位。")
        post.save(force_insert=True)
        record(
            Event.Kind.WRITE, case="user", case_id=user.pk, by=by, at=at, region_id=region.pk,
            why=f"授予岗位：{region} {post.get_role_display()}",
            detail={"post": post.pk, "from_on": str(from_on), "until_on": until_on and str(until_on)},
        )  # fmt: skip
    return post


def end_post(post: Post, until_on: date, *, by: User | None, at: datetime) -> None:
    """End a post on its last day, `until_on`, at the earliest yesterday. Raises PostRefused, MoveRefused."""
    check_mover(post, ADMINISTERS, by, at)
    with transaction.atomic():
        held = Post.objects.select_for_update().get(pk=post.pk)
        if until_on < held.from_on:
            raise PostRefused("岗位的止日不能早于起日，请更正日期。")
        if until_on < localdate(at) - timedelta(days=1):
            raise PostRefused("岗位不能倒签结束：止日最早为昨天。")
        if held.until_on is not None and until_on > held.until_on:
            raise PostRefused("岗位只能提前结束；要延长请另授一个岗位。")
        held.until_on = until_on
        held.save(update_fields=["until_on"])
        record(
            Event.Kind.WRITE, case="user", case_id=held.user_id, by=by, at=at, region_id=held.region_id,
            why=f"结束岗位：{held.region} {held.get_role_display()}", detail={"post": held.pk, "until_on": str(until_on)},
        )  # fmt: skip
    post.until_on = until_on


def send_code(user: User, phone_plain: str, region_id: str | None, *, at: datetime) -> None:
    """Queue a six-digit sign-in code for this phone; it lives 5 minutes and replaces the one before it.

    Raises CodeRefused: less than a minute after the last one to this phone, or ten sent to it that day."""
    index = blind_index(phone_plain)
    with transaction.atomic():
        with connection.cursor() as cursor:  # two requests at once for one phone wait for each other
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"code {index}"])
        sent = Code.objects.filter(phone_index=index, sent_at__date=localdate(at))
        if Code.objects.filter(phone_index=index, sent_at__gt=at - CODE_EVERY).exists():
            raise CodeRefused("验证码一分钟内只发送一次，请稍后再试。")
        if sent.count() >= CODES_A_DAY:
            raise CodeRefused("该手机号今日获取验证码的次数已用完，请明日再试。")
        value = f"{secrets.randbelow(10**6):06}"
        Code.objects.create(
            user=user, phone_index=index, code_hash=_hash(user.pk, index, at, value), sent_at=at, expires_at=at + CODE_LIVES
        )
        params = {"code": value, "minutes": int(CODE_LIVES.total_seconds() // 60)}
        queue_messages(SIGN_IN_CODE, [("", None, region_id, phone_plain, params)], at=at, urgent=True)


def check_code(user: User, code: str, *, at: datetime, phone_index: str | None = None) -> Code:
    """Use up the user's latest code. Raises CodeRefused: wrong, expired, used, tried five times, or, where a phone's
    index is given, sent to another phone.

    A wrong try is kept though the call fails: do not wrap this in a transaction that the refusal rolls back."""
    with transaction.atomic():
        latest = Code.objects.select_for_update().filter(user=user).order_by("-sent_at", "-pk").first()
        right = (
            latest is not None
            and latest.used_at is None
            and latest.sent_at <= at < latest.expires_at
            and latest.tries < CODE_TRIES
            and phone_index in (None, latest.phone_index)
            and constant_time_compare(latest.code_hash, _hash(user.pk, latest.phone_index, latest.sent_at, code))
        )
        if latest is not None and right:
            latest.used_at = at
            latest.save(update_fields=["used_at"])
            return latest
        if latest is not None and latest.tries < CODE_TRIES:
            latest.tries += 1
            latest.save(update_fields=["tries"])
    raise CodeRefused("验证码不正确或已失效，请核对后重试，或重新获取。")


def _hash(user_id: int, phone_index: str, sent_at: datetime, code: str) -> str:
    """A keyed hash bound to user, phone and moment: of no use without the key, and for no other code."""
    return salted_hmac("agency.code", f"{user_id}|{phone_index}|{sent_at.timestamp()}|{code}", algorithm="sha256").hexdigest()
