"""python -m bench PART; SIZE=n rows or enterprises. `make bench` runs one part after the other, each on a database of its
own; `make bench ONLY=PART SIZE=n` one of them.

contributions  csv of contributions loaded, beside a bare COPY; and again in another order
enterprises    the same of the registry, beside a bare COPY, a bare loop of sealing, and django-import-export's default
xlsx           contributions beside reading the file with calamine alone
reading        an .xlsx of contributions read without a database, beside calamine alone
export         a screening result written as .xlsx, beside xlsxwriter's constant_memory
loads          every spreadsheet of the made-up city, checked and confirmed
lists          pages, searches and filters of the console's list of applications, beside a list of one page
messages       offers through the SMS gateway and their reports, beside a bare asynchronous loop (KILLS=20: the worker is killed)
screening      a whole programme, beside one SQL statement that writes the same rows
publicity      a public list of 34,101 lines: published, its files made, its pages opened in Chromium
rules          `assess refund` on SIZE rows with every column, beside a bare read and write of the same file

SIZE is 1,000,000 where it is not given, for loads and messages 100,000, for publicity 34,101.
"""

import os
import sys
from collections.abc import Callable

os.environ["DEMO"] = "1"  # the city's year is 2024
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

from bench.imports import contributions, enterprises, loads, xlsx
from bench.lists import lists
from bench.messages import messages
from bench.publicity import publicity
from bench.rules import rules
from bench.screening import screening
from bench.spreadsheets import export, reading

PARTS: dict[str, Callable[[], None]] = {
    "rules": rules,
    "contributions": contributions,
    "enterprises": enterprises,
    "xlsx": xlsx,
    "reading": reading,
    "export": export,
    "loads": loads,
    "screening": screening,
    "lists": lists,
    "publicity": publicity,
    "messages": messages,
}


def main() -> int:
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    if asked not in PARTS:
        print(__doc__)
        return 2
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    PARTS[asked]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
