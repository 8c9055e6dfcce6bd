"""Rows are written by actions, moves and intake alone; states by moves alone."""

import ast
import re
from collections.abc import Iterator

import pytest

WRITERS = {"actions", "moves", "intake"}
ELSEWHERE = ("tests/", "samples/", "bench/")
WRITE_CALLS = {
    *("save", "create", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "_raw_delete"),
    *("asave", "acreate", "adelete", "abulk_create", "abulk_update", "aget_or_create", "aupdate_or_create", "aupdate"),
}
WRITE_SQL = re.compile(
    r"\bINSERT\s+INTO\b|\bUPDATE\s+(ONLY\s+)?[\w{}.\"%]+(\s+(AS\s+)?\w+)?\s+SET\b|\bDELETE\s+FROM\b|\bTRUNCATE\b|\bMERGE\s+INTO\b"
    r"|\bCOPY\b[^;]*\bFROM\s+STDIN\b"
)
STATE_SQL = re.compile(r"\bSET\s+(\w+\s*=\s*[^,]+,\s*)*\"?state\"?\s*=", re.DOTALL)

# path: reason. Each is looked for, so that a line that is no longer needed does not stay.
WRITES_ALLOWED: dict[str, str] = {
    "agency/models/history.py": "the text of a trigger, which notes what the three write",
    "agency/documents.py": "saves a document, which is no row",
}


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each text of the code that may be SQL, with its line; docstrings and other bare texts are prose."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in prose:
            yield node.lineno, "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, node.func.attr


def rows_written(sources) -> list[str]:
    """Every place outside the three writers that changes a row. `.update(` counts with keywords, as Django takes it;
    of dictionaries, sets and hashes it takes a value."""
    found = []
    for source in sources:
        if source.room in WRITERS or source.path.startswith(ELSEWHERE):
            continue
        for call, name in calls(source.tree):
            writes = name in WRITE_CALLS or (name == "update" and call.keywords and not call.args)
            if writes and not (name == "create" and _is_named(call, "super")):
                found.append(f"{source.path}:{call.lineno} .{name}(")
        found += [f"{source.path}:{line} SQL" for line, text in texts(source.tree) if WRITE_SQL.search(text)]
    return found


def _is_named(call: ast.Call, name: str) -> bool:
    value = call.func.value if isinstance(call.func, ast.Attribute) else None
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == name


def states_written(sources) -> list[str]:
    """Every place outside agency/moves.py that changes the state of a stored row."""
    found = []
    for source in sources:
        if source.path.startswith(("agency/moves", *ELSEWHERE)):
            continue
        for node in ast.walk(source.tree):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            names = [each for target in targets for each in (target.elts if isinstance(target, ast.Tuple) else [target])]
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
                found += [
                    f"{source.path}:{node.lineno} .state ="
                    for each in names
                    if isinstance(each, ast.Attribute) and each.attr == "state"
                ]
        for call, name in calls(source.tree):
            if name in {"update", "aupdate", "create", "bulk_create"} and any(word.arg == "state" for word in call.keywords):
                found.append(f"{source.path}:{call.lineno} .{name}(state=")
            if name in {"update_or_create", "bulk_update", "get_or_create", "save"} and "state" in _words(call):
                found.append(f"{source.path}:{call.lineno} .{name}( of state")
        for node in ast.walk(source.tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "setattr"
                and "state" in _words(node)
            ):
                found.append(f"{source.path}:{node.lineno} setattr state")
        found += [f"{source.path}:{line} SQL sets state" for line, text in texts(source.tree) if STATE_SQL.search(text)]
    return found


def _words(call: ast.Call) -> set[object]:
    """The constants and names of keywords that a call carries."""
    inside = [node for argument in (*call.args, *[word.value for word in call.keywords]) for node in ast.walk(argument)]
    named = {word.arg for node in inside if isinstance(node, ast.Call) for word in node.keywords}
    return {node.value for node in inside if isinstance(node, ast.Constant)} | named | {word.arg for word in call.keywords}


class TestRows:
    def test_are_written_by_actions_moves_and_intake_alone(self, project):
        found = rows_written(project)
        assert [line for line in found if line.partition(":")[0] not in WRITES_ALLOWED] == []
        assert set(WRITES_ALLOWED) <= {line.partition(":")[0] for line in found}

    @pytest.mark.parametrize(
        "line",
        [
            "row.save()",
            "Region.objects.create(code='140100')",
            "Region.objects.bulk_create(rows)",
            "rows.update(name='x')",
            "row.delete()",
            "Region.objects.update_or_create(code='1', defaults={})",
            "cursor.execute('INSERT INTO agency_region VALUES (1)')",
            "cursor.execute(f'UPDATE {table} row SET name = 1')",
            "cursor.execute('UPDATE \"agency_region\" SET name = 1')",
            "cursor.execute('DELETE FROM agency_region')",
            "cursor.copy('COPY staging (a, b) FROM STDIN')",
        ],
    )
    def test_a_write_elsewhere_is_noticed(self, invented, line):
        assert rows_written(invented("agency/queries.py", line)) != []
        assert rows_written(invented("subsidies/payout/admin/batches.py", line)) != []
        assert rows_written(invented("subsidies/payout/actions/batches.py", line)) == []
        assert rows_written(invented("agency/intake.py", line)) == []

    @pytest.mark.parametrize(
        "line",
        [
            "digest.update(block)",
            "found.update({'a': 1})",
            "cursor.execute('SELECT 1 FROM a FOR UPDATE OF a')",
            "'''Rows that actions INSERT INTO the table.'''",
            "cursor.copy('COPY (SELECT 1) TO STDOUT')",
        ],
    )
    def test_what_writes_no_row_is_left_alone(self, invented, line):
        assert rows_written(invented("agency/queries.py", line)) == []


class TestStates:
    def test_are_written_by_moves_alone(self, project):
        assert states_written(project) == []

    @pytest.mark.parametrize(
        "line",
        [
            "row.state = 'PAID'",
            "row.state, row.why = 'PAID', ''",
            "row.state: str = 'PAID'",
            "rows.update(state='PAID')",
            "Award.objects.create(state='PAID')",
            "Award.objects.update_or_create(pk=1, defaults={'state': 'PAID'})",
            "Award.objects.update_or_create(pk=1, defaults=dict(state='PAID'))",
            "Award.objects.bulk_update(rows, ['state'])",
            "row.save(update_fields=['state'])",
            "setattr(row, 'state', 'PAID')",
            "cursor.execute('UPDATE payout_award SET state = %s')",
            "cursor.execute('UPDATE payout_award SET amount = 1, state = %s')",
        ],
    )
    def test_a_state_set_elsewhere_is_noticed(self, invented, line):
        assert states_written(invented("subsidies/payout/actions.py", line)) != []
        assert states_written(invented("agency/moves.py", line)) == []

    @pytest.mark.parametrize(
        "line",
        [
            "if row.state == 'PAID': pass",
            "rows.filter(state='PAID')",
            "move(row, 'PAID', by=by, at=at)",
            "state = models.CharField()",
        ],
    )
    def test_reading_a_state_is_left_alone(self, invented, line):
        assert states_written(invented("subsidies/payout/actions.py", line)) == []
