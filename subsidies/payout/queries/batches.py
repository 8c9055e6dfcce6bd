"""What is asked of payment batches and the bank's answers."""

from django.db.models import QuerySet

from subsidies.payout.models import BankLine, PaymentBatch


def bank_lines(batch: PaymentBatch) -> "QuerySet[BankLine]":
    """The lines of the bank's answer to this batch that count."""
    return BankLine.objects.filter(batch_number=batch.number, voided=False)


def unmatched_lines() -> "QuerySet[BankLine]":
    """Lines of the bank's answers that match no payment, with their reason; empty where not looked at yet (a batch
    number that we never gave, or results not booked)."""
    return BankLine.objects.filter(payment__isnull=True, voided=False).order_by("batch_number", "pk")


def sha256_companion(batch: PaymentBatch) -> tuple[str, str]:
    """Name and text of the file that goes beside the bank file, as `sha256sum --check` reads it."""
    return f"{batch.number}.xlsx.sha256", f"{batch.sha256}  {batch.number}.xlsx\n"
