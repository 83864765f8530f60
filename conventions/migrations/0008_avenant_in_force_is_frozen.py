from django.db import migrations

# An avenant in force is what two parties signed: its terms and its text are never written again. What remains possible
# is to note its signature and its deliberation, and to revoke it as a whole (the service says when).
ADD = """
CREATE FUNCTION conventions_amendment_is_frozen() RETURNS trigger AS $$
BEGIN
    IF OLD.in_force_at IS NULL THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND (
        NEW.convention_id, NEW.number, NEW.subject, NEW.reason, NEW.effective_on, NEW.proposed, NEW.created_at,
        NEW.created_by_id
    ) IS NOT DISTINCT FROM (
        OLD.convention_id, OLD.number, OLD.subject, OLD.reason, OLD.effective_on, OLD.proposed, OLD.created_at,
        OLD.created_by_id
    ) AND (
        (NEW.in_force_at, NEW.in_force_by_id, NEW.replaced)
            IS NOT DISTINCT FROM (OLD.in_force_at, OLD.in_force_by_id, OLD.replaced)
        OR (NEW.in_force_at IS NULL AND NEW.in_force_by_id IS NULL AND NEW.replaced IS NULL)
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'avenant % is in force: it is never changed nor deleted', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'amendment_in_force_is_frozen';
END
$$ LANGUAGE plpgsql;

CREATE TRIGGER amendment_in_force_is_frozen
BEFORE UPDATE OR DELETE ON conventions_amendment
FOR EACH ROW EXECUTE FUNCTION conventions_amendment_is_frozen();
"""
REMOVE = """
DROP TRIGGER amendment_in_force_is_frozen ON conventions_amendment;
DROP FUNCTION conventions_amendment_is_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("conventions", "0007_deadline_feeds_and_digests")]
    operations = [migrations.RunSQL(ADD, REMOVE)]
