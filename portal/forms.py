"""What an enterprise fills in. Shape is checked here, law never."""

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting

from agency.actions.talk import LONGEST
from agency.admin.attachments import ProofsField
from agency.models import Appeal
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
