"""Workers that die while they load: whatever the moment, after the retry the city stands as if nothing had happened."""

import hashlib
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.core.management import call_command
from django.db import connection

from agency import clock
from agency.actions import imports
from agency.actions.clock import set_desk_clock
from agency.actions.files import drop_strays, opened
from agency.actions.jobs import retry_job
from agency.models import Event, File, Import, Job
from agency.queries import open_warnings
from enterprises.models import Enterprise, MonthlyContribution
from tests.business import events_of, history_of, imports_told, rows_of
from tests.forge import KILLED, Forge
from tests.office import Office, contribution, enterprise, uscc

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROWS, FILES, DEATHS = 2_000, 6, 20
SWEEP = "agency.work_jobs"
FACTS = (Enterprise, MonthlyContribution)


def enterprises(number: int, luck: random.Random) -> list[dict[str, object]]:
    """The registry, month by month: some rows new, some changed in what is open or sealed, a few that cannot be taken."""
    rows = []
    for each in range(number * 200, number * 200 + ROWS):
        row = enterprise(each, 手机号=f"138{each:08}", 账号=f"62220000{each:08}", 户名=f"第{each}号公司", 从业人员="7")
        if luck.random() < 0.3:
            row |= {"手机号": f"139{number}{each:07}", "从业人员": str(luck.randrange(1, 50))}
        if luck.random() < 0.02:
            row["单位类型"] = "不知道"
        rows.append(row)
    return rows


def contributions(number: int, luck: random.Random) -> list[dict[str, object]]:
    rows = []
    for each in range(ROWS):
        row = contribution(uscc(each % 900), 费款所属期=f"2023{each // 900 + number:02}", 缴费人数=str(luck.randrange(1, 40)))
        rows.append(row | ({"单位实缴": "很多"} if luck.random() < 0.02 else {}))
    return rows


def the_files(office: Office) -> list[tuple[str, Path]]:
    """(kind, spreadsheet) in the order of loading; contributions overlap with those of the file before."""
    found = []
    for number in range(FILES):
        luck = random.Random(number)
        if number % 2:
            found.append(("contributions", office.csv(contributions(number, luck))))
        else:
            write = office.csv if number else office.xlsx
            found.append(("enterprises", write(enterprises(number, luck))))
    return found


def staged() -> list[str]:
    return [name for name in connection.introspection.table_names() if name.startswith("intake_")]


class City:
    """An office whose jobs are worked by processes that may be killed."""

    def __init__(self, folder: Path, forge: Forge, office: Office) -> None:
        self.forge, self.office, self.files = forge, office, the_files(office)
        self.took: list[float] = []
        self.died: list[tuple[str, str]] = []

    def load_all(self, moments: list[list[float]]) -> None:
        """Check and confirm each file. `moments`, for each job: when the processes that work it are killed, in seconds after
        the job's start."""
        for (kind, path), of_check, of_confirm in zip(self.files, moments[::2], moments[1::2], strict=True):
            self.load(kind, path, of_check, of_confirm)

    def load(self, kind: str, path: Path, of_check: list[float], of_confirm: list[float]) -> None:
        people, at = self.office.people, clock.now()
        imp = imports.start_import(kind, path, path.name, {}, by=people["jingban"], at=at)
        self.work(Job.objects.get(kind="CHECK", subject_id=imp.pk), of_check)
        imp.refresh_from_db()
        if warnings := open_warnings(imp):
            imports.acknowledge_warnings(imp, [each["name"] for each in warnings], by=people["fushen"], at=clock.now())
        job = imports.request_confirm(imp, by=people["fushen"], at=clock.now())
        self.work(job, of_confirm)

    def work(self, job: Job, moments: list[float]) -> None:
        """As the beat does: sweep until the job is done; a person retries it where it has failed."""
        until = time.monotonic() + 120
        while job.state != Job.State.DONE:
            assert time.monotonic() < until, (job.state, job.step, job.problem)
            if job.state == Job.State.FAILED:
                assert "连续中断 3 次" in job.problem
                retry_job(job, by=self.office.people["jingban"], at=clock.now())
            before, group = times_begun(job), self.forge.start(SWEEP)
            if moments:
                self.let_begin(job, before, group)
                time.sleep(moments[0])
                self.forge.kill(group)
                if times_begun(job) > before:  # else the connections of the last one were not gone yet
                    moments = moments[1:]
            status = self.forge.wait(group)
            job.refresh_from_db()
            if status == KILLED and job.state == Job.State.RUNNING:
                self.died.append((job.kind, job.step))
        self.took.append(job.seconds_taken)

    def let_begin(self, job: Job, before: int, group: int) -> None:
        """Until the process works the job; it ends at once where the last one's connections are not gone yet."""
        until = time.monotonic() + 20
        while times_begun(job) == before and self.forge.runs(group) and time.monotonic() < until:
            time.sleep(0.002)

    def says(self) -> dict[str, Any]:
        """All that was loaded, as people would compare it."""
        names = dict(Import.objects.values_list("pk", "file__name"))
        tables = [*FACTS, *map(history_of, FACTS)]
        return {
            **{table.__name__: rows_of(table) for table in tables},
            "imports": imports_told(),
            "events": events_of("import", names),
        }


def times_begun(job: Job) -> int:
    return Event.objects.filter(case_kind=Job.CASE, case_id=job.pk, to_state=Job.State.RUNNING).count()


def stray_files() -> list[Path]:
    """What lies where files are kept and belongs to no row, but for what other tests left with higher ids."""
    kept = set(File.objects.values_list("pk", flat=True))
    found = [path for path in Path(site.FILES_ROOT).rglob("*") if path.is_file()]
    return [path for path in found if path.suffix or (int(path.name) not in kept and int(path.name) < max(kept))]


@pytest.fixture
def city(committed_office, forge, tmp_path, settings) -> City:
    settings.DEMO = True
    set_desk_clock(committed_office.at, real_now=clock.now())
    return City(tmp_path, forge, committed_office)


def test_loads_the_same_whenever_its_workers_are_killed(city, forge, tmp_path, at, seeded):
    city.load_all([[]] * 2 * FILES)
    undisturbed = city.says()
    call_command("flush", verbosity=0, interactive=False)
    set_desk_clock(at, real_now=clock.now())
    (tmp_path / "again").mkdir()
    again = City(tmp_path / "again", forge, Office(tmp_path / "again", at))
    again.load_all(killed_at(city.took, seeded))
    says = again.says()
    assert {name: says[name] == undisturbed[name] for name in says} == dict.fromkeys(undisturbed, True)
    assert len(again.died) >= DEATHS
    assert len(set(again.died)) >= 4, again.died  # kinds of jobs and their steps
    assert staged() == []
    drop_strays(written_before=datetime.now(UTC) + timedelta(minutes=1))
    assert stray_files() == []
    for file in File.objects.all():
        with opened(file) as plain:
            assert hashlib.sha256(plain.read()).hexdigest() == file.sha256


def killed_at(took: list[float], luck: random.Random) -> list[list[float]]:
    """Three or four moments for each job, spread over the time that the quickest of its like takes undisturbed."""
    deaths = [3 + number % 2 for number in range(len(took))]
    shares = [(place + luck.random()) / sum(deaths) for place in range(sum(deaths))]
    luck.shuffle(shares)
    return [[shares.pop() * min(took[number % 4 :: 4]) for _ in range(times)] for number, times in enumerate(deaths)]
