"""旧版本: what a row said before it was changed or removed stays readable; and which transactions wrote to such a table."""

import pghistory
import pgtrigger
from django.db import models

_WATCHED: set[str] = set()


class Write(models.Model):
    """写入记录: a transaction wrote to a table; noted by its trigger, so that bulk and raw SQL are seen too."""

    table_name = models.CharField("数据表", max_length=63)
    xid = models.BigIntegerField("事务号")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "写入记录"
        constraints = [models.UniqueConstraint(fields=["table_name", "xid"], name="write_once")]

    def __str__(self) -> str:
        return f"{self.table_name} {self.xid}"


def watched_tables() -> frozenset[str]:
    """The tables whose writes are noted."""
    return frozenset(_WATCHED)


def keep_old_versions(model: type[models.Model]) -> type[models.Model]:
    """Old versions of changed and removed rows, and a note of each transaction that wrote; by statement-level triggers."""
    _WATCHED.add(model._meta.db_table)
    pgtrigger.register(
        pgtrigger.Trigger(
            name="written", level=pgtrigger.Statement, when=pgtrigger.After,
            operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
            func="INSERT INTO agency_write (table_name, xid, at) "
            "VALUES (TG_TABLE_NAME, pg_current_xact_id()::text::bigint, now()) ON CONFLICT DO NOTHING; RETURN NULL;",
        )
    )(model)  # fmt: skip
    return pghistory.track(
        pghistory.UpdateEvent("changed", row=pghistory.Old, level=pghistory.Statement),
        pghistory.DeleteEvent("removed", row=pghistory.Old, level=pghistory.Statement),
    )(model)
