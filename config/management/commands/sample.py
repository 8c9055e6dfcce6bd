"""The spreadsheets of a made-up city, of any size."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from samples.city import write_city


class Command(BaseCommand):
    help = "写出虚构城市的全部表格（含各种情形与错误行），供试用与测速；同一户数与种子写出的文件逐字节相同"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", type=Path, nargs="?", default=Path("sample-city"), help="写到哪个文件夹，默认 sample-city；同名表格会被替换"
        )
        parser.add_argument("--size", type=int, default=2000, help="单位户数，默认 2000")
        parser.add_argument("--seed", type=int, default=2024, help="随机种子，默认 2024")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            write_city(options["folder"], size=options["size"], seed=options["seed"])
        except ValueError as refused:
            raise CommandError(str(refused)) from refused
        for path in sorted(options["folder"].glob("*.*")):
            self.stdout.write(f"{path}（{path.stat().st_size:,} 字节）")
