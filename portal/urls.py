"""Addresses of the portal. The only number in one is that of a case or spreadsheet of one's own, or of a public list; the
only secret is a short link, which no log shows."""

from django.conf import settings
from django.urls import path

from portal.views import (
    appeals,
    apply,
    attachments,
    credit,
    home,
    hosts,
    letters,
    links,
    objections,
    publicity,
    refund,
    sign_in,
    talk,
    unconfirmed,
)

app_name = "portal"
urlpatterns = [
    path(f"{settings.LINK_PATH}<path:token>", links.open_link, name="link"),
    path("", home.home, name="home"),
    path("sign-in/", sign_in.ask_code, name="sign_in"),
    path("sign-in/code/", sign_in.give_code, name="sign_in_code"),
    path("sign-in/link/", links.give_code, name="link_code"),
    path("sign-out/", sign_in.leave, name="sign_out"),
    path("refunds/", refund.refunds, name="refunds"),
    path("refunds/apply/", apply.apply, name="apply_first"),
    path("refunds/apply/hosts/", hosts.hosts, name="hosts_first"),
    path("refunds/apply/hosts/upload/", hosts.upload, name="upload_hosts_first"),
    path("refunds/hosts/template/", hosts.template, name="hosts_template"),
    path("refunds/hosts/<int:pk>/", hosts.report, name="hosts_report"),
    path("refunds/hosts/<int:pk>/errors/", hosts.errors, name="hosts_errors"),
    path("refunds/<int:pk>/", refund.refund, name="refund"),
    path("refunds/<int:pk>/confirm/", refund.confirm, name="confirm"),
    path("refunds/<int:pk>/decline/", refund.decline, name="decline"),
    path("refunds/<int:pk>/withdraw/", refund.withdraw, name="withdraw"),
    path("refunds/<int:pk>/correct/", refund.correct, name="correct"),
    path("refunds/<int:pk>/statement/", objections.statement, name="statement"),
    path("refunds/<int:pk>/talk/", talk.talk, name="talk"),
    path("refunds/<int:pk>/letters/<slug:kind>/", letters.letter, name="letter"),
    path("refunds/<int:pk>/letters/<slug:kind>/pdf/", letters.letter_file, name="letter_file"),
    path("refunds/<int:pk>/credit/<int:hold>/", credit.dispute, name="dispute"),
    path("refunds/<int:pk>/apply/", apply.apply, name="apply"),
    path("refunds/<int:pk>/apply/hosts/", hosts.hosts, name="hosts"),
    path("refunds/<int:pk>/apply/hosts/upload/", hosts.upload, name="upload_hosts"),
    path("weiqueren/", unconfirmed.lists, name="unconfirmed_lists"),
    path("weiqueren/<int:pk>/", unconfirmed.one_list, name="unconfirmed"),
    path("refunds/<int:pk>/appeal/", appeals.appeal, name="appeal"),
    path("refunds/<int:pk>/appeal/<int:number>/evidence/", appeals.evidence, name="appeal_evidence"),
    path("refunds/<int:pk>/files/<int:number>/", attachments.attachment, name="attachment"),
    path("gongshi/", publicity.rounds, name="rounds"),
    path("gongshi/<int:pk>/", publicity.one_round, name="round"),
    path("gongshi/filed/", objections.objection_filed, name="objection_filed"),
    path("gongshi/answer/", objections.objection_answer, name="objection_answer"),
    path("gongshi/<int:pk>/<int:position>/object/", objections.object_to, name="object_to"),
    path("gongshi/<int:pk>/<str:word>/", publicity.round_file, name="round_file"),
]
