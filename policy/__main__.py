"""The law on the command line.

    python -m policy assess refund --notice shanxi/2024 FACTS OUT [--choose layoff_method=claimants_over_mean]
    python -m policy assess refund --notice shanxi/2024 --choices
    python -m policy assess refund --notice shanxi/2024 --notice hebei/2024 FACTS [OUT]
    python -m policy assess skill --notice hebei/2024 FACTS OUT
    python -m policy assess refund --notice FILE FACTS OUT --top-up-from 2031-07-01
    python -m policy show shanxi/2024 [--choose publicity_days=7]
    python -m policy diff shanxi/2024 hebei/2024
    python -m policy cite FOLDER [NOTICE ...]

Exit 0: done; 1: a citation was not found; 2: something cannot be used, and standard error says what, in Chinese.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NoReturn

from policy import cite
from policy.assess import AssessRefused, assess_file
from policy.compare import compare_file, compared, variants_of
from policy.explain import outcome_label, yuan
from policy.notice import ChoiceRefused, Notice, NoticeError, Terms, load, names
from policy.show import diff, show
from policy.subjects import SUBJECTS, with_top_up
from policy.terms import Programme
from policy.topup import TopUpRefused, check_change
from policy.verdict import Outcome


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"参数有误：{message}\n{self.format_usage()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; see the module. Returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except (AssessRefused, ChoiceRefused, NoticeError, TopUpRefused) as error:
        print(error, file=sys.stderr)
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m policy", description="政策计算：测算、核对出处")
    commands = parser.add_subparsers(required=True, metavar="命令", parser_class=_Parser)
    subjects = commands.add_parser("assess", help="按政策文件测算一个事实表").add_subparsers(
        required=True, metavar="对象", parser_class=_Parser
    )
    for subject in SUBJECTS.values():
        assess = subjects.add_parser(subject.word, help=subject.title)
        assess.add_argument(
            "--notice", action="append", required=True, help="政策文件简称（如 shanxi/2024）或 TOML 文件路径；写几份即比较"
        )
        assess.add_argument(
            "--choose", action="append", default=[], metavar="选项=值", help="由经办机构选定的选项；同一选项写几个值即比较"
        )
        assess.add_argument("--choices", action="store_true", help="列出选项和默认值")
        assess.add_argument("--top-up-from", metavar="日期", help="年内标准变动的第一天：加列变动前后的金额和应补的差额")
        assess.add_argument("facts", nargs="?", metavar="FACTS", help="事实表 .csv 或 .xlsx")
        assess.add_argument("out", nargs="?", metavar="OUT", help="结果表 .csv 或 .xlsx")
        assess.set_defaults(run=_assess, subject=subject)
    showing = commands.add_parser("show", help="把一份政策文件列成表")
    showing.add_argument("notice", metavar="政策文件", help="简称（如 shanxi/2024）或 TOML 文件路径")
    showing.add_argument("--choose", action="append", default=[], metavar="选项=值", help="由经办机构选定的选项")
    showing.set_defaults(run=_show)
    differing = commands.add_parser("diff", help="列出两份政策文件的不同")
    differing.add_argument("notices", nargs=2, metavar="政策文件", help="简称或 TOML 文件路径")
    differing.set_defaults(run=_diff)
    citing = commands.add_parser("cite", help="在文件原文中核对每条摘句")
    citing.add_argument("folder", metavar="FOLDER", help="政策文件文本所在的文件夹")
    citing.add_argument("notices", nargs="*", metavar="政策文件", help="简称或 TOML 文件路径；不写即核对内置的全部文件")
    citing.set_defaults(run=_cite)
    return parser


def _assess(options: argparse.Namespace) -> int:
    variants = variants_of(options.notice, options.choose)
    if options.choices:
        for variant in variants:
            _print_choices(variant.notice)
        return 0
    if options.facts is None or (options.out is None and len(variants) == 1):
        raise AssessRefused(f"请写明事实表和结果表：python -m policy assess {options.subject.word} --notice 政策文件 FACTS OUT")
    if drafts := [variant.notice.id for variant in variants if variant.notice.draft]:
        print(f"{'、'.join(dict.fromkeys(drafts))} 为征求意见稿，结果仅供测算。", file=sys.stderr)
    facts, out = Path(options.facts), options.out and Path(options.out)
    if len(variants) > 1:
        if options.top_up_from:
            raise TopUpRefused("补差一次只算一个方案：--notice 写一份，每个选项写一个值")
        comparison = compare_file(options.subject, variants, facts, out)
        _print_notes(comparison.notes)
        print(compared(options.subject, variants, comparison))
        return 0
    subject, terms = options.subject, variants[0].terms
    if options.top_up_from:
        subject = with_top_up(subject, _change(terms, subject.word, options.top_up_from))
    totals = assess_file(subject, terms, facts, out)
    _print_notes(totals.notes)
    counts = "，".join(f"{outcome_label(outcome)} {totals.outcomes[outcome.value]}" for outcome in Outcome)
    topped_up = f"，补差合计 {yuan(totals.top_up)}" if options.top_up_from else ""
    print(f"共 {totals.rows} 行：{counts}；{subject.total} {yuan(totals.amount)}{topped_up}")
    return 0


def _change(terms: Terms, programme: Programme, written: str) -> date:
    try:
        since = date.fromisoformat(written)
    except ValueError as error:
        raise TopUpRefused(f"--top-up-from {written}：应写成 2031-07-01 这样的日期") from error
    check_change(terms, programme, since)
    return since


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes:
        print(note, file=sys.stderr)


def _print_choices(notice: Notice) -> None:
    for choice in notice.choices():
        if choice.locked:
            print(f"{choice.key}（{choice.label}）已由 {choice.clause} 规定：{choice.default}（“{choice.phrase}”）")
            continue
        print(f"{choice.key}（{choice.label}）默认 {choice.default}")
        for option in choice.options:
            print(f"    {option.value}：{option.label}")
        if not choice.options:
            bound = f"，{choice.clause}“{choice.phrase}”" if choice.clause else ""
            print(f"    {choice.least} 至 {choice.most}{bound}")


def _show(options: argparse.Namespace) -> int:
    variants = variants_of([options.notice], options.choose)
    if len(variants) > 1:
        raise ChoiceRefused("列出政策文件时，每个选项只能写一个值")
    print(show(variants[0].notice, variants[0].terms, _width()))
    return 0


def _diff(options: argparse.Namespace) -> int:
    one, other = (load(name) for name in options.notices)
    print(diff(one, other, _width()))
    return 0


def _width() -> int | None:
    """Columns of the terminal; None where another program reads."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _cite(options: argparse.Namespace) -> int:
    folder = Path(options.folder)
    if not folder.is_dir():
        raise NoticeError(f"{folder} 不是文件夹")
    found = cite.cite(folder, [load(name) for name in options.notices or names()])
    outside = [each for each in found if each.outside]
    missing = [each for each in found if each.missing]
    for each in found:
        if not each.outside:
            mark = "缺" if each.missing else "有"
            where = each.missing or "、".join(each.files)
            print(f"{mark} {each.notice} {each.term.key} {each.term.document} {each.term.clause} “{each.term.phrase}” {where}")
    if outside:
        print("以下引自文件夹以外的文件，未核对：")
        for each in outside:
            print(f"外 {each.notice} {each.term.key} {each.term.document} {each.term.clause}")
    print(f"共 {len(found)} 条：找到 {len(found) - len(missing) - len(outside)}，未找到 {len(missing)}，外部 {len(outside)}")
    return 1 if missing else 0


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)
