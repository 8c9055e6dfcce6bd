import django.db.models.deletion
from django.db import migrations, models

# A region that an enterprise names can neither be deleted nor take another code.
_KEEP = """
CREATE FUNCTION enterprises_keep_region() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM enterprises_enterprise WHERE region_id = OLD.code) THEN
        RAISE foreign_key_violation USING MESSAGE = 'region ' || OLD.code || ' has enterprises';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_where_named_deleted BEFORE DELETE ON agency_region
    FOR EACH ROW EXECUTE FUNCTION enterprises_keep_region();
CREATE TRIGGER keep_where_named_renamed BEFORE UPDATE ON agency_region
    FOR EACH ROW WHEN (OLD.code <> NEW.code) EXECUTE FUNCTION enterprises_keep_region();
"""
_UNDONE = "DROP FUNCTION enterprises_keep_region() CASCADE"


class Migration(migrations.Migration):

    dependencies = [
        ('agency', '0021_message_kinds'),
        ('enterprises', '0007_legal_phone'),
    ]

    operations = [
        migrations.AlterField(
            model_name='enterprise',
            name='region',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agency.region', verbose_name='参保地'),
        ),
        migrations.RunSQL(_KEEP, _UNDONE),
    ]
