"""Load a spreadsheet, as the console does: check, and with --confirm land its good rows."""

import shutil
import time
import traceback
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from agency import clock, intake
from agency.actions import imports, jobs
from agency.actions.files import read_file
from agency.models import Import, Job, User
from agency.moves import MoveRefused
from agency.queries import open_warnings

REFUSED = 2


class Refused(Exception):
    """The file is refused, or this person may not load it; nothing landed."""


class Command(BaseCommand):
    help = "导入表格：先检查；加 --confirm 则确认导入。退出码 0：没有错误行；1：有错误行（另存错误清单）；2：整个文件未导入。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND", help=f"表格种类：{'、'.join(sorted(intake.kinds()))}")
        parser.add_argument("file", metavar="FILE", type=Path, help="xlsx、xls 或 csv 文件")
        parser.add_argument("--by", required=True, metavar="USER", help="导入人的用户名")
        parser.add_argument("--confirm", action="store_true", help="确认导入；即表示已逐种核对所列提醒，留下核对记录")
        parser.add_argument("--confirmed-by", metavar="USER", help="确认人的用户名；名单、基金、回盘等须由另一人确认")
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help="导入设置，如 covers=all", dest="chosen"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            refused = self._load(options)
        except imports.AlreadyLoaded as already:
            self.stdout.write(f"{already}\n新增 0 行，变更 0 行；数据没有变化。")
            return
        except (Refused, imports.ImportRefused, MoveRefused) as refusal:
            self.stderr.write(f"未导入：{refusal}")
            raise SystemExit(REFUSED) from refusal
        except Exception as broken:
            self.stderr.write(f"程序内部出错，未导入；请联系系统管理。\n{traceback.format_exc()}")
            raise SystemExit(REFUSED) from broken
        if refused:
            raise SystemExit(1)

    def _load(self, options: dict[str, Any]) -> int:
        """Check and perhaps confirm; returns how many rows were refused."""
        path: Path = options["file"]
        by, confirmer = self._user(options["by"]), self._user(options["confirmed_by"] or options["by"])
        if not path.is_file():
            raise Refused(f"找不到文件 {path}，请核对路径。")
        settings = dict(self._setting(pair) for pair in options["chosen"])
        imp = imports.start_import(options["kind"], path, path.name, settings, by=by, at=clock.now())
        self._work(Job.objects.get(kind=Job.Kind.CHECK, subject_id=imp.pk), imports.work_check)
        imp.refresh_from_db()
        if imp.state == Import.State.REFUSED:
            raise Refused(imp.problem)
        self._tell(imp)
        if imp.errors_file:
            self._save_errors(imp, path, by)
        if not options["confirm"]:
            self.stdout.write("仅检查，未写入数据；确认导入请加 --confirm。")
            return imp.refused
        if warnings := open_warnings(imp):
            imports.acknowledge_warnings(imp, [warning["name"] for warning in warnings], by=confirmer, at=clock.now())
        self._work(imports.request_confirm(imp, by=confirmer, at=clock.now()), imports.work_confirm)
        self.stdout.write(f"已导入：新增 {imp.new} 行，变更 {imp.changed} 行，未变 {imp.unchanged} 行（第 {imp.pk} 号导入）。")
        return imp.refused

    def _work(self, job: Job, handler: jobs.Handler) -> None:
        """Work the job here, unless a worker was faster; then wait for it. Raises Refused with the job's problem."""
        while not jobs.work(job, handler, now=clock.now) and job.state in (Job.State.QUEUED, Job.State.RUNNING):
            time.sleep(0.2)
            job.refresh_from_db()
        job.refresh_from_db()
        if job.state != Job.State.DONE:
            raise Refused(job.problem or f"作业{job.get_state_display()}。")

    def _tell(self, imp: Import) -> None:
        """The report, in words."""
        resource = intake.kind_of(imp.kind)
        self.stdout.write(
            f"{resource.title}：共 {imp.report['rows']} 行，新增 {imp.new} 行，变更 {imp.changed} 行，未变 {imp.unchanged} 行，"
            f"提醒 {imp.warned} 行，错误 {imp.refused} 行。"
        )
        for sheet, header in imp.report["unknown"]:
            self.stdout.write(f"未识别的列：{sheet} 的“{header}”，已忽略。")
        for note in imp.report["notes"]:
            self.stdout.write(f"说明：{note}。")
        for word, found in (("错误", imp.report["errors"]), ("提醒", imp.report["warnings"])):
            for sheet, row, header, value, reason, _ in found:
                self.stdout.write(f"{word}：{sheet} 第 {row} 行 {header}“{value}”：{reason}")
        more = sum(kind["rows"] for kind in imp.report["kinds"]) > len(imp.report["errors"]) + len(imp.report["warnings"])
        for kind in imp.report["kinds"]:
            if kind["level"] == "W":  # each kind is acknowledged by its name
                self.stdout.write(f"提醒合计：{kind['rows']} 行，{kind['name']}")
            elif more:
                self.stdout.write(f"错误合计：{kind['header']} {kind['rows']} 行，如：{kind['reason']}")

    def _save_errors(self, imp: Import, path: Path, by: User) -> None:
        beside = path.with_name(f"{path.stem}-错误清单.xlsx")
        with read_file(imp.errors_file, by=by, at=clock.now(), why="导入命令另存错误清单") as plain, beside.open("wb") as target:
            beside.chmod(0o600)
            shutil.copyfileobj(plain, target)
        self.stdout.write(f"错误清单：{beside}")

    def _user(self, username: str) -> User:
        user = User.objects.filter(username=username, kind=User.Kind.STAFF, is_active=True).first()
        if user is None:
            raise Refused(f"没有用户名为 {username} 的在用工作人员账号，请核对。")
        return user

    def _setting(self, pair: str) -> tuple[str, str]:
        name, equals, value = pair.partition("=")
        if not equals:
            raise Refused(f"--set 应写作 名称=值，如 covers=all，现为 {pair}。")
        return name, value
