"""What an enterprise fills in. Shape is checked here, law never."""

import re
from collections.abc import Callable, Collection
from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting

from agency.actions.talk import LONGEST
from agency.admin.attachments import ProofsField
from agency.models import Appeal
from enterprises.models import Enterprise
from policy.keys import SIZE_CLASSES
from sheets import values
from sheets.values import BadValue, clean_phone, clean_uscc
from subsidies.refunds.actions import NEED_PROOF
from subsidies.refunds.models import Application, Correction

LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){8,}")


class Renderer(TemplatesSetting):
    """Forms and fields as the portal draws them."""

    form_template_name = "portal/form.html"
    field_template_name = "portal/field.html"


class PortalForm(forms.Form):
    default_renderer = Renderer
    use_required_attribute = False  # the page says in its own words what is missing
    through = Application.AnswerChannel.PORTAL  # the channel by which an answer on this form comes


def cleaned_by(clean: Callable[[str], str | None], text: str) -> str:
    """A value in the canonical form of the spreadsheets. Raises ValidationError with their Chinese message."""
    try:
        return clean(text) or ""
    except BadValue as bad:
        raise forms.ValidationError(str(bad)) from bad


def without_long_numbers(text: str) -> str:
    """Accounts, phones and ID numbers stay out of free text, which is not sealed. Raises ValidationError."""
    if LONG_NUMBER.search(text):
        raise forms.ValidationError("请不要在这里写账号、手机号或证件号码，经办人员会联系您核对")
    return text


class WhoSignsIn(PortalForm):
    """First step: which enterprise, which registered phone."""

    uscc = forms.CharField(
        label="统一社会信用代码",
        max_length=40,
        help_text="营业执照上的 18 位代码",
        error_messages={"required": "请填写统一社会信用代码"},
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    phone = forms.CharField(
        label="手机号",
        max_length=20,
        help_text="单位参保登记的手机号",
        error_messages={"required": "请填写参保登记的手机号"},
        widget=forms.TextInput({"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
    )

    def clean_uscc(self) -> str:
        return cleaned_by(clean_uscc, self.cleaned_data["uscc"].upper())

    def clean_phone(self) -> str:
        return cleaned_by(clean_phone, self.cleaned_data["phone"])


class CodeGiven(PortalForm):
    """Second step: the code that was sent."""

    code = forms.RegexField(
        r"^\d{6}$",
        label="验证码",
        help_text="短信里的 6 位数字",
        error_messages={"required": "请填写短信里的验证码", "invalid": "验证码是 6 位数字"},
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code", "class": "code"}),
    )


class AsSeen(PortalForm):
    """What was on the page when the button was pressed: nobody confirms an amount that has changed meanwhile, or answers
    over an answer that came before."""

    decision = forms.IntegerField(required=False, widget=forms.HiddenInput)
    state = forms.CharField(required=False, widget=forms.HiddenInput)


class WhyNot(AsSeen):
    """Why an enterprise declines or withdraws."""

    OTHER = "其他原因"

    reason = forms.ChoiceField(
        label="原因",
        choices=[(text, text) for text in ("不需要这笔资金", "金额与预期不符", "单位即将注销或停业", OTHER)],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择一个原因"},
    )
    text = forms.CharField(
        label="补充说明", required=False, max_length=200, widget=forms.Textarea({"rows": 3}), help_text="选“其他原因”时请写明"
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("reason") == self.OTHER and not cleaned.get("text", "").strip():
            self.add_error("text", "选“其他原因”时，请写明原因")
        return cleaned

    @property
    def why(self) -> str:
        """The reason in one line."""
        return "：".join(filter(None, (self.cleaned_data["reason"], self.cleaned_data["text"].strip())))


class AppealFiled(PortalForm):
    """What an enterprise disputes, why, and what shows it."""

    about = forms.ChoiceField(
        label="对什么不服",
        choices=Appeal.About.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择对什么不服"},
    )
    text = forms.CharField(
        label="事实与理由",
        max_length=1000,
        widget=forms.Textarea({"rows": 6}),
        help_text="写明哪一项与事实不符、有什么可以证明。请勿填写银行账号和密码",
        error_messages={"required": "请写明事实与理由"},
    )
    files = ProofsField(label="证据", required=False)

    def clean_text(self) -> str:
        return without_long_numbers(str(self.cleaned_data["text"]))


class EvidenceGiven(PortalForm):
    """What was asked for."""

    files = ProofsField(label="证据文件", error_messages={"required": "请选择要提交的文件"})


class ChangeAsked(PortalForm):
    """划型变更申请: what size is right, and what shows it."""

    text = forms.CharField(
        label="应为什么划型，为什么",
        max_length=1000,
        widget=forms.Textarea({"rows": 5}),
        help_text="写明所属行业、从业人员、营业收入或资产总额。请勿填写银行账号和密码",
        error_messages={"required": "请写明应为什么划型，为什么"},
    )
    files = ProofsField(label="印证材料", error_messages={"required": "请上传印证材料，如财务报表、年度报告"})

    def clean_text(self) -> str:
        return without_long_numbers(str(self.cleaned_data["text"]))


class SizeCommitted(PortalForm):
    """划型书面承诺, signed and stamped."""

    size = forms.ChoiceField(
        label="承诺书上的划型",
        choices=[(word, word) for word in SIZE_CLASSES],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择承诺书上的划型"},
    )
    files = ProofsField(label="签字盖章的承诺书", error_messages={"required": "请上传签字盖章的承诺书"})
    liable = forms.BooleanField(
        label="我单位知道承诺与事实不符的，须退回差额并承担相应法律责任",
        template_name="portal/tick.html",
        error_messages={"required": "请勾选后提交"},
    )


class CorrectionAsked(PortalForm):
    """What an enterprise says is wrong."""

    about = forms.ChoiceField(
        label="哪里不对",
        choices=Correction.About.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择哪里不对"},
    )
    text = forms.CharField(
        label="正确的是什么",
        max_length=500,
        widget=forms.Textarea({"rows": 4}),
        help_text="请勿填写银行账号和密码；账户有误的，写明“账户有误”，经办人员会联系您核对。",
        error_messages={"required": "请写明正确的应是什么"},
    )
    proofs = ProofsField(
        label="证明材料",
        label_suffix="（更正账户或划型时必传）",
        required=False,
        help_text="更正收款账户或企业划型时必须上传。PDF、JPG 或 PNG，每个不超过 10 MB，可选多个。",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (needed := NEED_PROOF.get(cleaned.get("about", ""))) and not cleaned.get("proofs") and not self.errors.get("proofs"):
            self.add_error("proofs", f"请上传证明材料：{needed}")
        return cleaned

    def clean_text(self) -> str:
        return without_long_numbers(str(self.cleaned_data["text"]))


class RemarkWritten(PortalForm):
    """What an enterprise writes to the agency about its case."""

    text = forms.CharField(
        label="内容",
        max_length=LONGEST,
        error_messages={"required": "请填写内容", "max_length": f"最多 {LONGEST} 个字，请分开写或作为附件上传"},
        widget=forms.Textarea({"rows": 4}),
    )
    files = ProofsField(required=False)


class DisputeFiled(PortalForm):
    """Why a listing is not so, and what shows it."""

    text = forms.CharField(
        label="情况说明",
        max_length=1000,
        widget=forms.Textarea({"rows": 5}),
        error_messages={"required": "请写明为什么不应列入"},
    )
    proofs = ProofsField(label="证明材料", error_messages={"required": "请上传证明材料"})


class Ticked(forms.BooleanField):
    """A box to tick, its words beside it."""

    def __init__(self, label: str, missing: str) -> None:
        super().__init__(label=label, required=False, template_name="portal/tick.html")
        self.missing = missing


class OwnApplication(PortalForm):
    """What an enterprise fills in of its own application. `asks`: the names of the boxes that it has to tick to send it."""

    contact = forms.CharField(label="本次申请的联系人", max_length=64, required=False, help_text="不填即用参保登记的联系人")
    phone = forms.CharField(
        label="联系电话",
        max_length=20,
        required=False,
        widget=forms.TextInput({"type": "tel", "inputmode": "tel", "autocomplete": "off"}),
    )
    note = forms.CharField(
        label="情况说明",
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text="对未通过的条件有什么要说明的。请勿填写银行账号和证件号码。",
    )
    files = ProofsField(label="补充材料", required=False)
    looked = Ticked("从去年带来的内容，已逐项核对", "请核对从去年带来的内容，再勾选")
    agreed = Ticked("同意按上表分配，并按规定把用工单位的部分拨给用工单位", "请核对资金分配，同意后勾选")
    accepted = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, asks: Collection[str] = (), kept: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asks = asks
        self.fields["phone"].help_text = f"已填 {kept}，不改就不用再填" if kept else "不填即用参保登记的手机号"
        for name in {"looked", "agreed"} - set(asks):
            del self.fields[name]

    def clean_phone(self) -> str:
        return cleaned_by(clean_phone, self.cleaned_data["phone"]) if self.cleaned_data["phone"] else ""

    def clean_note(self) -> str:
        text = str(self.cleaned_data["note"])
        if LONG_NUMBER.search(text):
            raise forms.ValidationError("请不要在这里写账号、手机号或证件号码")
        return text

    def clean(self) -> dict[str, Any]:
        """A draft may be kept unfinished; to be sent, what is asked has to be ticked."""
        cleaned = super().clean() or {}
        if self.data.get("do") != "save":
            for name in self.asks:
                if not cleaned.get(name):
                    self.add_error(name, self.fields[name].missing)  # type: ignore[attr-defined]
        return cleaned


class HostRow(PortalForm):
    """One host of a dispatch unit."""

    host_uscc = forms.CharField(label="统一社会信用代码", max_length=40, error_messages={"required": "请填写统一社会信用代码"})
    host_name = forms.CharField(label="用工单位名称", max_length=200, error_messages={"required": "请填写用工单位名称"})
    host_kind = forms.ChoiceField(
        label="单位类型",
        choices=[("", "请选择"), *Enterprise.Kind.choices],
        error_messages={"required": "请选择单位类型", "invalid_choice": "请选择列表中的单位类型"},
    )
    workers = forms.CharField(
        label="派遣人数",
        max_length=12,
        error_messages={"required": "请填写派遣人数，没有的填 0"},
        widget=forms.TextInput({"inputmode": "numeric"}),
    )
    paid = forms.CharField(
        label="上年度为其派遣人员实缴的失业保险费（元）",
        max_length=20,
        error_messages={"required": "请填写实缴金额，没有的填 0"},
        widget=forms.TextInput({"inputmode": "decimal"}),
    )

    def clean_host_uscc(self) -> str:
        return cleaned_by(clean_uscc, self.cleaned_data["host_uscc"].upper())

    def clean_workers(self) -> str:
        return cleaned_by(values.whole.clean, self.cleaned_data["workers"])

    def clean_paid(self) -> str:
        return cleaned_by(values.money.clean, self.cleaned_data["paid"])


class HostFile(PortalForm):
    """The `hosts` spreadsheet."""

    file = forms.FileField(
        label="表格文件",
        help_text=".xlsx、.xls 或 .csv，不超过 10 兆",
        error_messages={"required": "请选择要上传的表格", "empty": "这个文件是空的，请重新选择"},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > 10_000_000:
            raise forms.ValidationError("文件超过 10 兆，请拆成几个表格分别上传")
        return file
