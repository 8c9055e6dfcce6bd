"""Write the empty template of a spreadsheet kind."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from agency import intake
from sheets.write import write_template


class Command(BaseCommand):
    help = "写出某种表格的空白模板"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND", choices=sorted(intake.kinds()), help="表格种类")
        parser.add_argument("file", metavar="FILE", nargs="?", type=Path, help="写到何处；默认 种类.xlsx")

    def handle(self, *args: Any, **options: Any) -> None:
        resource = intake.kind_of(options["kind"])
        path = options["file"] or Path(f"{resource.kind}.xlsx")
        write_template(path, resource.columns, resource.title)
        self.stdout.write(f"{resource.title}模板：{path}")
