import os
from dataclasses import replace
from pathlib import Path

import pytest

from policy.__main__ import main
from policy.cite import cite, document_lines, normal
from policy.notice import Notice, NoticeError, load, names

NOTICE = """
[notice]
id = "city/2024"
title = "某市关于稳岗返还的通知"
number = "某人社〔2024〕7号"
authority = "某市人力资源和社会保障局"
region = "某市"
from = 2024-01-01
until = 2024-12-31
status = "final"
extends = "national/2024"

[terms.small_unit_most]
value = 25
clause = "二（一）"
phrase = "25人（含）以下的单位，比例≥6.5%"

[terms.paid_months_least]
value = 10
clause = "一"
phrase = "缴费10个月以上"

[terms.size_line]
value = 400
source = "外市〔2024〕1号"
outside = true
clause = "三"
"""
DOCUMENT = """某市人力资源和社会保障局转发

省人社〔2024〕3号

一、缴费99个月以上。

某人社 〔２０２４〕７号

# 某市关于稳岗返还\u3000

**的通知**

各区：现将《某某通知》（省人社〔2024〕3号）的要求明确如下。

**一、条件。**缴费１０
—０２—
个月以上。

二、人数

（一）规模。２５人(含)以下的单位，比例 $\\geq 6􀆰5$ ％。
（二）其他。12人。

乙人社〔2024〕9号

一、缴费10个月以上；25人（含）以下的单位，比例≥6.5%
"""


@pytest.fixture
def city(tmp_path: Path) -> Notice:
    path = tmp_path / "city-2024.toml"
    path.write_text(NOTICE, "utf-8")
    return load(str(path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    return folder


def missing(folder: Path, notice: Notice, text: str) -> list[str]:
    """Keys of the terms whose phrase is not found in this text."""
    (folder / "letter.txt").write_text(text, "utf-8")
    return [each.term.key for each in cite(folder, [notice]) if each.missing]


class TestNormalising:
    def test_treats_both_sides_alike(self) -> None:
        assert normal("比例 $\\geq 300$ 人。") == normal("比例≥300人。")
        assert normal("**（５􀆰５％）**") == "(5.5%)"
        assert normal("一\n—２０—\n二\n 3 \n三") == "一二三"

    def test_changes_nothing_else(self) -> None:
        assert normal("“甲”，乙。《丙》12") == "“甲”,乙。《丙》12"


class TestCiting:
    def test_finds_each_phrase_in_its_section(self, folder: Path, city: Notice) -> None:
        assert missing(folder, city, DOCUMENT) == []

    def test_lists_what_lies_outside_apart(self, folder: Path, city: Notice) -> None:
        (folder / "letter.txt").write_text(DOCUMENT, "utf-8")
        assert [each.term.key for each in cite(folder, [city]) if each.outside] == ["size_line"]

    @pytest.mark.parametrize("digit", ["１０", "２５", "6􀆰5"])
    def test_notices_one_digit_changed_in_the_document(self, folder: Path, city: Notice, digit: str) -> None:
        assert missing(folder, city, DOCUMENT.replace(digit, "8" + digit[1:], 1))

    def test_notices_one_digit_changed_in_a_phrase(self, folder: Path, city: Notice) -> None:
        changed = replace(
            city,
            stated={
                **city.stated,
                "paid_months_least": tuple(
                    replace(term, phrase=term.phrase.replace("10", "11"))
                    for term in city.stated["paid_months_least"]  # type: ignore[union-attr]
                ),
            },
        )
        assert missing(folder, changed, DOCUMENT) == ["paid_months_least"]

    def test_does_not_accept_another_section(self, folder: Path, city: Notice) -> None:
        moved = DOCUMENT.replace("（一）规模", "（三）规模")
        assert missing(folder, city, moved) == ["small_unit_most"]

    def test_does_not_accept_another_document_in_the_same_file(self, folder: Path, city: Notice) -> None:
        assert missing(folder, city, DOCUMENT.replace("缴费１０", "缴费")) == ["paid_months_least"]

    def test_does_not_take_a_mention_for_the_document(self, folder: Path, city: Notice) -> None:
        mention = DOCUMENT.replace("某人社 〔２０２４〕７号", "根据某人社〔2024〕7号文件").replace("的通知**", "的函**")
        found = missing(folder, city, mention)
        assert found == ["paid_months_least", "small_unit_most"]

    def test_notices_a_number_changed_above_its_title(self, folder: Path, city: Notice) -> None:
        (folder / "other.txt").write_text(DOCUMENT.replace("７号", "８号", 1), "utf-8")
        assert missing(folder, city, DOCUMENT) == ["paid_months_least", "small_unit_most"]

    def test_a_notice_in_two_files_must_agree_in_both(self, folder: Path, city: Notice) -> None:
        (folder / "other.txt").write_text(DOCUMENT.replace("缴费１０", "缴费１１"), "utf-8")
        assert missing(folder, city, DOCUMENT) == ["paid_months_least"]

    def test_a_document_that_is_no_utf_8_is_refused(self, folder: Path, city: Notice) -> None:
        (folder / "letter.txt").write_text(DOCUMENT.replace("\U001001b0", "."), "gb18030")
        with pytest.raises(NoticeError, match=r"letter\.txt：不是 UTF-8 编码的文本，请另存为 UTF-8"):
            cite(folder, [city])

    def test_an_empty_folder_is_refused(self, folder: Path, city: Notice) -> None:
        with pytest.raises(NoticeError, match=r"没有 \.txt 或 \.md 文件"):
            cite(folder, [city])


class TestTheCommand:
    def test_fails_where_the_documents_are_not_there(
        self, folder: Path, city: Notice, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "letter.txt").write_text(DOCUMENT, "utf-8")
        assert main(["cite", str(folder)]) == 1
        printed = capsys.readouterr().out
        assert "文件夹中没有这份文件" in printed
        assert "以下引自文件夹以外的文件，未核对" in printed

    def test_looks_up_the_notices_that_it_is_given(self, folder: Path, city: Notice, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "letter.txt").write_text(DOCUMENT, "utf-8")
        assert main(["cite", str(folder), str(folder.parent / "city-2024.toml")]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == "共 3 条：找到 2，未找到 0，外部 1"

    def test_refuses_what_is_no_folder(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["cite", str(tmp_path / "none")]) == 2
        assert "不是文件夹" in capsys.readouterr().err


def _changed(phrase: str, place: int) -> str:
    """The phrase with the digit at this place, if it is one, made the next."""
    digit = phrase[place : place + 1]
    return f"{phrase[:place]}{(int(digit) + 1) % 10}{phrase[place + 1 :]}" if digit.isdigit() else phrase


if "DOCUMENTS" in os.environ:  # the folder of the real documents, which stay out of the repository

    class TestTheRealDocuments:
        @pytest.fixture
        def documents(self) -> Path:
            return Path(os.environ["DOCUMENTS"])

        def test_hold_every_phrase(self, documents: Path) -> None:
            assert main(["cite", str(documents)]) == 0

        def test_hold_no_phrase_with_a_digit_changed(self, documents: Path) -> None:
            for notice in map(load, names()):
                terms = [term for term in notice.stated_here() if not term.outside]
                for place in range(40):
                    stated = {term.key: (replace(term, phrase=_changed(term.phrase, place)),) for term in terms}
                    changed = replace(notice, stated={**notice.stated, **stated})
                    found = {each.term.key for each in cite(documents, [changed]) if each.missing}
                    digits = {term.key for term in terms if term.phrase[place : place + 1].isdigit()}
                    assert found == digits

        def test_a_digit_changed_in_a_cited_sentence_is_noticed(self, documents: Path, tmp_path: Path) -> None:
            texts = {path.name: path.read_text("utf-8") for path in documents.iterdir()}
            name = next(name for name, text in texts.items() if "12个月平均缴费人数" in text)
            for changed in ("12个月平均缴费人数", "30 人（含）", "备付期限应在 1 年以上"):
                folder = tmp_path / str(len(list(tmp_path.iterdir())))
                folder.mkdir()
                assert changed in texts[name]
                for each, text in texts.items():
                    wrong = text.replace(changed, changed.replace("1", "2").replace("3", "4")) if each == name else text
                    (folder / each).write_text(wrong, "utf-8")
                assert main(["cite", str(folder)]) == 1


def test_a_heading_cut_off_by_the_end_of_the_file_is_no_heading() -> None:
    assert document_lines("关于做好\n失业保险", "关于做好失业保险工作的通知") == []
    assert document_lines("关于做好\n失业保险\n工作的通知\n一、费率", "关于做好失业保险工作的通知") == [
        "失业保险",
        "工作的通知",
        "一、费率",
    ]
