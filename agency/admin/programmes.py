"""项目与版本."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from agency.actions import (
    ProgrammeRefused,
    approve_edition,
    check_final,
    close_programme,
    open_programme,
    prepare_programme,
    propose_edition,
    record_final,
    refuse_edition,
    set_messages,
)
from agency.admin.desk import Deed, DeskAdmin, Panel
from agency.admin.people import DateInput, regions_under
from agency.models import Edition, Programme, Region, Role
from agency.queries import draft_problem, pilot_standing, terms_of
from policy import explain
from policy.notice import NoticeError, names

POLICY = frozenset({Role.POLICY})
State = Programme.State


class ChoicesField(forms.CharField):
    """Agency choices, one `name=option` a line."""

    widget = forms.Textarea(attrs={"rows": 5})

    def __init__(
        self,
        label: str = "经办选择",
        help_text: str = "每行一项，如 layoff_method=claimants_over_mean；留空即用默认。文件已定的不能更改。",
    ) -> None:
        super().__init__(label=label, required=False, help_text=help_text)

    def clean(self, value: Any) -> dict[str, str]:
        chosen = {}
        for line in filter(None, (part.strip() for part in super().clean(value).splitlines())):
            name, mark, option = line.partition("=")
            if not mark:
                raise forms.ValidationError(f"“{line}”应写成“名称=选项”。")
            chosen[name.strip()] = option.strip()
        return chosen


class PrepareForm(forms.Form):
    notice = forms.ChoiceField(label="政策文件")
    region = forms.ModelChoiceField(Region.objects.none(), label="实施地区")
    year = forms.IntegerField(label="年度", min_value=2015, max_value=2100)
    title = forms.CharField(label="名称", max_length=120)
    counts_from = forms.DateField(label="起算日", widget=DateInput)
    confirm_by = forms.DateField(label="确认截止日", widget=DateInput, required=False)
    sms_sign = forms.CharField(label="短信签名", max_length=30, required=False)
    collective_decision_over = forms.DecimalField(label="集体审议金额线（元）", required=False, min_value=0, decimal_places=2)
    choices = ChoicesField()

    def fill(self, *, prefixes: list[str], today: Any, **_: object) -> None:
        try:
            found = names(settings.NOTICE_FOLDERS)
        except NoticeError as wrong:  # one of the agency's own files: nothing is adopted until it is mended
            found, self.fields["notice"].help_text = [], str(wrong)
        self.fields["notice"].choices = [(name, name) for name in found]  # type: ignore[attr-defined]
        self.fields["region"].queryset = regions_under(prefixes)  # type: ignore[attr-defined]
        self.fields["year"].initial = today.year


class ProposeForm(forms.Form):
    counts_from = forms.DateField(label="起算日", widget=DateInput)
    reason = forms.CharField(label="变更理由", max_length=200)
    choices = ChoicesField()


class WhyForm(forms.Form):
    why = forms.CharField(label="理由", max_length=200, widget=forms.Textarea(attrs={"rows": 3}))


class MessagesForm(forms.Form):
    sign = forms.CharField(label="短信签名", max_length=30, required=False, help_text="空为经办机构名称")
    templates = ChoicesField(label="短信模板号", help_text="每行一项：短信名=网关报备的模板号，如 offer=SMS_1001；须填全")
    report_hours = forms.IntegerField(label="等待短信回执小时数", min_value=1)

    def fill(self, *, obj: Programme, **_: object) -> None:
        written = "\n".join(f"{kind}={number}" for kind, number in obj.sms_templates.items())
        self.initial = {"sign": obj.sms_sign, "templates": written, "report_hours": obj.sms_report_hours}


class FinalForm(forms.Form):
    number = forms.CharField(label="正式文号", max_length=60)
    on = forms.DateField(label="正式印发日期", widget=DateInput)


def prepare(**asked: Any) -> None:
    prepare_programme(folders=settings.NOTICE_FOLDERS, **asked)


def propose(programme: Programme, **asked: Any) -> None:
    propose_edition(programme, folders=settings.NOTICE_FOLDERS, **asked)


@admin.register(Programme)
class ProgrammeAdmin(DeskAdmin):
    list_display = ("title", "notice", "region", "year", "state", "confirm_by", "opened_at")
    list_filter = ("state", "year")
    list_select_related = ("region",)
    ordering = ("-year", "region")
    fields = (
        ("title", "state"),
        ("notice", "region", "year"),
        ("confirm_by", "over"),
        ("sms_sign", "own_templates", "sms_report_hours"),
        ("final_number", "final_on"),
        ("final_recorded_by", "final_checked_by"),
        ("prepared_by", "created_at", "opened_at"),
    )
    readonly_fields = ("over", "own_templates")
    deeds: ClassVar = [
        Deed("prepare", "筹备新项目", POLICY, prepare, form=PrepareForm, above=True, main=True, refusals=(ProgrammeRefused,)),
        Deed(
            "open",
            "批准并开办",
            POLICY,
            open_programme,
            states=frozenset({State.PREPARED}),
            main=True,
            refusals=(ProgrammeRefused,),
            hint="开办须由筹备人以外的人办理，且上年度基金备付期限在一年以上。开办后只能以新版本变更。",
        ),
        Deed(
            "messages",
            "短信设置",
            POLICY,
            set_messages,
            states=frozenset({State.PREPARED, State.OPEN}),
            form=MessagesForm,
            refusals=(ProgrammeRefused,),
            hint="对此后生成的短信起作用；超过等待小时数仍无回执的，先向网关查询，再记为无回执。",
        ),
        Deed(
            "propose",
            "拟定新版本",
            POLICY,
            propose,
            states=frozenset({State.OPEN}),
            form=ProposeForm,
            refusals=(ProgrammeRefused,),
            hint="新版本须由另一人批准后生效。",
        ),
        Deed(
            "final",
            "补录正式文号",
            POLICY,
            record_final,
            form=FinalForm,
            refusals=(ProgrammeRefused,),
            hint="仅限征求意见稿。补录后由另一人复核，复核前不能公示和拨付。",
        ),
        Deed(
            "check-final",
            "复核正式文号",
            POLICY,
            check_final,
            refusals=(ProgrammeRefused,),
            hint="请与正式印发的文件核对文号和日期；复核人不能是补录人。",
        ),
        Deed("close", "结束项目", POLICY, close_programme, states=frozenset({State.OPEN}), refusals=(ProgrammeRefused,)),
    ]

    @admin.display(description="集体审议金额线（元）")
    def over(self, programme: Programme) -> str:
        """Above it a batch needs the number of a collective decision."""
        return "—" if programme.collective_decision_over is None else f"{programme.collective_decision_over:,.2f}"

    @admin.display(description="短信模板号")
    def own_templates(self, programme: Programme) -> str:
        return "；".join(f"{kind}：{number}" for kind, number in programme.sms_templates.items()) or "—"

    def may(self, request: HttpRequest, deed: Deed, obj: Programme | None = None) -> bool:
        """The number of a final text is asked for a draft alone, and checked once it is recorded."""
        allowed = super().may(request, deed, obj)
        if obj is None or deed.name not in {"final", "check-final"}:
            return allowed
        return allowed and bool(draft_problem(obj)) and (deed.name == "final" or obj.final_recorded_by_id is not None)

    def panels(self, request: HttpRequest, obj: Programme) -> list[Panel]:
        editions = obj.editions.select_related("prepared_by", "approved_by")
        return [Panel("版本", "admin/desk/editions.html", {"editions": editions}), *pilot_panel(obj), what_if_panel(obj)]


def what_if_panel(programme: Programme) -> Panel:
    """The way to a what-if of this programme and to those made; by names of URLs, for the app stands above this one."""
    begin = f"{reverse('admin:refunds_whatif_start')}?programme={programme.pk}"
    made = f"{reverse('admin:refunds_whatif_changelist')}?programme__id__exact={programme.pk}"
    row = ({"href": begin, "label": "开始试算"}, {"href": made, "label": "本项目的历次试算"})
    note = "换一份政策文件或其他经办选择，看合计多少、哪些单位的结论会变；不影响任何事项。"
    return Panel("试算", "admin/desk/table.html", {"note": note, "heads": ["新的试算", "已有的试算"], "rows": [row]})


def pilot_panel(programme: Programme) -> list[Panel]:
    """What is left of the extended-use pilot's cap, month by month; nothing where the notice rules none."""
    edition = programme.editions.exclude(state=Edition.State.REFUSED).order_by("-number").first()
    standing = pilot_standing(programme.region, terms_of(edition)) if edition else None
    if standing is None:
        return []
    rows = [
        (f"{row.month:%Y-%m}", *[{"number": "不明" if yuan is None else f"{yuan:,.2f}"} for yuan in row[1:]])
        for row in standing.pilot.months
    ]
    shown = {
        "note": explain.for_staff(standing.pilot.finding),
        "heads": ["年月", "当月试点支出（元）", "累计（元）", "额度余额（元）"],
        "rows": rows,
        "empty": "尚无试点月份的基金月报。",
    }
    return [Panel(f"扩大失业保险基金支出范围试点（{standing.region}基金月报）", "admin/desk/table.html", shown)]


@admin.register(Edition)
class EditionAdmin(DeskAdmin):
    list_display = ("programme", "number", "state", "counts_from", "prepared_by", "approved_by")
    list_filter = ("state",)
    list_select_related = ("programme", "prepared_by", "approved_by")
    ordering = ("programme", "-number")
    fields = (
        ("programme", "number", "state"),
        ("counts_from", "reason"),
        ("prepared_by", "prepared_at"),
        ("approved_by", "approved_at"),
        "terms_sha256",
    )
    deeds: ClassVar = [
        Deed(
            "approve",
            "批准此版本",
            POLICY,
            approve_edition,
            states=frozenset({Edition.State.PROPOSED}),
            main=True,
            refusals=(ProgrammeRefused,),
            hint="批准人不能是拟定人。批准后条款全文不可更改。",
        ),
        Deed(
            "refuse",
            "不予批准",
            POLICY,
            refuse_edition,
            states=frozenset({Edition.State.PROPOSED}),
            form=WhyForm,
            refusals=(ProgrammeRefused,),
        ),
    ]

    def panels(self, request: HttpRequest, obj: Edition) -> list[Panel]:
        return [Panel("条款全文（规范文本）", "admin/desk/terms.html", {"text": obj.terms})]
