"""The beat table names every sweep, and a real worker carries each out on an empty database, twice."""

from config.celery import app


def sweeps() -> list[str]:
    return sorted({entry["task"] for entry in app.conf.beat_schedule.values()})


class TestBeatTable:
    def test_names_every_task_of_ours_and_no_other(self):
        app.loader.import_default_modules()
        assert sweeps() == sorted(name for name in app.tasks if not name.startswith("celery."))

    def test_every_sweep_takes_no_argument(self):
        assert [entry for entry in app.conf.beat_schedule.values() if entry.get("args") or entry.get("kwargs")] == []

    def test_every_sweep_is_safe_with_nothing_to_do_and_twice(self, worker, the_machine):
        log = the_machine.logs / "worker.log"
        begun = log.stat().st_size
        for name in [*sweeps(), *sweeps()]:
            app.send_task(name)
        worker()
        said = log.read_bytes()[begun:].decode()
        assert "raised unexpected" not in said
        assert {name: said.count(f"Task {name}[") for name in sweeps()} == dict.fromkeys(sweeps(), 4)  # received, succeeded
