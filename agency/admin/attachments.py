"""附件: how proofs are asked for, on the console's pages and the portal's, and how those beside a case are shown."""

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.timezone import localtime

from agency.actions.attachments import LARGEST
from agency.admin.desk import Panel
from agency.queries import attachments_of

ACCEPT = ".pdf,.jpg,.jpeg,.png"


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class ProofsField(forms.FileField):
    """Several files; cleaned to a list of (name, open file), empty where none was chosen. Their content is looked at by
    `attach`."""

    def __init__(self, **given: Any) -> None:
        given.setdefault("label", "附件")
        given.setdefault("help_text", f"PDF、JPG 或 PNG，每个不超过 {LARGEST >> 20} MB，可选多个")
        super().__init__(widget=ManyFiles({"accept": ACCEPT, "multiple": True}), **given)

    def clean(self, data: Any, initial: Any = None) -> list[tuple[str, Any]]:
        chosen = data if isinstance(data, list | tuple) else [data] if data else []
        if self.required and not chosen:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return [(each.name, each.file) for each in (super(ProofsField, self).clean(one, initial) for one in chosen)]


def attachments_panel(case_kind: str, case_id: int) -> Panel:
    rows = [
        (
            {"href": reverse("admin:agency_file_change", args=[each.file_id]), "label": each.file.name},
            each.get_about_display(),
            str(each.by) if each.by else "—",
            localtime(each.at).strftime("%Y-%m-%d %H:%M"),
        )
        for each in attachments_of(case_kind, case_id)
    ]
    context = {"heads": ["文件", "用途", "提交人", "提交时间"], "rows": rows, "empty": "没有附件。"}
    return Panel("附件", "admin/desk/table.html", context)
