"""Lines for COPY say what the batches say, whatever the cells hold."""

import re

from hypothesis import given
from hypothesis import strategies as st

from sheets import values
from sheets.columns import Column
from sheets.lines import Lines

COLUMNS = [
    Column("name", "名称"),
    Column("phone", "手机号", apart=True),
    Column("dispatch", "派遣", values.yes_no, empty="false"),
]
BACK = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
TEXTS = st.one_of(st.none(), st.text(st.sampled_from("甲乙N1\\\t\n\r "), max_size=6))
ROWS = st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from([None, "true", "false"])), min_size=1, max_size=8)


def read_back(text: str) -> list[list[str | None]]:
    """Lines as COPY reads them."""
    assert text.endswith("\n")
    cells = [line.split("\t") for line in text[:-1].split("\n")]
    return [[None if cell == r"\N" else re.sub(r"\\.", lambda found: BACK[found[0]], cell) for cell in row] for row in cells]


@given(ROWS, st.text(st.sampled_from("表\\\t1"), min_size=1, max_size=4))
def test_lines_read_back_are_the_cells(rows, sheet):
    texts = list(zip(*rows, strict=True))
    lines = Lines(COLUMNS)
    lines.message("前表", [2, 3], [["甲", "乙"], [None, None], [None, None]], [])
    word, named, size, text, apart, errors = lines.message(
        sheet, range(5, 5 + len(rows)), texts, [(sheet, 5, "名称", "?", "无法识别")]
    )
    wanted = [
        [str(place), sheet, str(number), name, dispatch or "false"]
        for place, (number, (name, _, dispatch)) in enumerate(enumerate(rows, 5), 3)
    ]
    assert (word, named, size, read_back(text.decode())) == ("lines", sheet, len(rows), wanted)
    assert apart == [[phone for _, phone, _ in rows]]
    assert errors == [(3, sheet, 5, "名称", "?", "无法识别")]
