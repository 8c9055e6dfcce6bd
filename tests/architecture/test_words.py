"""Whatever staff can see of a row has a Chinese name; what the models say is what the migrations do."""

import re

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models
from django.test.utils import isolate_apps

CHINESE = re.compile(r"[\u4e00-\u9fff]")
OURS = {"agency", "enterprises", "payout", "refunds", "skills"}


def without_chinese(kinds) -> list[str]:
    """Models, fields and choices without a Chinese name. History tables repeat their model and are left out."""
    found = []
    for model in kinds:
        if hasattr(model, "pgh_id") or any(field.name == "pgh_id" for field in model._meta.fields):
            continue
        label = model.__name__
        found += [label] if not CHINESE.search(str(model._meta.verbose_name)) else []
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
            if field.auto_created or (field.primary_key and field.name == "id"):
                continue
            if not CHINESE.search(str(field.verbose_name)):
                found.append(f"{label}.{field.name}")
            found += [f"{label}.{field.name}={value}" for value, text in field.flatchoices if not CHINESE.search(str(text))]
    return found


class TestNames:
    def test_every_model_field_and_choice_has_a_chinese_name(self):
        assert without_chinese([model for model in apps.get_models() if model._meta.app_label in OURS]) == []

    @isolate_apps()
    def test_a_missing_name_is_noticed(self):
        class Office(models.Model):
            class Kind(models.TextChoices):
                MAIN = "MAIN", "总部"
                OTHER = "OTHER"

            name = models.CharField("名称", max_length=9)
            phone = models.CharField(max_length=9)
            kind = models.CharField("类别", max_length=9, choices=Kind.choices)

            class Meta:
                app_label = "invented"

        assert without_chinese([Office]) == ["Office", "Office.phone", "Office.kind=OTHER"]


class TestMigrations:
    @pytest.mark.django_db
    def test_say_what_the_models_say(self):
        call_command("makemigrations", check=True, dry_run=True, verbosity=1)
