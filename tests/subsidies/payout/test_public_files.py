"""What a published round is given out as: made once, by a job, from the frozen list."""

import hashlib
from io import BytesIO

import docx
import pytest
from pypdf import PdfReader

from agency.actions.files import FileMissing, opened, read_public, store_file
from agency.actions.jobs import untold
from agency.models import Event, File, Job, Role
from agency.moves import move
from subsidies.payout import actions, tasks
from subsidies.payout.models import PublicityRound


def content_of(file: File) -> bytes:
    with opened(file) as plain:
        return plain.read()


def pages_of(file: File) -> list[str]:
    return ["".join(page.extract_text().split()) for page in PdfReader(BytesIO(content_of(file))).pages]


class TestFiles:
    def test_a_job_waits_from_the_publication_on(self, make_awards, publish):
        make_awards(1)
        round_ = publish()
        job = Job.objects.get(kind=Job.Kind.PUBLICITY)
        assert (job.state, job.subject_id) == ("QUEUED", round_.pk)
        assert round_.file is None

    def test_the_pdf_holds_announcement_lines_and_hash(self, make_awards, publish, make_files):
        make_awards(130)
        round_ = make_files(publish())
        pages = pages_of(round_.pdf)
        assert len(pages) >= 3
        for said in ("公示（第一批）", "晋人社厅发〔2024〕28号", "咨询电话：0353-1234567", "甲市失业保险中心", round_.sha256):
            assert said in pages[0]
        for name, amount in round_.lines.values_list("name", "amount"):
            assert any(f"{name}{amount:,.2f}" in page for page in pages)

    def test_the_announcement_can_be_edited_in_word(self, make_awards, publish, make_files):
        make_awards(2)
        round_ = make_files(publish())
        lines = [line.text for line in docx.Document(BytesIO(content_of(round_.announcement))).paragraphs if line.text]
        assert lines[0] == round_.title
        assert lines[-2:] == ["甲市失业保险中心", "2024年6月3日"]
        assert "".join(lines) == "".join(round_.body.split("\n"))

    def test_the_same_list_gives_the_same_bytes(self, make_awards, publish, make_files):
        make_awards(3)
        round_ = make_files(publish())
        first = {kind: getattr(round_, kind).sha256 for kind in ("file", "pdf", "announcement")}
        PublicityRound.objects.update(file=None, pdf=None, announcement=None)
        Job.objects.update(state=Job.State.QUEUED)
        again = make_files(PublicityRound.objects.get())
        assert {kind: getattr(again, kind).sha256 for kind in first} == first

    def test_the_kept_hash_is_that_of_the_bytes_and_in_the_trail(self, make_awards, publish, make_files):
        make_awards(1)
        round_ = make_files(publish())
        told = Event.objects.get(case_kind="round", kind=Event.Kind.WRITE).detail
        for kind in ("file", "pdf", "announcement"):
            file = getattr(round_, kind)
            assert told[kind] == file.sha256 == hashlib.sha256(content_of(file)).hexdigest()
            assert file.expires_at is None

    def test_a_round_that_has_its_files_keeps_them(self, make_awards, publish, make_files, moment):
        make_awards(1)
        round_ = make_files(publish())
        job = Job.objects.get(kind=Job.Kind.PUBLICITY)
        tasks.make_files(job, at=moment(6, 4), progress=untold)
        assert File.objects.filter(kind=File.Kind.PUBLICITY).count() == 3
        assert PublicityRound.objects.get().pdf == round_.pdf

    def test_cancelled_at_the_end_it_leaves_nothing(self, make_awards, publish, staff, moment):
        make_awards(1)
        publish()
        job = Job.objects.get(kind=Job.Kind.PUBLICITY)
        move(job, Job.State.CANCELLED, by=staff(Role.REVIEWER), at=moment(6, 3))
        with pytest.raises(Exception, match="已被取消"):
            tasks.make_files(job, at=moment(6, 3), progress=untold)
        assert not File.objects.exists()
        assert PublicityRound.objects.get().file is None

    def test_nothing_but_published_files_is_open_to_anybody(self, files, regions, moment):
        other = store_file(File.Kind.BANK, "拨付.xlsx", b"x", owner=None, region_id="1403", at=moment(6, 3))
        with pytest.raises(FileMissing):
            read_public(other)


@pytest.mark.django_db(transaction=True)
def test_the_sweep_makes_the_files(transactional_db, make_awards, publish):
    make_awards(2)
    round_ = publish()
    tasks.work_lists()
    round_.refresh_from_db()
    assert None not in (round_.file_id, round_.pdf_id, round_.announcement_id)
    assert Job.objects.get(kind=Job.Kind.PUBLICITY).state == "DONE"


def test_a_refused_publication_orders_no_files(programme, make_awards, staff, files, moment):
    make_awards(1)
    round_ = actions.prepare_round(programme, by=staff(Role.PREPARER), at=moment(6, 3))
    with pytest.raises(actions.RoundRefused):
        actions.publish_round(round_, moment(6, 3).date(), by=staff(Role.PREPARER, 2), at=moment(6, 3))
    assert not Job.objects.exists()
