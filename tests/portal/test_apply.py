"""自主申请: looked at first, kept while it is filled in, sent, returned with a day, carried over from last year."""

import re
from html import unescape
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from agency.models import Attachment, Message, Programme, Role
from policy import explain
from subsidies.payout.models import Award
from subsidies.refunds import actions
from subsidies.refunds.models import Application, Completion, Draft, State
from subsidies.refunds.queries import findings_of, hosts_declared
from tests.office import uscc

HOST = {"host_uscc": uscc(1), "host_name": "甲厂", "host_kind": "企业", "workers": "3", "paid": "1000.00"}
OTHER = {"host_uscc": uscc(2), "host_name": "乙局", "host_kind": "机关事业单位", "workers": "2", "paid": "500.00"}


@pytest.fixture(autouse=True)
def morning(desk_at):
    return desk_at(6, 26)


@pytest.fixture
def failing(make_enterprise, screen) -> Application:
    """A case with one condition failed."""
    enterprise = make_enterprise(people=100, claimants=20)
    screen()
    return enterprise.applications.get()


def read(answer) -> str:
    return unescape(answer.content.decode())


def apply_page(client: Client, application: Application) -> str:
    return read(client.get(reverse("portal:apply", args=[application.pk])))


def send(client: Client, application: Application, **form: object) -> str:
    return read(client.post(reverse("portal:apply", args=[application.pk]), form, follow=True))


def picture() -> SimpleUploadedFile:
    made = BytesIO()
    Image.new("RGB", (4, 4)).save(made, "PNG")
    return SimpleUploadedFile("减员明细.png", made.getvalue())


class TestPrecheck:
    def test_shows_each_finding_with_its_clause_and_asks_only_for_what_data_left_open(self, signed_in, failing):
        page = apply_page(signed_in(failing.enterprise), failing)
        for finding in findings_of(failing.decision):
            assert explain.rule_label(finding.rule) in page
            assert finding.clause in page
        asked = page[page.index('id="proofs"') : page.index("收款账户")]
        assert "上年度参保人员增减明细" in asked
        assert "缴费凭证" not in asked

    def test_asks_for_nothing_where_all_is_settled(self, signed_in, make_enterprise, programme, credit_list):
        enterprise = make_enterprise()
        page = read(signed_in(enterprise).get(reverse("portal:apply_first")))
        assert "各项条件都符合" in page
        assert 'id="proofs"' not in page

    def test_writes_nothing(self, signed_in, failing):
        apply_page(signed_in(failing.enterprise), failing)
        assert not Draft.objects.exists()


class TestDraft:
    def test_is_kept_resumed_and_sent_once(self, signed_in, failing):
        client = signed_in(failing.enterprise)
        page = send(client, failing, do="save", contact="王某", phone="13800000001", note="有退休人员", files=[picture()])
        assert "草稿已保存" in page
        failing.refresh_from_db()
        assert failing.state == State.INELIGIBLE
        for words in ("王某", "138****0001", "有退休人员", "减员明细.png"):
            assert words in page
        assert "13800000001" not in page
        send(client, failing, do="save", contact="李某")
        assert Draft.objects.get().phone.reveal() == "13800000001"
        assert "申请已提交" in send(client, failing, do="send", contact="李某")
        draft = Draft.objects.get()
        assert (draft.application, draft.contact, bool(draft.sent_at)) == (failing, "李某", True)
        proof = Attachment.objects.get()
        assert (proof.case_kind, proof.case_id, proof.about) == ("refund", failing.pk, "application")

    def test_shows_what_is_wrong_beside_the_field(self, signed_in, failing):
        client = signed_in(failing.enterprise)
        page = send(client, failing, do="save", phone="12", note="账号 6222020200112233445")
        assert "请不要在这里写账号" in page
        assert page.count('class="errorlist"') >= 2
        assert not Draft.objects.exists()

    def test_takes_no_proof_that_is_not_one(self, signed_in, failing):
        file = SimpleUploadedFile("证明.pdf", b"not a paper")
        page = send(signed_in(failing.enterprise), failing, do="send", files=[file])
        assert "不是 PDF、JPG 或 PNG 文件" in page
        failing.refresh_from_db()
        assert failing.state == State.INELIGIBLE
        assert not Attachment.objects.exists()

    def test_is_not_seen_by_another_enterprise(self, signed_in, failing, make_enterprise):
        send(signed_in(failing.enterprise), failing, do="save", contact="王某")
        stranger = signed_in(make_enterprise())
        assert stranger.get(reverse("portal:apply", args=[failing.pk])).status_code == 404
        assert "王某" not in read(stranger.get(reverse("portal:apply_first"), follow=True))

    def test_goes_with_a_first_application_too(self, signed_in, make_enterprise, programme, credit_list):
        enterprise = make_enterprise()
        client = signed_in(enterprise)
        client.post(reverse("portal:apply_first"), {"do": "save", "contact": "王某"})
        page = read(client.get(reverse("portal:apply_first")))
        assert "王某" in page
        client.post(reverse("portal:apply_first"), {"do": "send", "contact": "王某"})
        assert Draft.objects.get().application == enterprise.applications.get()


class TestReturned:
    @pytest.fixture
    def returned(self, failing, signed_in, staff, moment) -> Application:
        send(signed_in(failing.enterprise), failing, do="send")
        failing.refresh_from_db()
        actions.return_for_completion(failing, "请补减员证明", ["layoff_rate"], by=staff(Role.PREPARER), at=moment(7, 1))
        return failing

    def test_says_why_what_and_until_when(self, signed_in, returned, desk_at):
        desk_at(7, 2)
        client = signed_in(returned.enterprise)
        case = read(client.get(reverse("portal:refund", args=[returned.pk])))
        page = apply_page(client, returned)
        assert "2024年7月15日" in case
        for words in ("请补减员证明", "上年度参保人员增减明细", "2024年7月15日"):  # the tenth working day from July 2
            assert words in page
        assert "2024年7月15日前（含当日）" in Message.objects.get(kind="returned").text.reveal()

    def test_is_closed_by_the_next_sending(self, signed_in, returned, desk_at):
        desk_at(7, 2)
        send(signed_in(returned.enterprise), returned, do="send", files=[picture()])
        returned.refresh_from_db()
        assert returned.state == State.SUBMITTED
        assert Completion.objects.get().answered_at is not None
        assert Attachment.objects.get().case_id == returned.pk


class TestLastYear:
    @pytest.fixture
    def before(self, make_enterprise, programme, moment, acts_for, credit_list) -> Application:
        """An own application of 2023, sent with a contact, paid to another account than today's."""
        enterprise = make_enterprise()
        earlier = Programme.objects.create(
            state="CLOSED", notice="shanxi/2024", region=programme.region, year=2023, title="2023年度稳岗返还",
            prepared_by=programme.prepared_by, created_at=moment(1, 1, year=2023),
        )  # fmt: skip
        award = Award.objects.create(
            programme=earlier, region=enterprise.region, case_kind="refund", case_id=1, name=enterprise.name, amount=1,
            account_source="corporate", account="6222000099998888", created_at=moment(6, 1, year=2023),
        )  # fmt: skip
        application = Application.objects.create(
            state="APPROVED", programme=earlier, enterprise=enterprise, region=enterprise.region, year=2023, award=award,
            channel="自主申请", submitted_at=moment(5, 1, year=2023),
        )  # fmt: skip
        Draft.objects.create(
            programme=earlier, enterprise=enterprise, application=application, contact="赵某", phone="13900000009",
            saved_by=acts_for(enterprise), saved_at=moment(5, 1, year=2023), sent_at=moment(5, 1, year=2023),
        )  # fmt: skip
        return application

    def test_is_carried_over_said_so_and_to_be_looked_at_again(self, signed_in, before):
        client = signed_in(before.enterprise)
        page = read(client.get(reverse("portal:apply_first")))
        for words in ("带自2023年度的申请", "赵某", "139****0009", "****8888", "与现在登记的账户不同"):
            assert words in page
        refused = read(client.post(reverse("portal:apply_first"), {"do": "send", "contact": "赵某"}))
        assert "请核对从去年带来的内容" in refused
        client.post(reverse("portal:apply_first"), {"do": "send", "contact": "赵某", "looked": "on"})
        draft = Draft.objects.get(programme__year=2024)
        assert (draft.cloned_from, draft.phone.reveal()) == (before, "13900000009")
        assert draft.application.year == 2024


class TestDispatchUnit:
    @pytest.fixture
    def unit(self, make_enterprise, screen) -> Application:
        enterprise = make_enterprise(dispatch=True, uscc=uscc(9))  # 12,000.00 paid
        screen()
        return enterprise.applications.get()

    def hosts(self, client: Client, unit: Application, *rows: dict[str, str], do: str = "keep") -> str:
        form: dict[str, object] = {"row": [str(number) for number in range(len(rows))], "do": do}
        form |= {f"{number}-{name}": value for number, row in enumerate(rows) for name, value in row.items()}
        return read(client.post(reverse("portal:hosts", args=[unit.pk]), form, follow=True))

    def test_is_asked_for_its_hosts_first(self, signed_in, unit):
        client = signed_in(unit.enterprise)
        assert "还没有填报用工单位" in apply_page(client, unit)
        assert "须先填报用工单位" in send(client, unit, do="send")
        unit.refresh_from_db()
        assert unit.state != State.SUBMITTED

    def test_adds_and_takes_away_rows_without_losing_what_was_typed(self, signed_in, unit):
        client = signed_in(unit.enterprise)
        page = self.hosts(client, unit, HOST, do="add")
        assert (page.count('name="row"'), "甲厂" in page) == (2, True)
        page = self.hosts(client, unit, HOST, OTHER, do="drop-0")
        assert (page.count('name="row"'), "甲厂" in page, "乙局" in page) == (1, False, True)
        assert hosts_declared(unit.enterprise, 2023) == []

    def test_accepts_the_allocation_that_it_is_shown_and_that_is_frozen(self, signed_in, unit):
        client = signed_in(unit.enterprise)
        page = self.hosts(client, unit, HOST, OTHER)
        for words in ("甲厂", "乙局", "600.00", "不返还", "6,300.00"):  # 60% of 1,000.00; of 12,000.00 less 500.00 and 1,000.00
            assert words in page
        accepted = re.search(r'name="accepted" value="(\w+)"', page).group(1)
        assert "请核对资金分配" in send(client, unit, do="send", accepted=accepted)
        assert "请重新核对" in send(client, unit, do="send", agreed="on", accepted="0" * 64)
        send(client, unit, do="send", agreed="on", accepted=accepted)
        unit.refresh_from_db()
        assert unit.state == State.SUBMITTED
        frozen = unit.allocations.get()
        assert frozen.sha256 == accepted
        assert [(part["whose"], part["workers"], part["amount"]) for part in frozen.parts] == [
            ("host", 3, "600.00"), ("own", None, "6300.00"), ("public", 2, "300.00")
        ]  # fmt: skip

    def test_a_host_left_out_stops_counting_and_may_come_back(self, signed_in, unit):
        client = signed_in(unit.enterprise)
        self.hosts(client, unit, HOST, OTHER)
        self.hosts(client, unit, HOST)
        assert [host.host_name for host in hosts_declared(unit.enterprise, 2023)] == ["甲厂"]
        self.hosts(client, unit, HOST, OTHER | {"workers": "4"})
        assert [host.workers for host in hosts_declared(unit.enterprise, 2023)] == [3, 4]

    @pytest.mark.parametrize(
        ("wrong", "why"),
        [
            ({"host_uscc": uscc(1)[:-1] + "I"}, "不含字符 I"),
            ({"workers": "三"}, "应为数字"),
            ({"paid": ""}, "请填写实缴金额"),
            ({"host_kind": "工厂"}, "请选择列表中的单位类型"),
        ],
    )
    def test_is_told_beside_the_field_what_is_wrong(self, signed_in, unit, wrong, why):
        page = self.hosts(signed_in(unit.enterprise), unit, HOST | wrong)
        [field] = re.findall(r'<div class="field wrong">.*?</div>', page, re.DOTALL)
        assert why in field
        assert hosts_declared(unit.enterprise, 2023) == []

    def test_is_told_beside_the_field_what_only_the_check_finds(self, signed_in, unit):
        page = self.hosts(signed_in(unit.enterprise), unit, HOST, HOST)
        assert page.count("需要更正") == 2
        assert hosts_declared(unit.enterprise, 2023) == []

    def test_uploads_its_own_spreadsheet_and_sees_the_report_first(self, signed_in, unit, make_enterprise):
        client, stranger = signed_in(unit.enterprise), make_enterprise(dispatch=True, uscc=uscc(8))
        head = "派遣单位统一社会信用代码,用工单位统一社会信用代码,用工单位名称,用工单位类型,年度,派遣人数,上年度实缴失业保险费"
        good = f"{unit.enterprise.uscc},{HOST['host_uscc']},甲厂,企业,2023,3,1000"
        theirs = f"{stranger.uscc},{OTHER['host_uscc']},乙局,机关事业单位,2023,2,500"
        file = SimpleUploadedFile("用工单位.csv", f"{head}\n{good}\n{theirs}".encode())
        answer = client.post(reverse("portal:upload_hosts", args=[unit.pk]), {"file": file}, follow=True)
        report = answer.redirect_chain[-1][0]
        page = read(answer)
        assert "新增 1 行" in page
        assert "只能填报本单位的行" in page
        assert hosts_declared(unit.enterprise, 2023) == hosts_declared(stranger, 2023) == []
        assert signed_in(stranger).get(report).status_code == 404
        assert "已写入" in read(client.post(report, {"do": "take"}, follow=True))
        assert [host.host_name for host in hosts_declared(unit.enterprise, 2023)] == ["甲厂"]
        assert hosts_declared(stranger, 2023) == []

    def test_is_no_page_for_another_enterprise(self, signed_in, failing):
        client = signed_in(failing.enterprise)
        assert client.get(reverse("portal:hosts", args=[failing.pk])).status_code == 404
