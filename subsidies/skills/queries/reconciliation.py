"""对账: from what was claimed to what was paid, count and yuan, every difference as the sum of its named cases.

From approval on `subsidies.payout.queries.reconciliation` goes on, for claims alone. Claims are counted where they stand,
approvals by the awards that they left; that the two agree is a finding, not a construction."""

from decimal import Decimal

from django.db.models import DecimalField, F
from django.db.models.functions import Coalesce

from agency.models import Programme
from policy.notice import Terms
from subsidies.payout.queries import reconciliation as from_approval
from subsidies.payout.queries.reconciliation import Difference, Step, added, go_on
from subsidies.skills.models import Claim, State
from subsidies.skills.queries.cases import claims_of


def reconciliation(programme: Programme, terms: Terms) -> list[Step]:
    """claimed, approved, published, bank_file, paid of one programme, each with what stands between it and the one before.

    A claim is worth its award, before that what its latest decision came to; one not decided, or not eligible, nothing."""
    worth = Coalesce(F("award__amount"), F("amount"), Decimal(0), output_field=DecimalField())
    claims = claims_of(programme, terms).annotate(worth=worth)
    steps = [Step("claimed", "申请", *added(claims, "worth"))]
    standing = [(state.label, claims.filter(state=state)) for state in State if state is not State.APPROVED]
    less = [Difference(label, rows, *added(rows, "worth")) for label, rows in standing]
    later = from_approval(programme, Claim.CASE)
    go_on(steps, "approved", "审核通过", (later[0].count, later[0].amount), less)
    return steps + later[1:]
