"""A file over 500 lines or a function over 40 is about too much, unless its reason stands here."""

import ast

FILE_LINES = 500
FUNCTION_LINES = 40

# path, or path:function: reason. Each is looked for, so that a line that is no longer needed does not stay.
LONG_FOR_A_REASON: dict[str, str] = {}


def too_long(sources) -> dict[str, int]:
    """What is too long, with its lines. Of a function the docstring is not counted; a test may tell a long story."""
    found = {}
    for source in sources:
        lines = len(source.text.splitlines())
        if lines > FILE_LINES:
            found[source.path] = lines
        if source.path.startswith("tests/"):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = node.end_lineno - node.lineno + 1 - docstring_lines(node)
                if length > FUNCTION_LINES:
                    found[f"{source.path}:{node.name}"] = length
    return found


def docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return first.end_lineno - first.lineno + 1 if is_text else 0


class TestLengths:
    def test_stay_readable(self, project):
        found = too_long(project)
        assert {name: lines for name, lines in found.items() if name not in LONG_FOR_A_REASON} == {}
        assert set(LONG_FOR_A_REASON) <= set(found)

    def test_a_long_file_is_noticed(self, invented):
        assert too_long(invented("agency/a.py", "x = 1\n" * 501, "agency/b.py", "x = 1\n" * 500)) == {"agency/a.py": 501}

    def test_a_long_function_is_noticed(self, invented):
        body = "    x = 1\n"
        just = "def just():\n    '''One.\n\n    Two.'''\n" + body * 39
        over = "def over():\n    '''One.'''\n" + body * 40
        assert too_long(invented("agency/a.py", just, "agency/b.py", over)) == {"agency/b.py:over": 41}

    def test_a_long_story_in_a_test_is_left_alone(self, invented):
        assert too_long(invented("tests/flows/test_year.py", "def test_year():\n" + "    x = 1\n" * 60)) == {}
