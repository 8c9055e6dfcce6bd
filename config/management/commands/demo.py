"""The demo: a made-up city's whole refund year through the real windows; and the accounts to look at it with."""

import os
import shutil
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from agency.models import Programme
from samples import year
from samples.city import write_city


class Command(BaseCommand):
    help = "演示：用虚构城市的数据走完一个返还年度，逐步打印；--accounts 只打印地址与账号"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", type=int, default=2000, help="单位户数")
        parser.add_argument("--seed", type=int, default=2024, help="随机种子")
        parser.add_argument("--folder", type=Path, help="表格存放的文件夹；不给则用临时文件夹")
        parser.add_argument("--accounts", action="store_true", help="只打印地址与演示账号")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("演示只能在演示环境运行（make demo 会设置 DEMO=1）；正式数据库不会被改动。")
        if options["accounts"]:
            self.stdout.write(year.accounts())
            return
        if Programme.objects.exists():
            raise CommandError("数据库中已有项目；演示须从空库开始，请运行 make demo。")
        with tempfile.TemporaryDirectory() as spare:
            folder = options["folder"] or Path(spare)
            folder.mkdir(parents=True, exist_ok=True)
            write_city(folder, size=options["size"], seed=options["seed"])
            if records := os.environ.get("PLATFORM_RECORDS"):  # what the made-up sharing platform answers from
                shutil.copyfile(folder / "platform.csv", records)
            year.act(folder, self._line)
        self.stdout.write(year.accounts())

    def _line(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
