"""The spreadsheets of this app, declared: registry, contributions, workforce, size lists, credit list, insured persons."""

from enterprises.resources import contributions, lists, persons, registry  # noqa: F401 - declared by import
from enterprises.resources.registry import sharing

__all__ = ["sharing"]
