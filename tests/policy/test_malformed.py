"""A notice that cannot be used is refused with file, key and reason, wherever it is read."""

from pathlib import Path

import pytest

from policy.__main__ import main
from policy.notice import NoticeError, load, names
from tests.policy.test_notice import CITY, TERM, written

AT = "terms.small_unit_most"
CITED = 'clause = "一"\nphrase = "x"\n'
DAYS = "[terms.publicity_days]\nchoice = true\ndefault = 5\n"
UNIT = '[terms.publicity_unit]\nchoice = true\ndefault = "working"\n'


def changed(old: str, new: str, text: str = CITY + TERM) -> str:
    """The sound notice with one place changed."""
    assert old in text
    return text.replace(old, new, 1)


def dated(*days: str, key: str = "small_unit_most") -> str:
    """A term that changes: a section for each line of days."""
    term = TERM.replace("[terms.small_unit_most]", f"[[terms.{key}]]")
    return CITY + "".join(f"{term}{each}\n" for each in days)


HEAD = {
    "unknown section": (CITY + "[extra]\n", "extra", "不认识的内容"),
    "a section that is none": ("terms = 3\n" + CITY, "terms", "应写成 [terms] 一节"),
    "no head": (TERM, "notice.id", "没有填写"),
    "unknown head key": (CITY + 'motto = "x"\n', "notice.motto", "不认识的内容"),
    "missing head key": (changed('region = "某市"\n', ""), "notice.region", "没有填写"),
    "empty head key": (changed('"某市通知"', '""'), "notice.title", "没有填写"),
    "wrong head type": (changed('"某市通知"', "7"), "notice.title", "应为文字"),
    "wrong head date": (changed("from = 2024-01-01", 'from = "2024-01-01"'), "notice.from", "应为日期"),
    "a time for a day": (changed("from = 2024-01-01", "from = 2024-01-01T08:00:00"), "notice.from", "应为日期"),
    "wrong status": (changed('"final"', '"maybe"'), "notice.status", "final（正式）或 draft（征求意见稿）"),
    "final without number": (changed('number = "某人社〔2024〕1号"\n', ""), "notice.number", "须有文号"),
    "period upside down": (changed("until = 2024-12-31", "until = 2023-12-31"), "notice.until", "早于 from"),
    "an id without year": (changed('"city/2024"', '"city"'), "notice.id", "应写成 名称/年份"),
    "an id with a path": (changed('"city/2024"', '"../city/2024"'), "notice.id", "应写成 名称/年份"),
    "begins in another year": (changed("from = 2024", "from = 2023"), "notice.from", "2023-01-01 不在 city/2024 的年度内"),
    "ends in another year": (changed("until = 2024", "until = 2025"), "notice.until", "2025-12-31 不在 city/2024 的年度内"),
    "extends what is not there": (changed("shanxi/2024", "mars/2024"), "notice.extends", "没有政策文件 mars/2024"),
    "extends a path": (changed("shanxi/2024", "shanxi-2024.toml"), "notice.extends", "应为简称"),
}  # fmt: skip
TERMS = {
    "unknown term": (changed("small_unit_most", "bonus"), "terms.bonus", "不认识的条款项"),
    "a term that is no section": (changed(TERM, "[terms]\nsmall_unit_most = 20\n"), AT, "应写成 [terms.small_unit_most] 一节"),
    "a term without sections": (changed(TERM, "[terms]\nsmall_unit_most = []\n"), AT, "应写成 [terms.small_unit_most] 一节"),
    "unknown key in a term": (CITY + TERM + "colour = 1\n", f"{AT}.colour", "不认识的内容"),
    "a choice among dated terms": (CITY + "[[terms.publicity_days]]\nchoice = true\n", "terms.publicity_days.choice", "不认识"),
    "no value": (changed("value = 20\n", ""), f"{AT}.value", "没有填写；由经办机构选定的写 choice = true"),
    "wrong type": (changed("20\n", '"20"\n'), f"{AT}.value", "“小规模单位参保人数上限（含）”应为整数"),
    "true is no number": (changed("20\n", "true\n"), f"{AT}.value", "应为整数"),
    "negative": (changed("20\n", "-1\n"), f"{AT}.value", "数字不合理：-1，应不小于 0"),
    "no number": (CITY + f"[terms.ratio_sme]\nvalue = nan\n{CITED}", "terms.ratio_sme.value", "数字不合理：NaN"),
    "without end": (CITY + f"[terms.ratio_sme]\nvalue = inf\n{CITED}", "terms.ratio_sme.value", "数字不合理：Infinity"),
    "out of bounds": (CITY + f"[terms.ratio_sme]\nvalue = 1.01\n{CITED}", "terms.ratio_sme.value", "应在 0 至 1 之间"),
    "unknown word": (CITY + f'[terms.size_social]\nvalue = "giant"\n{CITED}', "terms.size_social.value", "不认识 giant，可用"),
    "words that are none": (CITY + f"[terms.uses]\nvalue = [1]\n{CITED}", "terms.uses.value", "1 应为文字"),
    "an empty word": (CITY + f'[terms.uses]\nvalue = [""]\n{CITED}', "terms.uses.value", "应为文字"),
    "words that are one": (CITY + f'[terms.uses]\nvalue = "培训"\n{CITED}', "terms.uses.value", "应为词的列表"),
    "word twice": (
        CITY + f'[terms.size_ladder]\nvalue = ["recorded", "recorded"]\n{CITED}', "terms.size_ladder.value", "有重复"
    ),
    "no clause": (changed('clause = "一"\n', ""), f"{AT}.clause", "缺少条款出处"),
    "empty clause": (changed('"一"', '" "'), f"{AT}.clause", "应为文字"),
    "no phrase": (changed('phrase = "20人以下"\n', ""), f"{AT}.phrase", "缺少原文摘句"),
    "empty phrase": (changed('"20人以下"', '""'), f"{AT}.phrase", "应为文字"),
    "phrase too long": (changed("20人以下", "人" * 41), f"{AT}.phrase", "摘句最多 40 字，现有 41 字"),
    "empty source": (CITY + TERM + 'source = ""\n', f"{AT}.source", "应为文字"),
    "outside that is no truth": (CITY + TERM + 'outside = "yes"\n', f"{AT}.outside", "应为true 或 false"),
    "outside without source": (CITY + TERM + "outside = true\n", f"{AT}.source", "须写明文件名称"),
    "outside, phrase too long": (
        CITY + TERM.replace("20人以下", "人" * 41) + 'outside = true\nsource = "外省"\n', f"{AT}.phrase", "现有 41 字"
    ),
    "a text for a day": (CITY + TERM + 'from = "2024-01-01"\n', f"{AT}.from", "应为日期"),
    "dates upside down": (CITY + TERM + "from = 2024-07-01\nuntil = 2024-06-30\n", f"{AT}.until", "早于 from"),
}  # fmt: skip
OVER_TIME = {
    "ends too early": (CITY + TERM + "until = 2024-12-30\n", AT, "日期没有覆盖整个返还政策期间"),
    "begins too late": (CITY + TERM + "from = 2024-01-02\n", AT, "日期没有覆盖整个返还政策期间"),
    "a gap": (dated("until = 2024-06-30", "from = 2024-07-02"), AT, "日期没有覆盖整个返还政策期间"),
    "a gap in a skill term": (
        dated("until = 2024-06-30", "from = 2024-07-02", key="yearly_limit"), "terms.yearly_limit", "整个技能提升补贴政策期间"
    ),
    "overlapping": (dated("until = 2024-06-30", "from = 2024-06-30"), AT, "日期重叠：起始至2024-06-30 与 2024-06-30至长期"),
    "two without dates": (dated("", ""), AT, "日期重叠"),
    "begins before the notice": (
        CITY + f"[terms.refund_from]\nvalue = 2023-12-31\n{CITED}", "terms.refund_from", "2023-12-31 不在本文件的期间"
    ),
    "ends after the notice": (
        CITY + f"[terms.skill_until]\nvalue = 2025-01-01\n{CITED}", "terms.skill_until", "2025-01-01 不在本文件的期间"
    ),
    "a catch-up that ends before it begins": (
        CITY + f"[terms.catch_up_from]\nvalue = 2024-07-02\n{CITED}[terms.catch_up_until]\nvalue = 2024-07-01\n{CITED}",
        "terms.catch_up_until",
        "2024-07-01 早于 catch_up_from 2024-07-02",
    ),
    "one of those that go together": (
        CITY + f"[terms.pilot_rate]\nvalue = 0.1\n{CITED}", "terms.pilot_balance_on", "应与 pilot_rate 一并写明"
    ),
    "a path without end date for nobody": (
        CITY + f"[terms.open_ended_months]\nvalue = 36\n{CITED}",
        "terms.open_ended_statuses",
        "应与 open_ended_months 一并写明",
    ),
    "ends before it begins": (
        CITY + f"[terms.refund_from]\nvalue = 2024-07-02\n{CITED}[terms.refund_until]\nvalue = 2024-07-01\n{CITED}",
        "terms.refund_until",
        "2024-07-01 早于 refund_from 2024-07-02",
    ),
}  # fmt: skip
CHOICES = {
    "choice = false": (CITY + DAYS.replace("true", "false"), "terms.publicity_days", "选项须写 choice = true 和 default"),
    "no default": (CITY + "[terms.publicity_days]\nchoice = true\n", "terms.publicity_days", "choice = true 和 default"),
    "unknown key": (CITY + DAYS + "value = 5\n", "terms.publicity_days.value", "不认识的内容"),
    "what cannot be chosen": (
        CITY + "[terms.refund_until]\nchoice = true\ndefault = 2024-12-31\n", "terms.refund_until", "只有数字或列举的词"
    ),
    "phrase without clause": (CITY + DAYS + 'phrase = "x"\n', "terms.publicity_days.clause", "缺少条款出处"),
    "clause without phrase": (CITY + DAYS + 'clause = "一"\n', "terms.publicity_days.phrase", "缺少原文摘句"),
    "options of a number": (CITY + DAYS + "options = [5, 7]\n", "terms.publicity_days.options", "不能这样限定"),
    "bounds of a word": (CITY + UNIT + "most = 5\n", "terms.publicity_unit.most", "不能这样限定"),
    "options that are none": (CITY + UNIT + 'options = "working"\n', "terms.publicity_unit.options", "应为词的列表"),
    "options that are no words": (CITY + UNIT + 'options = [["working"]]\n', "terms.publicity_unit.options", "应为文字"),
    "a foreign option": (CITY + UNIT + 'options = ["working", "weeks"]\n', "terms.publicity_unit.options", "不认识 weeks"),
    "an option twice": (CITY + UNIT + 'options = ["working", "working"]\n', "terms.publicity_unit.options", "有重复"),
    "options without the default": (
        CITY + UNIT + 'options = ["calendar"]\n', "terms.publicity_unit.options", "没有包含默认值 working"
    ),
    "a bound that is no number": (CITY + DAYS + 'most = "8"\n', "terms.publicity_days.most", "应为数字"),
    "a bound that is true": (CITY + DAYS + "least = true\n", "terms.publicity_days.least", "应为数字"),
    "least below that of the term": (CITY + DAYS + "least = 0\n", "terms.publicity_days.least", "应在 1 至 366 之间"),
    "most above that of the term": (CITY + DAYS + "most = 367\n", "terms.publicity_days.most", "应在 1 至 366 之间"),
    "least over most": (CITY + DAYS + "least = 6\nmost = 5\n", "terms.publicity_days.most", "5 小于 least 6"),
    "default out of bounds": (CITY + DAYS + "most = 4\n", "terms.publicity_days.default", "数字不合理：5，应在 1 至 4 之间"),
    "what the province locked": (
        CITY + '[terms.confirm_mode]\nchoice = true\ndefault = "silent"\n',
        "terms.confirm_mode",
        "已由 晋人社厅发〔2024〕28号 六（“推送是否接受稳岗返还的确认信息，经确认后，发放稳岗返还资金”） 规定，不能再作选项",
    ),
    "what the nation rules": (
        CITY + "[terms.paid_months_least]\nchoice = true\ndefault = 6\n", "terms.paid_months_least", "人社部发〔2024〕40号 二"
    ),
    "what the province reads": (
        CITY + '[terms.size_social]\nchoice = true\ndefault = "sme"\n', "terms.size_social", "解读确定，不能再作选项"
    ),
    "more than a clause above allows": (
        changed("shanxi/2024", "national/2024", CITY) + "[terms.ratio_sme]\nchoice = true\ndefault = 0.60\n",
        "terms.ratio_sme.most",
        "大于 0.60，超出 人社部发〔2024〕40号 二",
    ),
    "less than a clause above asks": (
        changed("shanxi/2024", "xpcc/2024", CITY) + "[terms.reminder_count]\nchoice = true\ndefault = 3\n",
        "terms.reminder_count.least",
        "小于 1，超出 关于进一步延续实施失业保险援企稳岗政策的通知（征求意见稿） 二（一）",
    ),
    "an option beyond those of a clause above": (
        CITY + '[terms.training_bar_scope]\nchoice = true\ndefault = "same_or_higher_grade"\n',
        "terms.training_bar_scope.options",
        "same_or_higher_grade 超出 人社部发〔2024〕40号 三",
    ),
}  # fmt: skip
READINGS = {
    "not given": (CITY + TERM + 'reading = "mine"\n', "readings.mine", "没有写明"),
    "empty name": (CITY + TERM + 'reading = ""\n', f"{AT}.reading", "应为文字"),
    "without reason": (CITY + '[readings.mine]\ntext = "x"\n', "readings.mine", "应只有 text 和 reason"),
    "no section": (CITY + "[readings]\nmine = 1\n", "readings.mine", "应只有 text 和 reason"),
    "empty reason": (CITY + '[readings.mine]\ntext = "x"\nreason = ""\n', "readings.mine", "应为文字"),
    "twice": (
        CITY + 2 * '[readings.mine]\ntext = "x"\nreason = "y"\n', "第 15 行第 15 列：readings.mine", "写了两次，请去掉重复的"
    ),
}  # fmt: skip
TOML = {
    "a key twice": (changed('region = "某市"', 'region = "某市"\nregion = "他市"'), "第 8 行", "写了两次"),
    "an open bracket": (CITY + "[terms\n", "第 12 行第 7 列", "不是有效的 TOML，请核对引号、括号、等号和日期的写法"),
    "an open quote": (CITY + 'a = "', "不是有效的 TOML", "请核对引号"),
    "no such day": (changed("2024-12-31", "2024-02-30"), "第 9 行", "不是有效的 TOML"),
    "a number without measure": (changed("20\n", "1e99999999999999999999\n"), "不是有效的 TOML", "请核对"),
    "an integer without measure": (changed("20\n", "9" * 5000 + "\n"), "不是有效的 TOML", "请核对"),
    "nested without measure": (CITY + "a = " + "[" * 5000, "不是有效的 TOML", "请核对"),
}  # fmt: skip
MALFORMED = {
    f"{group}: {name}": case
    for group, cases in (("head", HEAD), ("terms", TERMS), ("over time", OVER_TIME), ("choices", CHOICES),
                         ("readings", READINGS), ("toml", TOML))
    for name, case in cases.items()
}  # fmt: skip


def refusal(path: Path) -> str:
    with pytest.raises(NoticeError) as caught:
        load(str(path))
    return str(caught.value)


class TestAMalformedNotice:
    @pytest.mark.parametrize("text_key_reason", list(MALFORMED.values()), ids=list(MALFORMED))
    def test_is_refused_with_file_key_and_reason(self, tmp_path: Path, text_key_reason: tuple[str, str, str]) -> None:
        text, key, reason = text_key_reason
        path = written(tmp_path, text)
        message = refusal(path)
        assert message.startswith(f"{path}：{key}")
        assert reason in message

    def test_the_sound_one_loads(self, tmp_path: Path) -> None:
        sound = CITY + TERM + DAYS + "least = 1\nmost = 366\n" + UNIT + 'options = ["working"]\n'
        assert load(str(written(tmp_path, sound))).id == "city/2024"

    def test_a_term_may_change_from_one_day_to_the_next(self, tmp_path: Path) -> None:
        text = dated("until = 2024-06-30", "from = 2024-07-01\nuntil = 9999-12-31")
        assert load(str(written(tmp_path, text))).terms().count_of("small_unit_most") == 20

    @pytest.mark.parametrize(
        "text",
        [
            CITY + TERM + "from = 2024-01-01\nuntil = 2024-12-31\n",
            dated("until = 2024-06-30", "from = 2024-07-01\nuntil = 2024-07-01", "from = 2024-07-02"),
            CITY + DAYS + "least = 5\nmost = 5\n",
            changed("from = 2024-01-01", "from = 2024-06-01").replace("until = 2024-12-31", "until = 2024-06-01")
            + "".join(
                f"[terms.{key}]\nvalue = 2024-06-01\n{CITED}"
                for key in ("refund_from", "refund_until", "skill_from", "skill_until")
            ),
        ],
        ids=["a term of just the period", "a value of one day", "a choice without choice", "a programme of one day"],
    )
    def test_what_is_just_enough_stands(self, tmp_path: Path, text: str) -> None:
        assert load(str(written(tmp_path, text))).id == "city/2024"

    def test_a_choice_within_the_bounds_of_a_clause_above_stands(self, tmp_path: Path) -> None:
        text = changed("shanxi/2024", "national/2024", CITY) + "[terms.ratio_sme]\nchoice = true\ndefault = 0.5\nmost = 0.6\n"
        assert load(str(written(tmp_path, text))).id == "city/2024"


class TestTheFile:
    def test_must_be_there(self, tmp_path: Path) -> None:
        path = tmp_path / "none.toml"
        assert refusal(path) == f"{path}：无法打开，请核对路径和读取权限"

    def test_is_no_folder(self, tmp_path: Path) -> None:
        path = tmp_path / "city.toml"
        path.mkdir()
        assert refusal(path) == f"{path}：无法打开，请核对路径和读取权限"

    def test_must_be_utf_8(self, tmp_path: Path) -> None:
        path = tmp_path / "city-2024.toml"
        path.write_text(CITY, "gb18030")
        assert refusal(path) == f"{path}：不是 UTF-8 编码的文本，请另存为 UTF-8"

    def test_may_begin_with_a_byte_order_mark_as_windows_editors_write_it(self, tmp_path: Path) -> None:
        path = tmp_path / "city-2024.toml"
        path.write_text(CITY, "utf-8-sig")
        marked = load(str(path))
        path.write_text(CITY, "utf-8")
        assert marked == load(str(path))

    def test_under_another_name_is_refused(self, tmp_path: Path) -> None:
        path = written(tmp_path, CITY, "town-2024")
        with pytest.raises(NoticeError, match=r"notice\.id：应为 town/2024"):
            load("town/2024", [tmp_path])
        with pytest.raises(NoticeError, match=f"{path}：notice.id：city/2024 与文件名不一致，文件应名为 city-2024.toml"):
            names([tmp_path])

    def test_of_the_name_of_a_built_in_one_is_refused(self, tmp_path: Path) -> None:
        path = written(
            tmp_path, changed("city/2024", "shanxi/2024").replace('extends = "shanxi', 'extends = "national'), "shanxi-2024"
        )
        with pytest.raises(NoticeError, match=f"{path}：notice.id：与 .*notices/shanxi-2024.toml 同名，请改名"):
            load("shanxi/2024", [tmp_path])

    def test_an_unknown_name_is_refused_with_those_that_exist(self, tmp_path: Path) -> None:
        written(tmp_path, CITY)
        with pytest.raises(NoticeError, match="没有政策文件 mars/2024；现有：city/2024、hebei/2024、jilin/2024"):
            load("mars/2024", [tmp_path])


class TestExtending:
    def test_in_a_circle_is_refused(self, tmp_path: Path) -> None:
        path = written(tmp_path, changed("shanxi/2024", "town/2024", CITY))
        town = written(tmp_path, CITY.replace("city/2024", "town/2024").replace("shanxi/2024", "city/2024"), "town-2024")
        assert refusal(path) == f"{path}：notice.extends：循环继承：city/2024 -> town/2024 -> city/2024"
        assert refusal(town) == f"{town}：notice.extends：循环继承：town/2024 -> city/2024 -> town/2024"

    def test_itself_is_refused(self, tmp_path: Path) -> None:
        path = written(tmp_path, changed("shanxi/2024", "city/2024", CITY))
        assert refusal(path) == f"{path}：notice.extends：循环继承：city/2024 -> city/2024"

    def test_a_malformed_one_names_that_file(self, tmp_path: Path) -> None:
        town = written(tmp_path, changed("city/2024", "town/2024") + "colour = 1\n", "town-2024")
        path = written(tmp_path, changed("shanxi/2024", "town/2024", CITY))
        assert refusal(path) == f"{town}：terms.small_unit_most.colour：不认识的内容"

    def test_nothing_one_must_state_everything(self, tmp_path: Path) -> None:
        path = written(tmp_path, changed('extends = "shanxi/2024"\n', "", CITY) + TERM)
        assert refusal(path) == f"{path}：terms.premium_rate：缺少“失业保险总费率”"


class TestTheCommands:
    @pytest.mark.parametrize(
        "command",
        [
            "assess refund --notice {} facts.csv out.csv",
            "assess refund --notice shanxi/2024 --notice {} facts.csv",
            "assess skill --notice {} --choices",
            "show {}",
            "diff {} shanxi/2024",
            "diff shanxi/2024 {}",
            "cite . {}",
        ],
    )
    def test_end_with_2_and_the_reason(self, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        path = written(tmp_path, CITY + TERM + "colour = 1\n")
        assert main([word.format(path) for word in command.split()]) == 2
        printed = capsys.readouterr()
        assert printed.err == f"{path}：terms.small_unit_most.colour：不认识的内容\n"
        assert printed.out == ""
