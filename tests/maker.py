"""A row of any model, with what has to be there and no more, made from the model's own fields."""

from collections.abc import Callable
from datetime import date, datetime
from itertools import count
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from agency.models import File, User
from agency.sealed import BlindIndexField

# What a row's constraints ask of it in one state or another: there in all of them, so that only the table decides.
NEEDED: dict[str, Callable[["Maker"], dict[str, Any]]] = {
    "Edition": lambda make: {"approved_by": make(User)},
    "PublicityRound": lambda make: {
        "published_by": make(User), "starts_on": date(2024, 7, 1), "ends_on": date(2024, 7, 5), "sha256": "0" * 64,
    },
    "PaymentBatch": lambda make: {
        "checker": make(User), "checked_at": make.at, "releaser": make(User), "released_at": make.at, "file": make(File),
        "sha256": "0" * 64,
    },
}  # fmt: skip


class Maker:
    """Makes a row of any model in one region: what must be there, from the fields themselves."""

    def __init__(self, region: Any, at: datetime) -> None:
        self.region, self.at, self._number = region, at, count(1)

    def __call__(self, model: Any, **given: Any) -> Any:
        values = {
            field.name: self._value(field)
            for field in model._meta.concrete_fields
            if not (isinstance(field, models.AutoField | BlindIndexField) or field.null or field.has_default())
        }
        if any(field.name == "region" for field in model._meta.fields):
            values["region"] = self.region
        return model.objects.create(**values | NEEDED.get(model.__name__, lambda make: {})(self) | given)

    def _value(self, field: Any) -> Any:
        number = next(self._number)
        if field.is_relation:
            return self.region if field.related_model is type(self.region) else self(field.related_model)
        if field.choices:
            return field.choices[0][0]
        plain: dict[type, Any] = {
            models.DateTimeField: self.at, models.DateField: date(2024, 7, 1), models.DecimalField: number,
            models.FloatField: number, models.IntegerField: number, models.BooleanField: False, ArrayField: [],
            models.UUIDField: None,
        }  # fmt: skip
        for kind, value in plain.items():
            if isinstance(field, kind):
                return value
        return "" if field.blank else str(number)
