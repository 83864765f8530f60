"""A return and a report that are established are frozen: the database itself refuses to change or delete them."""

from django.db import migrations

# Whatever is not named here is frozen, columns that later migrations add among them.
FROZEN = {
    "reports_monthlyreturn": ("is_corrected", "true", "monthly_return_frozen"),
    "reports_annualreport": ("is_replaced", "OLD.issued_at IS NOT NULL", "annual_report_frozen"),
}


def freeze(table: str) -> str:
    written_afterwards, is_issued, constraint = FROZEN[table]
    return f"""
CREATE FUNCTION {table}_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT ({is_issued}) THEN
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'what is established cannot be deleted'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = '{constraint}';
    END IF;
    IF (to_jsonb(NEW) - '{written_afterwards}') IS DISTINCT FROM (to_jsonb(OLD) - '{written_afterwards}')
        OR (OLD.{written_afterwards} AND NOT NEW.{written_afterwards}) THEN
        RAISE EXCEPTION 'what is established cannot be changed'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = '{constraint}';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER {table}_frozen
    BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {table}_refuse_change();
"""


def thaw(table: str) -> str:
    return f"DROP TRIGGER {table}_frozen ON {table}; DROP FUNCTION {table}_refuse_change();"


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_returns_reports_and_works")]

    operations = [migrations.RunSQL(freeze(table), thaw(table)) for table in FROZEN]
