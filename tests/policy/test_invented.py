"""A new year without code: the notice of an invented province for 2031, beside its text."""

from pathlib import Path

from policy.__main__ import main
from policy.cite import cite
from policy.notice import load
from tests.policy.test_golden import BASE, INVENTED

NOTICE = load("chenglan/2031", [INVENTED])


def test_differs_from_2024_in_whatever_it_states() -> None:
    own = {key for key, by in NOTICE.stated_by.items() if by == NOTICE.id}
    new, old = ({key: [] for key in own} for _ in range(2))
    for notice, values in ((NOTICE, new), (load("national/2024"), old)):
        for term in notice.terms().all():
            values.setdefault(term.key, []).append(term.value)
    same = {key for key in own if new[key] == old[key]}
    assert same == {"dispatch_applies_itself", "dispatch_hosts_paid", "paid_months_basis"}
    changing = {key for key in own if len(new[key]) > 1}
    assert changing > {"ratio_large", "ratio_sme", "layoff_limit", "pilot_rate", "premium_rate", "skill_amount_3", "yearly_limit"}


def test_each_phrase_stands_in_its_text() -> None:
    assert [each.missing for each in cite(INVENTED, [NOTICE]) if each.missing] == []


def test_is_assessed_by_its_path(tmp_path: Path, capsys) -> None:
    facts, out = tmp_path / "facts.csv", tmp_path / "out.csv"
    row = {"uscc": "甲", **BASE, "on": "2031-07-01", "paid_after_year": "0"}
    facts.write_text(f"{','.join(row)}\n{','.join(row.values())}\n", "utf-8")
    assert main(["assess", "refund", "--notice", str(INVENTED / "chenglan-2031.toml"), str(facts), str(out)]) == 0
    assert "合格 1，不合格 0，信息不全 0；返还金额合计 70,000.00元" in capsys.readouterr().out
