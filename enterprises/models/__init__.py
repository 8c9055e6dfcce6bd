"""The rows of the enterprises, one file a noun."""

from enterprises.models.lists import CreditListing, Size2020, SizeCover, SizeDecision, SizeListing
from enterprises.models.persons import InsuredPerson
from enterprises.models.registry import Enterprise, Member, MonthlyContribution, NamePairs, Sourced, WorkforceYear

__all__ = [
    "CreditListing",
    "Enterprise",
    "InsuredPerson",
    "Member",
    "MonthlyContribution",
    "NamePairs",
    "Size2020",
    "SizeCover",
    "SizeDecision",
    "SizeListing",
    "Sourced",
    "WorkforceYear",
]
