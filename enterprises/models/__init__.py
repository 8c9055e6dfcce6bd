"""The rows of the enterprises, one file a noun."""

from enterprises.models.lists import CreditListing, Size2020, SizeCover, SizeDecision, SizeListing
from enterprises.models.registry import Enterprise, Member, MonthlyContribution, WorkforceYear

__all__ = [
    "CreditListing",
    "Enterprise",
    "Member",
    "MonthlyContribution",
    "Size2020",
    "SizeCover",
    "SizeDecision",
    "SizeListing",
    "WorkforceYear",
]
