"""The spreadsheets of a made-up city: `write_city(folder, size=2000, seed=2024)`; see samples/README.md."""

from samples.city import standing  # noqa: F401 - registers its cases, in this order
from samples.city.write import write_city

__all__ = ["write_city"]
