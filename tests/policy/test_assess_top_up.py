import csv
from datetime import date
from pathlib import Path

import pytest

from policy.__main__ import main
from policy.assess import assess_file
from policy.notice import Terms
from policy.subjects import REFUND, with_top_up
from policy.topup import TopUpRefused, check_change
from tests.policy.test_golden import BASES, INVENTED, terms_of

NOTICE = str(INVENTED / "chenglan-2031.toml")
REFUNDS = {**BASES["refund"], "on": "2031-06-30", "paid_after_year": "0"}
CLAIMS = {
    **BASES["skill"], "claimed_on": "2031-06-30", "issued_on": "2031-06-01", "grade": "三级", "certificates_held": "",
    "post_agrees": "是", "occupation": "钳工",
}  # fmt: skip


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def results(path: Path) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["amount"], row["amount_before"], row["amount_after"], row["top_up"]) for row in csv.DictReader(file)]


def test_refunds_have_before_after_and_the_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [REFUNDS, {**REFUNDS, "on": "2031-07-01"}, {**REFUNDS, "paid_months": "17"}, {**REFUNDS, "on": ""}]
    facts, out = written(tmp_path / "facts.csv", rows), tmp_path / "out.csv"
    assert main(["assess", "refund", "--notice", NOTICE, "--top-up-from", "2031-07-01", str(facts), str(out)]) == 0
    assert results(out) == [
        ("50000.00", "50000.00", "70000.00", "20000.00"),
        ("70000.00", "70000.00", "70000.00", "0.00"),
        ("", "", "", "0.00"),
        ("", "", "", ""),
    ]
    assert "返还金额合计 120,000.00元，补差合计 20,000.00元" in capsys.readouterr().out


def test_claims_keep_what_earlier_ones_were_granted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts, out = written(tmp_path / "facts.csv", [CLAIMS, {**CLAIMS, "occupation": "车工"}]), tmp_path / "out.csv"
    assert main(["assess", "skill", "--notice", NOTICE, "--top-up-from", "2031-07-01", str(facts), str(out)]) == 0
    assert results(out) == [("1800.00", "1800.00", "2400.00", "600.00"), ("", "", "2400.00", "0.00")]  # the second of the year
    assert "补贴金额合计 1,800.00元，补差合计 600.00元" in capsys.readouterr().out


def test_without_a_day_nothing_is_added(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts, out = written(tmp_path / "facts.csv", [REFUNDS]), tmp_path / "out.csv"
    assert main(["assess", "refund", "--notice", NOTICE, str(facts), str(out)]) == 0
    assert "top_up" not in out.read_text("utf-8")
    assert "补差" not in capsys.readouterr().out


def test_several_processes_come_to_the_same(tmp_path: Path) -> None:
    facts = written(tmp_path / "facts.csv", [{**REFUNDS, "paid_normal": f"{yuan}.04"} for yuan in range(5_100)])
    subject, terms = with_top_up(REFUND, date(2031, 7, 1)), terms_of("chenglan/2031", {})
    totals = [assess_file(subject, terms, facts, tmp_path / f"{count}.csv", processes=count) for count in (1, 2)]
    assert totals[0].top_up == totals[1].top_up > 0
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--top-up-from", "7月1日"], "应写成 2031-07-01 这样的日期"),
        (["--top-up-from", "2031-02-28"], "不在政策期限 2031-03-01 至 2031-11-30 以内"),
        (["--top-up-from", "2031-07-01", "--notice", "national/2024"], "补差一次只算一个方案"),
        (["--top-up-from", "2031-06-30"], "2031-06-30 没有标准变动，变动日为：2031-07-01"),
        (["--top-up-from", "2031-03-01"], "2031-03-01 没有标准变动"),
    ],
)
def test_a_day_that_cannot_be_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], reason: str
) -> None:
    facts = written(tmp_path / "facts.csv", [REFUNDS])
    assert main(["assess", "refund", "--notice", NOTICE, *options, str(facts), str(tmp_path / "out.csv")]) == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


def test_a_year_without_changes_has_nothing_to_top_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = written(tmp_path / "facts.csv", [REFUNDS])
    line = ["assess", "refund", "--notice", "shanxi/2024", "--top-up-from", "2024-07-01", str(facts), str(tmp_path / "out.csv")]
    assert main(line) == 2
    assert "2024-07-01 没有标准变动，标准在年内没有变动" in capsys.readouterr().err


def test_a_notice_that_tops_nothing_up_is_told_so(tmp_path: Path) -> None:
    terms = terms_of("chenglan/2031", {})
    silent = Terms.parse(terms.canonical().replace('"refund_topped_up"', '"refund_topped_up_not"'))
    with pytest.raises(TopUpRefused, match="没有规定 2031-07-01 变动后对此前的补差"):
        check_change(silent, "refund", date(2031, 7, 1))
