"""Lines for COPY say what the batches say, whatever the cells hold."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets import values
from sheets.columns import Column
from sheets.lines import Lines, narrow
from sheets.read import read

COLUMNS = [
    Column("name", "名称"),
    Column("phone", "手机号", apart=True),
    Column("dispatch", "派遣", value=values.yes_no, empty="false"),
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
    names, phones, dispatched = zip(*rows, strict=True)
    texts = [[name and narrow(name) for name in names], phones, dispatched]
    lines = Lines(COLUMNS)
    lines.message("前表", [2, 3], [[narrow("甲"), narrow("乙")], [None, None], [None, None]], [])
    word, place, named, size, text, apart, errors = lines.message(
        sheet, range(5, 5 + len(rows)), texts, [(sheet, 5, "名称", "?", "无法识别")]
    )
    wanted = [
        [str(3 + number), sheet, str(number), name, dispatch or "false"] for number, (name, _, dispatch) in enumerate(rows, 5)
    ]
    assert (word, place, named, size, read_back(text.decode())) == ("lines", 8, sheet, len(rows), wanted)
    assert apart == [[phone for _, phone, _ in rows]]
    assert errors == [(8, sheet, 5, "名称", "?", "无法识别")]


def test_two_codes_in_one_cell_are_none(tmp_path):
    code = "91140000000000001" + values.uscc_check("91140000000000001")
    path = tmp_path / "codes.csv"
    path.write_text(f'代码,名称\n{code},甲\n"{code}\n{code}",乙\n', encoding="utf-8")
    with read(path, [Column("uscc", "代码", value=values.uscc), Column("name", "名称")], lines=True) as reading:
        (block,) = reading.lines()
    assert [row[3:] for row in read_back(block.text.decode())] == [[code, "甲"], [None, "乙"]]
    assert [(place, "现为 36 位" in error.reason) for place, error in block.errors] == [(3, True)]


LONG = [
    Column("code", "编号", value=values.code, filled=True),
    Column("amount", "金额", value=values.money),
    Column("name", "名称"),
]


@pytest.mark.parametrize("quote", [None, 70_000])
def test_a_long_file_of_two_readers_says_what_one_says(tmp_path, quote):
    """Blank lines, ragged lines, errors and quotes fall where they fall: pieces are cut by length alone."""
    rng = random.Random(str(quote))
    amounts, names = ["1.50", "", "1.5", "x"], ["丅腠·é", "é", "甲，乙", "甲\\乙"]
    lines = [f"C{number:07},{rng.choice(amounts)},{'甲' * rng.randint(0, 12)}" for number in range(150_000)]
    for place in rng.sample(range(150_000), 50):  # bytes that are blanks or signs of their own where each is a character
        lines[place] = f"C{place:07},1.00,{rng.choice(names)}"
    for place in rng.sample(range(150_000), 2_000):
        lines[place] = rng.choice(["", ",,", f"C{place:07}", f"C{place:07},1,,,", f"C{place:07},1.00,名,多"])
    if quote is not None:
        lines[quote] = f'C{quote:07},"1,000.00","甲\n乙"'
    path = tmp_path / "long.csv"
    path.write_text("\n".join(["编号,金额,名称", *lines, ""]), encoding="utf-8")
    assert path.stat().st_size > 4 << 20
    with read(path, LONG) as one, read(path, LONG, lines=True) as two:
        assert len(two.heads) == 1
        rows, errors = [], []
        for batch in one:
            cells = zip(map(str, batch.numbers), *(batch.texts[column.name] for column in LONG), strict=True)
            rows += map(list, cells)
            errors += batch.errors
        told, mistakes = [], []
        for block in two.lines():
            told += read_back(block.text.decode()) if block.rows else []
            mistakes += block.errors
    assert [row[2:] for row in told] == rows
    assert [row[0] for row in told] == [row[2] for row in told]
    assert mistakes == [(error.row, error) for error in errors]
