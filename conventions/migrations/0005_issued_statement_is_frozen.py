"""An issued fee statement is frozen: the database itself refuses to change or delete it."""

from django.db import migrations

# Whatever is not named here is frozen, columns that later migrations add among them.
WRITTEN_AFTERWARDS = ("revenue_order_number", "revenue_order_on", "paid_on", "paid_amount", "is_corrected")

FREEZE = f"""
CREATE FUNCTION conventions_feestatement_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    written_afterwards CONSTANT text[] := ARRAY[{", ".join(f"'{column}'" for column in WRITTEN_AFTERWARDS)}];
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an issued fee statement cannot be deleted'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'statement_frozen';
    END IF;
    IF (to_jsonb(NEW) - written_afterwards) IS DISTINCT FROM (to_jsonb(OLD) - written_afterwards) THEN
        RAISE EXCEPTION 'an issued fee statement cannot be changed'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'statement_frozen';
    END IF;
    IF OLD.is_corrected AND NOT NEW.is_corrected THEN
        RAISE EXCEPTION 'a corrected fee statement stays corrected'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'statement_frozen';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER conventions_feestatement_frozen
    BEFORE UPDATE OR DELETE ON conventions_feestatement
    FOR EACH ROW EXECUTE FUNCTION conventions_feestatement_refuse_change();
"""

THAW = """
DROP TRIGGER conventions_feestatement_frozen ON conventions_feestatement;
DROP FUNCTION conventions_feestatement_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("conventions", "0004_living_agreements")]

    operations = [migrations.RunSQL(FREEZE, THAW)]
