"""试算: ordered with a form that the chosen notice makes; the result side by side, and who changes side."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from agency.actions import ProgrammeRefused
from agency.admin import Deed, DeskAdmin, Panel
from agency.admin.people import DateInput, regions_under
from agency.admin.work import job_panel, latest_job
from agency.models import Job, Programme
from agency.moves import MoveRefused
from agency.queries import terms_of
from agency.tasks import wake
from enterprises.models import Enterprise
from policy import explain
from policy.keys import GROUPS
from policy.notice import Choice, NoticeError, Terms, load, names
from policy.show import in_words
from policy.verdict import Outcome
from subsidies.payout.admin.panels import money, table
from subsidies.refunds import actions
from subsidies.refunds.admin.exports import files_panel
from subsidies.refunds.models import WhatIf
from subsidies.refunds.queries.what_ifs import edition_beside

DECIDING = frozenset().union(*(GROUPS[group] for group in ("划型", "条件", "金额", "劳务派遣")))  # what a refund is decided by
CHOICE = "choice_"  # before the key, in the names of the form's fields


class WhatIfForm(forms.Form):
    """Asked in two steps: programme, notice and day; then, with these in the address, the choices which that notice leaves."""

    shown = forms.CharField(widget=forms.HiddenInput, required=False)  # the notice whose choices stand in the form
    programme = forms.ModelChoiceField(Programme.objects.none(), label="项目")
    notice = forms.ChoiceField(label="政策文件")
    on = forms.DateField(label="试算日", widget=DateInput, help_text="两边都按这一天的同一份数据判定。")

    def fill(self, *, prefixes: list[str], today: Any, given: Mapping[str, str], **_: object) -> None:
        programmes = Programme.objects.filter(region__in=regions_under(prefixes)).order_by("-year")
        self.fields["programme"].queryset = programmes  # type: ignore[attr-defined]
        chosen = programmes.filter(pk=given["programme"]).first() if given.get("programme", "").isdigit() else programmes.first()
        try:
            found = names(settings.NOTICE_FOLDERS)
        except NoticeError as wrong:
            found, self.fields["notice"].help_text = [], str(wrong)
        self.fields["notice"].choices = [(name, name) for name in found]  # type: ignore[attr-defined]
        self.initial = {
            "programme": chosen, "notice": given.get("notice") or (chosen and chosen.notice), "on": given.get("on") or today,
        }  # fmt: skip
        shown = given.get("shown" if self.is_bound else "notice", "")
        if shown in found:
            self.initial["shown"] = shown
            self._ask_choices(shown, chosen)

    def _ask_choices(self, notice: str, programme: Programme | None) -> None:
        """A field for each choice that the notice leaves open and a refund is decided by."""
        made = chosen_now(programme, notice)
        for choice in load(notice, settings.NOTICE_FOLDERS).choices():
            if not choice.locked and choice.key in DECIDING:
                self.fields[CHOICE + choice.key] = _field(choice, made.get(choice.key, choice.default))


def _field(choice: Choice, now: str) -> forms.Field:
    if choice.options:
        labels = [(each.value, each.label + ("（默认）" if each.value == choice.default else "")) for each in choice.options]
        return forms.ChoiceField(label=choice.label, choices=labels, initial=now)
    bounds = f"{choice.least} 至 {choice.most}" if choice.most is not None else f"不小于 {choice.least}"
    return forms.CharField(label=choice.label, initial=now, help_text=f"{bounds}，默认 {choice.default}。{choice.clause}")


def chosen_now(programme: Programme | None, notice: str) -> Mapping[str, str]:
    """The choices of the programme's latest edition, where it stands on this notice."""
    if programme is None or programme.notice != notice:
        return {}
    edition = programme.editions.exclude(state="REFUSED").order_by("-number").first()
    return edition.choices if edition else {}


def start(*, shown: str, programme: Programme, notice: str, on: Any, by: Any, at: Any, **asked: str) -> HttpResponse:
    """Ask for the choices of the notice, and once they have been seen order the what-if."""
    if shown != notice:
        begin = reverse("admin:refunds_whatif_start")
        return redirect(f"{begin}?{urlencode({'programme': programme.pk, 'notice': notice, 'on': on})}")
    edition = edition_beside(programme, on)
    kept = edition.choices if edition and programme.notice == notice else {}
    choices = dict(kept) | {name.removeprefix(CHOICE): value for name, value in asked.items()}
    what_if = actions.start_what_if(programme, notice, choices, on, by=by, at=at, folders=settings.NOTICE_FOLDERS)
    wake("refunds.work_what_ifs")
    return redirect(reverse("admin:refunds_whatif_change", args=[what_if.pk]))


@admin.register(WhatIf)
class WhatIfAdmin(DeskAdmin):
    region_path = "programme__region__path"
    list_display = ("id", "programme", "notice", "on", "difference", "requested_by", "requested_at", "finished_at")
    list_filter = ("programme",)
    list_select_related = ("programme__region", "requested_by")
    ordering = ("-id",)
    fields = (("programme", "edition"), ("notice", "on"), ("requested_by", "requested_at", "finished_at"))
    deeds: ClassVar = [
        Deed(
            "start",
            "试算",
            actions.TRIERS,
            start,
            form=WhatIfForm,
            above=True,
            main=True,
            refusals=(MoveRefused, actions.RefundRefused, ProgrammeRefused),
            hint="同一个项目换一份政策文件或其他经办选择：先选项目、政策文件和日期，再选该文件留给经办机构的选项。不影响任何事项。",
        )
    ]

    @admin.display(description="金额差（元）")
    def difference(self, row: WhatIf) -> str:
        if not row.finished_at:
            return "—"
        before, after = map(Decimal, row.counts["amounts"])
        return f"{after - before:+,.2f}"

    def panels(self, request: HttpRequest, obj: WhatIf) -> list[Panel]:
        job = latest_job((Job.Kind.WHAT_IF,), obj.pk)
        shown = [terms_panel(obj)]
        if not obj.finished_at:
            return [*([job_panel(job)] if job else []), *shown]
        return [
            totals_panel(obj.counts),
            turned_panel(obj.counts),
            *shown,
            codes_panel(obj.counts),
            units_panel(obj),
            files_panel(obj.files, "没有表格。"),
        ]


def terms_panel(what_if: WhatIf) -> Panel:
    """What a refund is decided by and the two terms say differently on the day."""
    before, after = terms_of(what_if.edition), Terms.parse(what_if.terms)
    rows = []
    for group in GROUPS.values():
        for key, rule in group.items():
            sides = [_said(terms, key, what_if.on) for terms in (before, after)] if key in DECIDING else ["", ""]
            if sides[0] != sides[1]:
                rows.append((rule.label, *sides))
    empty = "判定返还所依据的条款，这一天两边相同。"
    return table("条款差别", ["条款项", f"现行（第{what_if.edition.number}版）", f"试算（{what_if.notice}）"], rows, empty)


def _said(terms: Terms, key: str, on: Any) -> str:
    try:
        return in_words(key, terms.value(key, on))
    except KeyError:
        return "没有规定"


def totals_panel(counts: Mapping[str, Any]) -> Panel:
    before, after = counts["outcomes"]
    rows: list[tuple[Any, ...]] = [
        (
            {"word": word.value, "label": explain.outcome_label(word.value)},
            *map(_count, (before.get(word.value, 0), after.get(word.value, 0))),
            _count(after.get(word.value, 0) - before.get(word.value, 0), "+"),
        )
        for word in Outcome
    ]
    was, now = map(Decimal, counts["amounts"])
    rows.append(("返还金额（元）", {"number": money(was)}, {"number": money(now)}, {"number": f"{now - was:+,.2f}"}))
    panel = table("合计", ["结论", "现行（户）", "试算（户）", "差"], rows)
    panel.context["note"] = (
        f"共 {counts['enterprises']:,} 户，两边都按试算日的同一份数据重新判定，差别只来自条款；"
        "“现行”因此可能与已作出的决定不同：决定之后数据可能变过。"
    )
    return panel


def turned_panel(counts: Mapping[str, Any]) -> Panel:
    rows = []
    for turn, number in sorted(counts["turned"].items()):
        before, after = (explain.outcome_label(word) for word in turn.split())
        rows.append((f"{before} → {after}", _count(number), {"number": f"{Decimal(counts['turned_yuan'][turn]):+,.2f}"}))
    money_alone = (("more", "合格，金额增加"), ("less", "合格，金额减少"))
    rows += [(label, _count(counts[word]), "") for word, label in money_alone if counts[word]]
    return table("谁变了", ["变化", "户数", "金额差（元）"], rows, "没有单位的结论或金额因此不同。")


def codes_panel(counts: Mapping[str, Any]) -> Panel:
    sides = [counts[name][side] for name in ("failed", "unknown") for side in (0, 1)]
    rows = [(explain.rule_label(code), *(_count(side.get(code, 0)) for side in sides)) for code in sorted(set().union(*sides))]
    return table("各条件（户）", ["条件", "不符合 · 现行", "不符合 · 试算", "待核实 · 现行", "待核实 · 试算"], rows)


def units_panel(what_if: WhatIf) -> Panel:
    """The first of those that differ; all of them are in the spreadsheet."""
    ids = [each["enterprise"] for each in what_if.shown]
    found = Enterprise.objects.select_related("region").in_bulk(ids)
    rows = []
    for each in what_if.shown:
        enterprise = found[each["enterprise"]]
        before, after = ({"word": word, "label": explain.outcome_label(word)} for word in each["turn"])
        amounts = [{"number": money(amount and Decimal(amount))} for amount in each["amounts"]]
        reasons = "、".join(explain.rule_label(code) for code in each["codes"])
        page = {"href": reverse("admin:enterprises_enterprise_change", args=[enterprise.pk]), "label": enterprise.uscc}
        rows.append((page, enterprise.name, enterprise.region.name, before, after, *amounts, reasons or "—"))
    title = "变化的单位" + (f"（前 {len(rows)} 户，全部见表格）" if what_if.counts["differing"] > len(rows) else "")
    heads = ["统一社会信用代码", "单位名称", "参保地", "现行", "试算", "现行金额（元）", "试算金额（元）", "原因"]
    return table(title, heads, rows, "没有单位的结论或金额因此不同。")


def _count(number: int, sign: str = "") -> dict[str, str]:
    return {"number": f"{number:{sign},}"}
