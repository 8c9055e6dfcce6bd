"""旧版本: what a row said before it was changed or removed stays readable."""

import pghistory
from django.db import models


def keep_old_versions(model: type[models.Model]) -> type[models.Model]:
    """Old versions of changed and removed rows, by statement-level trigger: bulk and raw SQL are seen too."""
    return pghistory.track(
        pghistory.UpdateEvent("changed", row=pghistory.Old, level=pghistory.Statement),
        pghistory.DeleteEvent("removed", row=pghistory.Old, level=pghistory.Statement),
    )(model)
