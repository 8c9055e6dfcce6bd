"""后到的正式划型: which formal lists of sizes came after a programme's newest screening, and where they count."""

from datetime import date

from django.db import connection

from policy.notice import Terms


def resized_later(terms: Terms, on: date) -> bool:
    """Whether a formal list that comes later is to re-size: 待正式对企业划型后，按最新企业划型数据进行多退少补 (兵团征求意见稿
    二（一）). Where no list is on the notice's ladder (河北) it is something else that is settled later."""
    return terms.says("size_settled_later", on) and "statistics_named" in terms.words_of("size_ladder", on)


# A list may name enterprises of a programme if it wrote rows, and was loaded for its region, for one in it or for one above it.
_LISTS = """
    SELECT programme.id AS programme_id, programme.year, load.id AS list_id
    FROM agency_programme programme JOIN agency_region place ON place.code = programme.region_id
    JOIN agency_import load ON load.kind = 'size-list' AND load.state = 'CONFIRMED' AND load.new + load.changed > 0
    LEFT JOIN agency_region desk ON desk.code = load.region_id
    WHERE (desk.path IS NULL OR starts_with(place.path, desk.path) OR starts_with(desk.path, place.path))
"""


def size_lists(programme_id: int) -> list[int]:
    """The imports that are its formal lists of sizes, of whatever year."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_LISTS} AND programme.id = %s ORDER BY load.id", [programme_id])
        return [list_id for _, _, list_id in cursor.fetchall()]


def unread_size_lists() -> dict[int, list[int]]:
    """{open programme: the lists that its newest screening did not find, whatever became of that, and of which it reads a row};
    without those that were never screened and those whose screening waits or runs. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT programme_id, array_agg(list_id ORDER BY list_id) FROM ({_LISTS} AND programme.state = 'OPEN') found
            JOIN LATERAL (
                SELECT size_lists FROM refunds_screeningrun run WHERE run.programme_id = found.programme_id
                ORDER BY id DESC LIMIT 1
            ) newest ON list_id <> ALL (newest.size_lists)
            WHERE EXISTS (
                SELECT FROM enterprises_sizelisting listed
                WHERE listed.source_id = found.list_id AND listed.year BETWEEN found.year - 1 AND found.year
            ) AND NOT EXISTS (
                SELECT FROM agency_job job JOIN refunds_screeningrun run ON run.id = job.subject_id
                WHERE job.kind = 'SCREENING' AND job.state IN ('QUEUED', 'RUNNING')
                    AND run.programme_id = found.programme_id
            ) GROUP BY programme_id
            """  # noqa: S608 - nothing in it comes from outside
        )
        return dict(cursor.fetchall())
