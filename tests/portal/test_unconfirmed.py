"""The public list of those who have not confirmed: for anybody, names alone, only while it is due."""

import re

import pytest
from django.urls import reverse

from enterprises.models import Enterprise
from policy.notice import load
from subsidies.refunds import actions
from subsidies.refunds.models import Application, State


@pytest.fixture
def listed(offered, moment) -> list[Application]:
    """Two offers that came to the public list on 2024-07-29."""
    cases = [offered(), offered(legal_person="王某某", contact="李某某")]
    actions.remind(at=moment(7, 29))
    return cases


def names_in(answer) -> list[str]:
    return re.findall(r"<td>(甲市第\d+号公司)</td>", answer.content.decode())


class TestList:
    def test_needs_no_sign_in_and_holds_nothing_but_names(self, client, listed, programme, desk_at):
        desk_at(7, 30)
        answer = client.get(reverse("portal:unconfirmed", args=[programme.pk]))
        assert names_in(answer) == [case.enterprise.name for case in listed]
        page = answer.content.decode()
        assert "2024年12月31日" in page
        assert "单位登录" in page
        assert programme.title in client.get(reverse("portal:unconfirmed_lists")).content.decode()
        for enterprise in Enterprise.objects.all():
            for hidden in (enterprise.uscc, enterprise.phone.reveal(), enterprise.account.reveal(), "李某某", "王某某", "7,200"):
                assert hidden not in page

    def test_finds_by_a_part_of_the_name(self, client, listed, programme, desk_at):
        desk_at(7, 30)
        address = reverse("portal:unconfirmed", args=[programme.pk])
        assert names_in(client.get(address, {"name": "第0002号"})) == [listed[1].enterprise.name]
        assert "没有单位名称包含“无此单位”" in client.get(address, {"name": "无此单位"}).content.decode()
        assert client.get(address, {"page": "千"}).status_code == 200

    def test_who_answers_leaves_it(self, client, listed, programme, desk_at):
        desk_at(7, 30)
        Application.objects.filter(pk=listed[0].pk).update(state=State.CONFIRMED)
        assert names_in(client.get(reverse("portal:unconfirmed", args=[programme.pk]))) == [listed[1].enterprise.name]

    def test_is_absent_before_it_is_due_and_once_the_period_is_over(
        self, client, offered, programme, moment, desk_at, desk_clock
    ):
        offered()
        actions.remind(at=moment(7, 22))  # the call list
        address = reverse("portal:unconfirmed", args=[programme.pk])
        desk_at(7, 23)
        assert client.get(address).status_code == 404
        actions.remind(at=moment(7, 29))
        desk_at(12, 31)
        assert client.get(address).status_code == 200
        desk_clock(moment(1, 1, year=2025))
        assert client.get(address).status_code == 404
        assert client.get(reverse("portal:unconfirmed", args=[programme.pk + 1])).status_code == 404

    def test_is_absent_where_the_programme_chose_no_such_list(self, client, offered, moment, desk_at):
        offered()
        programme = Application.objects.get().programme
        actions.remind(at=moment(7, 29))
        edition = programme.editions.get()
        terms = load("shanxi/2024").terms({"reminder_then": "call_list"})
        type(edition).objects.filter(pk=edition.pk).update(terms=terms.canonical(), terms_sha256=terms.sha256)
        desk_at(7, 30)
        assert client.get(reverse("portal:unconfirmed", args=[programme.pk])).status_code == 404
