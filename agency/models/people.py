"""人与岗位: who signs in, and which posts they hold."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from agency.sealed import BlindIndexField, SealedField


class Users(BaseUserManager["User"]):
    """How Django's own sign-in finds a user."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username)


class User(AbstractBaseUser):
    """用户: staff, an enterprise or a worker. Only staff have a password; what a user may do is said by posts alone."""

    class Kind(models.TextChoices):
        STAFF = "STAFF", "工作人员"
        ENTERPRISE = "ENTERPRISE", "单位"
        WORKER = "WORKER", "个人"

    username = models.CharField("用户名", max_length=64, unique=True)
    name = models.CharField("姓名", max_length=64)
    kind = models.CharField("类别", max_length=16, choices=Kind.choices, default=Kind.STAFF)
    is_active = models.BooleanField("在用", default=True)
    created_at = models.DateTimeField("建立时间", null=True, blank=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[Users] = Users()

    class Meta:
        verbose_name = verbose_name_plural = "用户"

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        """What the console calls whoever has signed in."""
        return self.name

    @property
    def is_staff(self) -> bool:
        return self.kind == self.Kind.STAFF

    @property
    def is_superuser(self) -> bool:
        """Nobody: there is no account that may do everything."""
        return False

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's own permissions are not used: posts decide, in agency.queries."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class Role(models.TextChoices):
    """岗位角色: the six staff roles, and two that are not posts: the enterprise itself and the system."""

    PREPARER = "PREPARER", "经办"
    REVIEWER = "REVIEWER", "复审"
    FINANCE = "FINANCE", "财务"
    AUDITOR = "AUDITOR", "稽核"
    POLICY = "POLICY", "政策管理"
    SYSTEM_ADMIN = "SYSTEM_ADMIN", "系统管理"
    ENTERPRISE = "ENTERPRISE", "单位"
    SYSTEM = "SYSTEM", "系统"


POSTS = [Role.PREPARER, Role.REVIEWER, Role.FINANCE, Role.AUDITOR, Role.POLICY, Role.SYSTEM_ADMIN]

# Pairs that one person may not hold on the same day: who prepares does not review or pay, who audits does nothing
# else, who keeps the accounts sees no business data.
INCOMPATIBLE: frozenset[frozenset[str]] = frozenset(
    frozenset(pair)
    for pair in [
        (Role.PREPARER, Role.REVIEWER),
        (Role.PREPARER, Role.FINANCE),
        (Role.REVIEWER, Role.FINANCE),
        *((Role.AUDITOR, role) for role in POSTS if role != Role.AUDITOR),
        *((Role.SYSTEM_ADMIN, role) for role in POSTS if role != Role.SYSTEM_ADMIN),
    ]
)


class Post(models.Model):
    """岗位: a user holds a role over a region and all below it, from a day until a day (both in, open-ended if empty)."""

    user = models.ForeignKey(User, models.PROTECT, related_name="posts", verbose_name="用户")
    role = models.CharField("角色", max_length=16, choices=[(role.value, role.label) for role in POSTS])
    region = models.ForeignKey("agency.Region", models.PROTECT, related_name="+", verbose_name="行政区划")
    from_on = models.DateField("自")
    until_on = models.DateField("至", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "岗位"
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=models.F("from_on")),
                name="post_ends_after_it_begins",
                violation_error_message="岗位的止日不能早于起日。",
            ),
            models.UniqueConstraint(fields=["user", "role", "region", "from_on"], name="post_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.region}"


class Code(models.Model):
    """验证码: a sign-in code sent to a registered phone; kept as a hash with expiry and tries, never as the value."""

    user = models.ForeignKey(User, models.CASCADE, related_name="codes", verbose_name="用户")
    phone_index = models.CharField("手机号索引", max_length=44)
    code_hash = models.CharField("验证码散列", max_length=128)
    sent_at = models.DateTimeField("发出时间")
    expires_at = models.DateTimeField("失效时间")
    tries = models.PositiveSmallIntegerField("已试次数", default=0)
    used_at = models.DateTimeField("使用时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "验证码"
        indexes = [
            models.Index(fields=["user", "-sent_at"], name="code_latest"),
            models.Index(fields=["phone_index", "-sent_at"], name="code_of_phone"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.sent_at:%F %T}"


class Link(models.Model):
    """短信链接: leads one phone of an enterprise to one case, after a code sent to that phone. Of its 128 random bits only a hash
    is kept."""

    class End(models.TextChoices):
        ANSWERED = "ANSWERED", "已答复"
        DEADLINE = "DEADLINE", "期限已过"
        NEWER = "NEWER", "另发了新链接"
        WRONG_CODES = "WRONG_CODES", "验证码五次不符"

    token_hash = models.CharField("链接散列", max_length=64, unique=True)
    case_kind = models.CharField("事项", max_length=16)
    case_id = models.BigIntegerField("事项编号")
    uscc = models.CharField("统一社会信用代码", max_length=18)
    phone_index = models.CharField("手机号索引", max_length=44)
    made_at = models.DateTimeField("生成时间")
    expires_at = models.DateTimeField("失效时间")
    tries = models.PositiveSmallIntegerField("验证码不符次数", default=0)
    ended_at = models.DateTimeField("终止时间", null=True)
    ended_because = models.CharField("终止原因", max_length=16, choices=End.choices, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "短信链接"
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_because="") | (Q(ended_at__isnull=False) & ~Q(ended_because="")),
                name="link_ends_for_a_reason",
            )
        ]
        indexes = [
            models.Index(fields=["case_kind", "case_id"], name="link_case"),
            models.Index(fields=["expires_at"], condition=Q(ended_at__isnull=True), name="link_open"),
        ]

    def __str__(self) -> str:
        return f"短信链接 {self.pk}"


REPORT_HOURS = 72  # that a report is waited for, where the programme says nothing else


class Message(models.Model):
    """短信: one message to one phone. The row is the queue; its id is the idempotency key at the gateway."""

    class State(models.TextChoices):
        QUEUED = "QUEUED", "待发送"
        SENDING = "SENDING", "发送中"
        SENT = "SENT", "已发送"
        DELIVERED = "DELIVERED", "已送达"
        FAILED = "FAILED", "发送失败"
        NO_ANSWER = "NO_ANSWER", "无回执"

    NEXT_STEPS: ClassVar = {
        State.QUEUED: "到发送时间后由系统发出。",
        State.SENDING: "等待网关受理；中断的以同一编号重发。",
        State.SENT: "等待网关的状态报告。",
        State.DELIVERED: "已办结。",
        State.FAILED: "还有次数的由系统再发；号码有误的由经办核实后重发。",
        State.NO_ANSWER: "没有状态报告，不再重发；由经办电话核实。",
    }
    MOVES: ClassVar = {
        (State.QUEUED, State.SENDING): {Role.SYSTEM},
        (State.SENDING, State.SENT): {Role.SYSTEM},
        (State.SENDING, State.FAILED): {Role.SYSTEM},
        (State.SENDING, State.QUEUED): {Role.SYSTEM},
        (State.FAILED, State.QUEUED): {Role.SYSTEM, Role.PREPARER},
        # a report may overtake the gateway's answer, or come where the answer was lost
        (State.QUEUED, State.DELIVERED): {Role.SYSTEM},
        (State.QUEUED, State.FAILED): {Role.SYSTEM},
        (State.SENDING, State.DELIVERED): {Role.SYSTEM},
        (State.SENT, State.DELIVERED): {Role.SYSTEM},
        (State.SENT, State.FAILED): {Role.SYSTEM},
        (State.SENT, State.NO_ANSWER): {Role.SYSTEM},
    }
    HELD_MOVES: ClassVar = frozenset()
    CASE = "message"

    class Kind(models.TextChoices):
        """Its template in templates/sms, by name."""

        APPEAL = "appeal", "申诉结果"
        APPEAL_EVIDENCE = "appeal_evidence", "申诉补充证据"
        COMPLETION_DUE = "completion_due", "补正期限提醒"
        COMPLETION_OVERDUE = "completion_overdue", "补正逾期"
        DECLINED = "declined", "放弃后告知"
        DISPATCH = "dispatch", "告知派遣单位申请"
        OFFER = "offer", "确认通知"
        OFFER_SILENT = "offer_silent", "确认通知（默认接受）"
        OVERDUE = "overdue", "逾期后告知"
        PAID = "paid", "拨付告知"
        PAYMENT_RETURNED = "payment_returned", "退票告知"
        REJECTED = "rejected", "不予返还告知"
        REMINDER = "reminder", "确认提醒"
        REMINDER_OVERDUE = "reminder_overdue", "逾期确认提醒"
        REPLY_CONFIRMED = "reply_confirmed", "短信答复已确认"
        REPLY_UNCLEAR = "reply_unclear", "短信答复未能识别"
        RETURNED = "returned", "退回补正"
        SIGN_IN_CODE = "sign_in_code", "登录验证码"
        SIZE_VERIFIED = "size_verified", "划型核实结果"

    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.QUEUED)
    kind = models.CharField("类别", max_length=32, choices=Kind.choices)
    case_kind = models.CharField("事项", max_length=16, blank=True)
    case_id = models.BigIntegerField("事项编号", null=True)
    region = models.ForeignKey("agency.Region", models.PROTECT, null=True, related_name="+", verbose_name="行政区划")
    phone = SealedField("手机号")
    phone_index = BlindIndexField("手机号索引", of="phone")
    text = SealedField("内容")  # a code's text is emptied once it has left
    sign = models.CharField("签名", max_length=30, blank=True)
    template = models.CharField("网关模板号", max_length=64, blank=True, default="")
    report_hours = models.PositiveSmallIntegerField("等待回执小时数", default=REPORT_HOURS)
    urgent = models.BooleanField("优先", default=False)  # sign-in codes leave before campaigns
    created_at = models.DateTimeField("生成时间")
    next_try_at = models.DateTimeField("下次发送时间")  # of a sent one: when its report is asked for next
    tries = models.PositiveSmallIntegerField("已发次数", default=0)
    sent_at = models.DateTimeField("发出时间", null=True)
    gateway_id = models.CharField("网关消息号", max_length=64, blank=True)
    report = models.CharField("回执号", max_length=64, blank=True, default="")
    failure = models.CharField("失败原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "短信"
        indexes = [
            models.Index(fields=["-urgent", "next_try_at"], condition=Q(state="QUEUED"), name="message_queue"),
            models.Index(fields=["case_kind", "case_id"], name="message_case"),
            models.Index(fields=["sent_at"], condition=Q(state__in=["SENDING", "SENT"]), name="message_waiting"),
        ]

    def __str__(self) -> str:
        return f"短信 {self.pk}"
