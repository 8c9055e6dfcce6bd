"""The list of `make mutants` is to be trusted: what it changes, and who notices."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from policy.keys import KEYS
from tests.policy import mutants
from tests.policy.mutants import Change, changed_comparisons, changed_values, neighbours, told


class TestChanges:
    def test_of_a_comparison_are_its_nearest_mistake(self, tmp_path: Path) -> None:
        module = tmp_path / "module.py"
        module.write_text("a < b <= c\nd is None\n", "utf-8")
        found = [(change.what, change.text) for change in changed_comparisons(module, "module.py")]
        assert found == [
            ("a < b <= c → a <= b <= c", "a <= b <= c\nd is None"),
            ("a < b <= c → a < b < c", "a < b < c\nd is None"),
            ("d is None → d is not None", "a < b <= c\nd is not None"),
        ]

    @pytest.mark.parametrize(
        ("key", "value", "others"),
        [
            ("paid_months_least", 12, [13, 11]),
            ("layoff_limit", Decimal("0.055"), [Decimal("0.0551"), Decimal("0.0549")]),
            ("refund_until", date(2024, 12, 31), [date(2025, 1, 1), date(2024, 12, 30)]),
            ("layoff_inclusive", True, [False]),
            ("size_branch", "ladder", ["legal_entity"]),
            ("paid_notice_channels", ["sms"], [[], ["sms", "portal"], ["sms", "popup"]]),
            ("uses_condition", "依法合规", ["依法合规改"]),
        ],
    )
    def test_of_a_value_are_its_neighbours(self, key: str, value: object, others: list[object]) -> None:
        assert list(neighbours("value", value, KEYS[key])) == others

    def test_of_an_order_of_rungs_swap_two(self) -> None:
        assert ["b", "a"] in list(neighbours("value", ["a", "b"], KEYS["size_ladder"]))

    def test_reach_every_stated_value(self) -> None:
        path = mutants.NOTICES / "hebei-2024.toml"
        written = [line for line in path.read_text("utf-8").splitlines() if line.startswith(("value =", "default ="))]
        places = {change.where for change in changed_values(path, KEYS) if ".value " in str(change) or ".default " in str(change)}
        assert len(places) == len(written)


class TestWhoNotices:
    """In a process of its own, as the command runs: here the law is already imported."""

    @pytest.mark.parametrize(
        ("words", "last"),
        [
            (("shandong-2024.toml", "layoff_limit.value 0.055 → 0.0551"), "1 changes: 1 noticed by golden cases"),
            (("national-2024.toml", "small_unit_headcount.default", '→ "end"'), "1 changes: 1 noticed by golden cases"),
            (("refund.py", "months < least → months <= least"), "1 changes: 1 noticed by golden cases"),
            (("hebei-2024.toml", "refund_from.value 2024-01-01 → 2024-01-02"), "1 changes: 1 noticed by golden cases"),
        ],
    )
    def test_a_golden_case_notices(self, words: tuple[str, ...], last: str) -> None:
        done = command(*words)
        assert done.returncode == 0, done.stdout
        assert done.stdout.startswith(last)

    def test_a_module_without_rules_has_its_own_tests(self) -> None:
        done = command("cite.py", "phrase not in")
        assert done.returncode == 0, done.stdout
        assert "tests/policy/test_cite.py" in done.stdout
        assert "1 noticed by the module's own tests" in done.stdout


def command(*words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "tests.policy.mutants", *words]
    return subprocess.run(line, cwd=mutants.ROOT, capture_output=True, text=True, timeout=120, check=False)


class TestTheList:
    def fates(self) -> Iterator[tuple[Change, str]]:
        for number, how in enumerate(["golden", "refused", "", "", "tests/x.py"], 1):
            yield Change(f"a.py:{number}", "x < y → x <= y", Path("a.py"), ""), how

    def test_needs_a_reason_for_each_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert told(self.fates(), {r"^a\.py:3 ": "equal by nature"}, whole=True) == 1
        out = capsys.readouterr().out
        assert "a.py:4 x < y → x <= y\n    NOBODY NOTICES" in out
        assert "a.py:3 x < y → x <= y\n    equal by nature" in out
        assert out.splitlines()[-1].startswith("5 changes: 1 noticed by golden cases, 1 refused on loading, 1 noticed by")

    def test_is_whole_when_each_has_one(self) -> None:
        assert told(self.fates(), {r"^a\.py:[34] ": "equal by nature"}, whole=True) == 0

    def test_keeps_no_reason_that_no_line_needs(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert told(self.fates(), {r"^a\.py:[34] ": "equal", r"^b\.py": "gone"}, whole=True) == 1
        assert "a reason that no line needs: ^b\\.py" in capsys.readouterr().out
