"""python -m bench [rules | loads | screening]; SIZE=n enterprises. Run by `make bench`, on a database of its own.

loads      every spreadsheet of the made-up city, checked and confirmed, beside a bare COPY of the contributions
screening  the whole programme, after loads
rules      `assess refund` on SIZE rows with every column, beside a bare read and write of the same file

SIZE is 100,000 where it is not given, for rules 1,000,000.
"""

import os
import sys
from collections.abc import Callable

os.environ["DEMO"] = "1"  # the city's year is 2024
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

from bench.imports import loads
from bench.rules import rules
from bench.screening import screening

PARTS: dict[str, tuple[Callable[[], None], ...]] = {
    "rules": (rules,),
    "loads": (loads,),
    "screening": (loads, screening),
    "": (rules, loads, screening),
}


def main() -> int:
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    if asked not in PARTS:
        print(__doc__)
        return 2
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for part in PARTS[asked]:
        part()
    return 0


if __name__ == "__main__":
    sys.exit(main())
