"""The rows of the enterprises, one file a noun."""

from enterprises.models.lists import CreditListing, Size2020, SizeCover, SizeDecision, SizeListing
from enterprises.models.persons import InsuredPerson
from enterprises.models.registry import Enterprise, Member, MonthlyContribution, Sourced, WorkforceYear

__all__ = [
    "CreditListing",
    "Enterprise",
    "InsuredPerson",
    "Member",
    "MonthlyContribution",
    "Size2020",
    "SizeCover",
    "SizeDecision",
    "SizeListing",
    "Sourced",
    "WorkforceYear",
]
