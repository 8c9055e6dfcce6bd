"""`manage.py sample` writes the city that `write_city` does, and says what it wrote."""

import io

import pytest
from django.core.management import CommandError, call_command

from samples.city import write_city


def test_writes_the_city_of_a_size_and_seed(tmp_path):
    said = io.StringIO()
    call_command("sample", tmp_path / "told", "--size", "300", "--seed", "7", stdout=said)
    write_city(tmp_path / "made", size=300, seed=7)
    made = {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "told").iterdir()} == made
    assert all(f"{name}（{len(content):,} 字节）" in said.getvalue() for name, content in made.items())


def test_says_how_many_units_there_must_be(tmp_path):
    with pytest.raises(CommandError, match="户数至少为"):
        call_command("sample", tmp_path, "--size", "3")
