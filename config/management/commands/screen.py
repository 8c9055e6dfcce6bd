"""Help with a screening that runs: started by its job, one for each further core."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from agency.models import Job
from subsidies.refunds.tasks import help_screening


class Command(BaseCommand):
    help = "协助进行中的筛查作业，分担其分块（由筛查作业自行启动）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", type=int, help="筛查作业编号")

    def handle(self, *args: Any, **options: Any) -> None:
        help_screening(Job.objects.get(pk=options["job"], kind=Job.Kind.SCREENING))
