"""The only writer of `state`: by the table beside `State`, guarded, with its Event, in one transaction.

A model that moves has `state`, `CASE` (its fixed word), `MOVES` ({(from, to): roles}), `HELD_MOVES` (those of them
that an open Hold bars) and, where staff move it, `region`. Two people at once give one move and one clear refusal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, islice
from typing import Any, NamedTuple

from django.db import connection, models, transaction
from django.utils.timezone import localdate
from psycopg import sql

from agency.models import POSTS, Event, Hold, Role, User
from agency.queries import paths_by_role
from agency.sealed import BlindIndexField, SealedField

CHUNK = 10_000


class MoveRefused(Exception):
    """This move cannot be made; says in Chinese why and what to do next."""


class Moved(NamedTuple):
    """What a bulk move did: ids moved, ids refused (held, already elsewhere, not this person's)."""

    moved: list[int]
    refused: list[int]


def move(
    row: Any, to: str, *, by: User | None, at: datetime, why: str = "", detail: Mapping[str, Any] | None = None, **also: Any
) -> None:
    """Move one row to `to`, setting `also` in the same guarded UPDATE, and write its Event.

    `by` None is the system itself. Raises MoveRefused (not in the table, not this person's, held, or somebody was
    first); the row in hand is brought up to date."""
    model = type(row)
    labels = dict(model.State.choices)
    roles = model.MOVES.get((row.state, to))
    if roles is None:
        raise MoveRefused(f"当前状态为“{labels[row.state]}”，不能变为“{labels[to]}”；请刷新页面后查看可办理的操作。")
    check_mover(row, roles, by, at)
    with transaction.atomic():
        locked = model.objects.select_for_update(of=("self",)).filter(pk=row.pk, state=row.state)
        if not locked.values_list("pk", flat=True).first():
            raise MoveRefused("此件刚刚已由他人或系统处理，本次操作未生效；请刷新页面后再看。")
        if (row.state, to) in model.HELD_MOVES and is_held(model.CASE, row.pk):
            raise MoveRefused("此件有未解除的暂缓，不能继续办理；请先处理暂缓事项。")
        before = row.state
        model.objects.filter(pk=row.pk).update(state=to, **also)
        Event.objects.create(
            at=at, kind=Event.Kind.MOVE, case_kind=model.CASE, case_id=row.pk, by=by, region_id=_region_id(row),
            from_state=before, to_state=to, why=why, detail=dict(detail or {}),
        )  # fmt: skip
    row.state = to
    for name, value in also.items():
        setattr(row, name, value)


def is_held(case: str, case_id: int) -> bool:
    """Whether an open Hold stands on the case."""
    return Hold.objects.filter(case_kind=case, case_id=case_id, lifted_at__isnull=True).exists()


def move_all(
    rows: "models.QuerySet[Any]", to: str, *, by: User | None, at: datetime, why: str = "", also: Mapping[str, Any] | None = None
) -> Moved:
    """Move every row of the queryset that may move to `to`, by chunks of 10,000, each one transaction with its Events.

    `also` names columns to set with plain values. A row that is held, outside the mover's region or not in a state
    from which the table leads to `to` is refused, not an error."""
    ids = rows.order_by("pk").values_list("pk", flat=True)  # a join may name a row twice: in order, so side by side
    return move_ids(rows.model, ids.iterator(chunk_size=CHUNK), to, by=by, at=at, why=why, also=also)


def move_ids(
    model: Any, ids: Iterable[int], to: str, *, by: User | None, at: datetime, why: str = "",
    also: Mapping[str, Any] | None = None, each: Mapping[str, Mapping[int, Any]] | None = None,
) -> Moved:  # fmt: skip
    """`move_all` for rows that are known by their ids; an id that comes twice comes side by side. `each` names columns that
    are set to a value of every row's own, by id."""
    moved: list[int] = []
    refused: list[int] = []
    for chunk in _chunks(pk for pk, _ in groupby(ids)):
        went = _move_chunk(model, chunk, to, by=by, at=at, why=why, also=also or {}, each=each or {})
        gone = set(went)
        moved += went
        refused += [pk for pk in chunk if pk not in gone]
    return Moved(moved, refused)


def open_all(rows: Sequence[Any], *, by: User | None, at: datetime, why: str = "") -> list[Any]:
    """Insert new rows of one model in the state they are born in, each with its Event. Returns them with their ids."""
    if rows:
        with transaction.atomic():
            insert_all(rows)
            tell_born(type(rows[0]), [row.pk for row in rows], by=by, at=at, why=why)
    return list(rows)


def open_rows(
    model: Any, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, by: User | None, at: datetime, why: str = ""
) -> None:
    """As `open_all`, of plain values, as `copy_rows` takes them; the first column is the id. A third of its time."""
    with transaction.atomic():
        copy_rows(model, columns, rows)
        tell_born(model, [row[0] for row in rows], by=by, at=at, why=why)


def tell_born(model: Any, ids: Sequence[int], *, by: User | None, at: datetime, why: str) -> None:
    """The Event of each row's birth, for rows that were inserted by other means."""
    has_region = any(field.name == "region" for field in model._meta.fields)
    told = sql.SQL(
        """
        INSERT INTO {event} (at, kind, case_kind, case_id, by_id, region_id, from_state, to_state, why, detail)
        SELECT %s, 'MOVE', %s, id, %s, {region}, '', state, %s, '{{}}' FROM {table} WHERE id = ANY(%s::bigint[]) ORDER BY id
        """
    ).format(
        event=sql.Identifier(Event._meta.db_table),
        table=sql.Identifier(model._meta.db_table),
        region=sql.SQL("region_id" if has_region else "NULL"),
    )
    with connection.cursor() as cursor:
        cursor.execute(told.as_string(None), [at, model.CASE, by and by.pk, why, as_array(ids)])


def insert_all(rows: Sequence[Any]) -> None:
    """Insert rows of one model by COPY, giving them their ids. Sealed fields are sealed as by a save.

    A row that has its id already keeps it."""
    if not rows:
        return
    model = type(rows[0])
    unnamed = [row for row in rows if row.pk is None]
    for row, pk in zip(unnamed, next_ids(model, len(unnamed)), strict=True):
        row.pk = pk
    fields = [(field.attname, field if isinstance(field, _PREPARED) else None) for field in model._meta.concrete_fields]
    copy_rows(
        model,
        [field.column for field in model._meta.concrete_fields],
        ([getattr(row, name) if field is None else _prepared(field, row) for name, field in fields] for row in rows),
    )
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias  # as Django leaves a row that it saved


_PREPARED = (SealedField, BlindIndexField, models.JSONField)  # the other fields hold what psycopg takes as it is


def _prepared(field: Any, row: Any) -> Any:
    return field.get_db_prep_save(field.pre_save(row, True), connection)


def copy_rows(model: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of plain values by COPY, ids included where `columns` names them. JSON is text; nothing is sealed here."""
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with (
        transaction.atomic(),
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(copy.as_string(None)) as into,
    ):
        for row in rows:
            into.write_row(row)


def next_ids(model: Any, count: int) -> list[int]:
    """Ids for that many new rows of a model."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH ids AS MATERIALIZED (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS sequence) "
            "SELECT nextval(sequence) FROM ids, generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def record(
    kind: str, *, case: str, case_id: int | None, by: User | None, at: datetime, why: str = "", region_id: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Event:  # fmt: skip
    """Write an Event that is not a move: a decision, an export, a sign-in, a read of personal data."""
    return Event.objects.create(
        at=at, kind=kind, case_kind=case, case_id=case_id, by=by, region_id=region_id, why=why, detail=dict(detail or {})
    )


def _region_id(row: Any) -> str | None:
    return getattr(row, "region_id", None)


def check_mover(row: Any, roles: Iterable[str], by: User | None, at: datetime) -> None:
    """Raise MoveRefused unless `by` holds one of `roles` over the row's region; asked of every move, and by an action
    that makes a row rather than moving one."""
    allowed = set(roles)
    if by is None or by.kind != User.Kind.STAFF:
        role = Role.SYSTEM if by is None else Role.ENTERPRISE
        if role not in allowed:
            raise MoveRefused("这一步须由经办机构工作人员办理。")
        return
    path = row.region.path if _region_id(row) else ""
    for role, prefixes in paths_by_role(by, localdate(at)).items():
        if role in allowed and (not path or any(path.startswith(prefix) for prefix in prefixes)):
            return
    wanted = "、".join(role.label for role in POSTS if role in allowed)
    raise MoveRefused(f"您在该地区没有办理这一步的岗位（需要：{wanted}）；请由有此岗位的人员办理。")


def _chunks(ids: Iterator[int]) -> Iterator[list[int]]:
    while chunk := list(islice(ids, CHUNK)):
        yield chunk


def _move_chunk(
    model: Any, ids: list[int], to: str, *, by: User | None, at: datetime, why: str, also: Mapping[str, Any],
    each: Mapping[str, Mapping[int, Any]],
) -> list[int]:  # fmt: skip
    """One transaction: lock the rows, in order; then, seeing all that others did before, move those that may and write
    their Events. Returns the ids moved."""
    if by is None or by.kind != User.Kind.STAFF:
        held_roles = {Role.SYSTEM if by is None else Role.ENTERPRISE: [""]}
    else:
        held_roles = paths_by_role(by, localdate(at))
    scopes = _scopes(model, to, held_roles)
    if not scopes:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_lock_statement(model), [as_array(ids)])
        locked = cursor.fetchall()
        held = _held(model.CASE, ids) if any(barred for _, _, barred in scopes) else set()
        going = [
            (pk, was, region_id)
            for pk, was, region_id, path in locked
            if any(
                was == source and (path is None or path.startswith(prefix)) and not (barred and pk in held)
                for source, prefix, barred in scopes
            )
        ]
        if going:
            _set(model, [pk for pk, _, _ in going], {"state": to, **also}, each)
            _tell(model.CASE, going, to, by=by, at=at, why=why)
    return [pk for pk, _, _ in going]


def _lock_statement(model: Any) -> str:
    """(id, state, region, its path) of the rows, locked in the order of their ids."""
    if any(field.name == "region" for field in model._meta.fields):
        wanted, join = "row.region_id, region.path", "LEFT JOIN agency_region region ON region.code = row.region_id"
    else:
        wanted, join = "NULL, NULL", ""
    statement = "SELECT row.id, row.state, {} FROM {} row {} WHERE row.id = ANY(%s::bigint[]) ORDER BY row.id FOR UPDATE OF row"
    return sql.SQL(statement).format(sql.SQL(wanted), sql.Identifier(model._meta.db_table), sql.SQL(join)).as_string(None)


def _held(case: str, ids: list[int]) -> set[int]:
    """Those of the cases on which a hold is open. Ids go as one array: thousands in an IN list cost more than the query.

    Everywhere as bigint[]: PostgreSQL looks up a row's id in an array of its own type by a hash, in another from end to end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT case_id FROM agency_hold WHERE case_kind = %s AND case_id = ANY(%s::bigint[]) AND lifted_at IS NULL",
            [case, as_array(ids)],
        )
        return {case_id for (case_id,) in cursor.fetchall()}


def as_array(ids: Iterable[int]) -> str:
    """Ids as the text of a PostgreSQL array, for `%s::bigint[]`; psycopg writes a list item by item, at ten times the cost."""
    return "{" + ",".join(map(str, ids)) + "}"


def _set(model: Any, ids: list[int], values: Mapping[str, Any], each: Mapping[str, Mapping[int, Any]]) -> None:
    """Set columns of rows that are locked: some to the same value, those of `each` to the row's own."""
    fields = {model._meta.get_field(name): getattr(value, "pk", value) for name, value in values.items()}
    own = {model._meta.get_field(name): [of[pk] for pk in ids] for name, of in each.items()}
    sets = [sql.SQL("{} = %s").format(sql.Identifier(field.column)) for field in fields]
    sets += [sql.SQL("{0} = given.{0}").format(sql.Identifier(field.column)) for field in own]
    arrays = [sql.SQL("%s::{}[]").format(sql.SQL(field.db_type(connection))) for field in own]
    statement = sql.SQL("UPDATE {table} row SET {sets} FROM unnest({arrays}) given ({names}) WHERE row.id = given.id").format(
        table=sql.Identifier(model._meta.db_table),
        sets=sql.SQL(", ").join(sets),
        arrays=sql.SQL(", ").join([sql.SQL("%s::bigint[]"), *arrays]),
        names=sql.SQL(", ").join(map(sql.Identifier, ["id", *(field.column for field in own)])),
    )
    with connection.cursor() as cursor:
        given = [field.get_db_prep_save(value, connection) for field, value in fields.items()]
        owned = [[field.get_db_prep_save(value, connection) for value in of] for field, of in own.items()]
        cursor.execute(statement.as_string(None), [*given, as_array(ids), *owned])


def _tell(case: str, gone: Sequence[tuple[int, str, str | None]], to: str, *, by: User | None, at: datetime, why: str) -> None:
    """The Events of rows that moved, given as (id, state before, region), in one statement."""
    ids, before, regions = (list(column) for column in zip(*gone, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO agency_event (at, kind, case_kind, case_id, by_id, region_id, from_state, to_state, why, detail)
            SELECT %s, 'MOVE', %s, id, %s, region_id, was, %s, %s, '{}'
            FROM unnest(%s::bigint[], %s::text[], %s::text[]) gone (id, was, region_id)
            """,
            [at, case, by and by.pk, to, why, as_array(ids), before, regions],
        )


def _scopes(model: Any, to: str, held_roles: Mapping[str, Sequence[str]]) -> list[tuple[str, str, bool]]:
    """(from state, region prefix, barred by a hold) for each move to `to` that the mover may make."""
    return [
        (str(source), prefix, (source, target) in model.HELD_MOVES)
        for (source, target), roles in model.MOVES.items()
        if target == to
        for role, prefixes in held_roles.items()
        if role in roles
        for prefix in prefixes
    ]
