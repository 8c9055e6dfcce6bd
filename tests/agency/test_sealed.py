"""Sealed fields: unreadable at rest, found by blind index, masked when shown, whichever way a row is written."""

import base64
import copy
import pickle

import pytest
from django.core import serializers
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection
from django.template import Context, Template

from agency.models import Message
from agency.sealed import SealBroken, Sealed, blind_index, masked, seal, sealed_with_index, unseal
from enterprises.models import Enterprise

PHONE, OTHER = "13800000001", "13900000002"


def key(version: str, byte: bytes) -> str:
    return f"{version}:{base64.b64encode(byte * 32).decode()}"


def stored(model, pk: int, *columns: str) -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM {model._meta.db_table} WHERE id = %s", [pk])
        return cursor.fetchone()


@pytest.fixture
def unsaved(regions, at):
    def make(number: int = 1, **values) -> Enterprise:
        return Enterprise(uscc=f"{number:018}", name=f"单位{number}", kind="企业", region=regions["1403"], **values)

    return make


class TestSealing:
    def test_a_value_opens_again(self):
        assert unseal(seal("6222 账号")) == "6222 账号"

    def test_the_same_value_is_sealed_differently_each_time(self):
        assert seal(PHONE) != seal(PHONE)

    def test_nothing_of_the_value_stands_in_the_sealed_text(self):
        assert PHONE.encode() not in base64.b64decode(seal(PHONE).partition("$")[2])

    @pytest.mark.parametrize("place", [0, 15, -1])
    def test_a_changed_value_is_refused(self, place):
        version, _, text = seal(PHONE).partition("$")
        raw = bytearray(base64.b64decode(text))
        raw[place] ^= 1
        with pytest.raises(SealBroken, match="不符"):
            unseal(f"{version}${base64.b64encode(raw).decode()}")

    @pytest.mark.parametrize("text", ["1$", "1$AAAA", "1$不是", "1$" + "A" * 7])
    def test_what_was_never_sealed_is_refused(self, text, settings):
        settings.SEAL_KEYS = key("1", b"a")
        with pytest.raises(SealBroken):
            unseal(text)

    def test_a_plain_value_in_a_sealed_column_is_refused(self):
        with pytest.raises(SealBroken, match="没有版本"):
            unseal(PHONE)


class TestKeys:
    def test_a_newer_key_seals_and_the_older_still_opens(self, settings):
        settings.SEAL_KEYS = key("1", b"a")
        before = seal(PHONE)
        settings.SEAL_KEYS = f"{key('2', b'b')},{key('1', b'a')}"
        assert seal(PHONE).startswith("2$")
        assert unseal(before) == unseal(seal(PHONE)) == PHONE

    def test_the_index_stays_the_same_when_a_key_is_added(self, settings):
        settings.SEAL_KEYS = key("1", b"a")
        before = blind_index(PHONE)
        settings.SEAL_KEYS = f"{key('2', b'b')},{key('1', b'a')}"
        assert blind_index(PHONE) == before

    def test_without_its_key_a_value_stays_shut(self, settings):
        settings.SEAL_KEYS = key("1", b"a")
        before = seal(PHONE)
        settings.SEAL_KEYS = key("2", b"b")
        with pytest.raises(SealBroken, match="版本为 1"):
            unseal(before)

    def test_another_key_of_the_same_version_does_not_open(self, settings):
        settings.SEAL_KEYS = key("1", b"a")
        before = seal(PHONE)
        settings.SEAL_KEYS = key("1", b"b")
        with pytest.raises(SealBroken, match="不符"):
            unseal(before)

    @pytest.mark.parametrize("given", ["", "1:short", "1:不是", f"{key('1', b'a')},{key('1', b'b')}", key("v-1", b"a")])
    def test_keys_that_cannot_be_used_are_refused(self, given, settings):
        settings.SEAL_KEYS = given
        with pytest.raises(ImproperlyConfigured):
            seal(PHONE)

    def test_the_index_of_another_key_is_another(self, settings):
        settings.SEAL_KEYS = key("1", b"a")
        before = blind_index(PHONE)
        settings.SEAL_KEYS = key("1", b"b")
        assert blind_index(PHONE) != before


class TestShowing:
    @pytest.mark.parametrize(
        ("plain", "shown"),
        [
            (PHONE, "138****0001"),
            ("14030219900101001X", "1403**********001X"),
            ("0000111122223333456", "****3456"),
            ("0353-2200000", "****0000"),
            ("12345", "*****"),
            ("", ""),
        ],
    )
    def test_a_value_is_masked(self, plain, shown):
        assert masked(plain) == shown

    def test_a_value_in_hand_prints_masked_and_its_repr_says_nothing(self):
        value = Sealed(seal(PHONE))
        assert (str(value), f"{value}", repr(value), repr([value])) == ("138****0001", "138****0001", "<Sealed>", "[<Sealed>]")

    def test_a_page_shows_it_masked(self):
        assert Template("{{ it.phone }}").render(Context({"it": {"phone": Sealed(seal(PHONE))}})) == "138****0001"

    def test_it_survives_copy_and_pickle(self):
        value = Sealed(seal(PHONE))
        assert copy.deepcopy(value).reveal() == pickle.loads(pickle.dumps(value)).reveal() == PHONE

    def test_it_equals_its_plain_value_and_its_like(self):
        assert Sealed(seal(PHONE)) == PHONE
        assert Sealed(seal(PHONE)) == Sealed(seal(PHONE))
        assert Sealed(seal(PHONE)) != OTHER
        assert not Sealed("")


@pytest.mark.django_db
class TestSealedField:
    def test_a_saved_row_is_sealed_and_indexed(self, unsaved):
        row = unsaved(phone=PHONE)
        row.save()
        phone, index = stored(Enterprise, row.pk, "phone", "phone_index")
        assert unseal(phone) == PHONE
        assert index == blind_index(PHONE)

    def test_the_row_in_hand_is_masked_after_its_save(self, unsaved):
        row = unsaved(phone=PHONE)
        row.save()
        assert str(row.phone) == "138****0001"

    def test_bulk_create_seals_and_indexes(self, unsaved):
        Enterprise.objects.bulk_create([unsaved(1, phone=PHONE), unsaved(2, phone=OTHER), unsaved(3)])
        assert [str(row.phone) for row in Enterprise.objects.order_by("uscc")] == ["138****0001", "139****0002", ""]
        assert Enterprise.objects.get(phone_index=blind_index(OTHER)).uscc == f"{2:018}"

    def test_an_empty_value_stays_empty_and_has_no_index(self, unsaved):
        row = unsaved()
        row.save()
        assert stored(Enterprise, row.pk, "phone", "phone_index") == ("", "")

    def test_a_changed_value_changes_its_index(self, unsaved):
        row = unsaved(phone=PHONE)
        row.save()
        row.phone = OTHER
        row.save()
        row.refresh_from_db()
        assert (row.phone.reveal(), row.phone_index) == (OTHER, blind_index(OTHER))

    def test_an_untouched_value_keeps_its_bytes(self, unsaved):
        row = unsaved(phone=PHONE)
        row.save()
        before = stored(Enterprise, row.pk, "phone")
        again = Enterprise.objects.get(pk=row.pk)
        again.name = "更名"
        again.save()
        assert stored(Enterprise, row.pk, "phone") == before

    def test_values_and_values_list_give_sealed_values(self, unsaved):
        unsaved(phone=PHONE).save()
        [(in_list,)] = Enterprise.objects.values_list("phone")
        [named] = Enterprise.objects.values("phone")
        assert (repr(in_list), str(named["phone"])) == ("<Sealed>", "138****0001")

    def test_an_update_that_would_leave_the_index_behind_is_refused(self, unsaved):
        unsaved(phone=PHONE).save()
        with pytest.raises(FieldError, match="sealed_with_index"):
            Enterprise.objects.update(phone=OTHER)

    def test_a_bulk_update_that_would_leave_the_index_behind_is_refused(self, unsaved):
        row = unsaved(phone=PHONE)
        row.save()
        row.phone = OTHER
        with pytest.raises(FieldError, match="sealed_with_index"):
            Enterprise.objects.bulk_update([row], ["phone"])

    @pytest.mark.parametrize("plain", [OTHER, ""])
    def test_both_columns_together_may_be_updated(self, unsaved, plain):
        unsaved(phone=PHONE).save()
        Enterprise.objects.update(**sealed_with_index("phone", plain))
        row = Enterprise.objects.get()
        assert (row.phone.reveal(), row.phone_index) == (plain, blind_index(plain) if plain else "")

    def test_one_without_an_index_may_be_updated(self, at):
        Message.objects.create(kind="offer", phone=PHONE, text="甲", created_at=at, next_try_at=at)
        Message.objects.update(text="乙")
        assert Message.objects.get().text.reveal() == "乙"

    def test_it_is_not_searched_by_its_plain_value(self, unsaved):
        unsaved(phone=PHONE).save()
        for lookup in ("phone", "phone__in", "phone__contains", "phone__startswith"):
            with pytest.raises(FieldError):
                list(Enterprise.objects.filter(**{lookup: [PHONE] if lookup.endswith("in") else PHONE}))

    def test_rows_without_a_value_are_found(self, unsaved):
        Enterprise.objects.bulk_create([unsaved(1, phone=PHONE), unsaved(2)])
        assert [row.uscc for row in Enterprise.objects.filter(phone="")] == [f"{2:018}"]
        assert [row.uscc for row in Enterprise.objects.exclude(phone="")] == [f"{1:018}"]

    def test_a_serialised_row_stays_sealed(self, unsaved):
        row = unsaved(phone=PHONE)
        row.save()
        assert PHONE not in serializers.serialize("json", [row])

    def test_old_versions_are_kept_sealed(self, unsaved):
        row = unsaved(phone=PHONE)
        row.save()
        row.phone = OTHER
        row.save()
        [before] = Enterprise.pgh_event_models["changed"].objects.filter(pgh_obj_id=row.pk)
        assert (str(before.phone), before.phone_index) == ("138****0001", blind_index(PHONE))

    def test_a_migration_state_rebuilds_the_fields(self):
        for name in ("phone", "phone_index"):
            field = Enterprise._meta.get_field(name)
            _, path, args, kwargs = field.deconstruct()
            assert path == f"agency.sealed.{type(field).__name__}"
            assert type(field)(*args, **kwargs).deconstruct()[1:] == (path, args, kwargs)
