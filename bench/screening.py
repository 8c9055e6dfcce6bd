"""Screening: the whole programme of the city that was loaded, as the job does it."""

from bench.measure import told, watched


def screening() -> None:
    """Screen the loaded city as the job does."""
    from agency import clock
    from agency.actions.jobs import work_next
    from agency.models import Job, Programme, User
    from subsidies.refunds import actions
    from subsidies.refunds.models import ScreeningRun

    programme, clerk = Programme.objects.get(), User.objects.get(username="jingban1")
    for words in ("screening", "screening again"):
        at = clock.now()
        run = actions.start_screening(programme, at.date(), by=clerk, at=at)

        def work(job: Job, *, at: object, progress: object, run: ScreeningRun = run) -> None:
            actions.screen(run, at=at, progress=progress)

        with watched() as one:
            work_next(Job.Kind.SCREENING, work, now=clock.now)
        run.refresh_from_db()
        told(words, sum(run.counts["outcomes"].values()), one)
