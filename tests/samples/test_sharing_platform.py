"""The fake credit platform keeps docs/gateways.md."""

from pathlib import Path

import pytest

HEADER = "统一社会信用代码,名单类型,列入日期,移出日期,应答\n"


@pytest.fixture(scope="module")
def records(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("platform") / "records.csv"
    path.write_text(HEADER + "A,严重失信,2024-05-01,2024-06-01,正常\nA,经营异常,2024-01-01,,\nB,,,,无应答\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def url(shared_fake, records) -> str:
    return shared_fake("sharing_platform", "--records", str(records))


class TestLookup:
    @pytest.mark.parametrize(
        ("on", "flags"),
        [
            ("2023-12-31", []),
            ("2024-01-01", ["经营异常"]),
            ("2024-04-30", ["经营异常"]),
            ("2024-05-01", ["严重失信", "经营异常"]),
            ("2024-05-31", ["严重失信", "经营异常"]),
            ("2024-06-01", ["经营异常"]),
        ],
    )
    def test_tells_the_lists_in_force_on_the_day(self, url, call, on, flags):
        status, answer = call(f"{url}/lookup", {"uscc": ["A"], "on": on})
        assert (status, answer["on"], sorted(answer["results"][0]["flags"])) == (200, on, sorted(flags))

    def test_answers_in_the_order_asked_and_keeps_silence_apart_from_none(self, url, call):
        results = call(f"{url}/lookup", {"uscc": ["C", "B"], "on": "2024-05-01"})[1]["results"]
        assert results == [{"uscc": "C", "code": "OK", "flags": [], "records": []}, {"uscc": "B", "code": "NO_ANSWER"}]

    def test_reads_changed_records(self, fake, call, tmp_path):
        records = tmp_path / "records.csv"
        records.write_text(HEADER, encoding="utf-8")
        url = fake("sharing_platform", "--records", str(records))
        asked = {"uscc": ["C"], "on": "2024-05-01"}
        assert call(f"{url}/lookup", asked)[1]["results"][0]["flags"] == []
        records.write_text(HEADER + "C,严重失信,2024-05-01,,\n", encoding="utf-8")
        assert call(f"{url}/lookup", asked)[1]["results"][0]["flags"] == ["严重失信"]

    def test_never_answers_none_without_records(self, fake, call, tmp_path):
        url = fake("sharing_platform", "--records", str(tmp_path / "absent.csv"))
        assert call(f"{url}/lookup", {"uscc": ["A"], "on": "2024-05-01"})[0] == 503

    def test_is_busy_at_the_first_try_only(self, fake, call, records):
        url = fake("sharing_platform", "--records", str(records), "--busy", "1")
        asked = {"uscc": ["C"], "on": "2024-05-01"}
        assert [call(f"{url}/lookup", asked)[0] for _ in range(2)] == [503, 200]

    @pytest.mark.parametrize(
        "body", [{}, [], {"uscc": "A", "on": "2024-05-01"}, {"uscc": ["A"], "on": "May"}, {"uscc": [1], "on": "2024-05-01"}]
    )
    def test_refuses_a_malformed_request(self, url, call, body):
        assert call(f"{url}/lookup", body)[0] == 400

    def test_refuses_an_unsigned_caller(self, url, call):
        assert call(f"{url}/lookup", {"uscc": ["A"], "on": "2024-05-01"}, secret="another")[0] == 401
