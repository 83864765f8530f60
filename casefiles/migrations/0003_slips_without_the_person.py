"""What was sent about a person may be emptied of her, through the door of an approved elimination list, once and for all."""

from django.db import migrations

# What is left of a line: which file of which kind went when, with which documents of the checklists. A document that
# somebody named by hand may tell of the person.
EMPTIED = """
CREATE FUNCTION casefiles_line_without_person(content jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT content
        || '{"last_name": "", "first_name": "", "birth_date": null, "urgency": ""}'::jsonb
        || jsonb_build_object('documents', coalesce((
            SELECT jsonb_agg(
                CASE WHEN EXISTS (SELECT FROM casefiles_requireddocument WHERE label = document.value ->> 'label')
                    THEN document.value
                    ELSE document.value || '{"label": "[effacé]"}'::jsonb
                END ORDER BY document.ordinality)
            FROM jsonb_array_elements(content -> 'documents') WITH ORDINALITY AS document), '[]'::jsonb))
$$;
"""
NOT_EMPTIED = "DROP FUNCTION casefiles_line_without_person(jsonb);"

FROZEN_COLUMNS = [
    *("id", "slip_id", "file_id", "site_id", "partner_id"),
    *("position", "sent_on", "agreed_on", "acknowledgement_due_on"),
]
OLD = ", ".join(f"OLD.{column}" for column in FROZEN_COLUMNS)
NEW = ", ".join(f"NEW.{column}" for column in FROZEN_COLUMNS)

DOOR = f"""
CREATE FUNCTION casefiles_refuse_frozen_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ({OLD}) IS NOT DISTINCT FROM ({NEW})
        AND NEW.content = casefiles_line_without_person(OLD.content)
        AND bookings_may_forget((SELECT visitor_id FROM casefiles_casefile WHERE id = OLD.file_id))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a transmission slip that was sent is neither changed nor deleted'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'slip_is_frozen', TABLE = TG_TABLE_NAME;
END
$$;
CREATE OR REPLACE TRIGGER casefiles_slip_line_not_changed BEFORE UPDATE ON casefiles_slipline
FOR EACH ROW WHEN (({OLD}, OLD.content) IS DISTINCT FROM ({NEW}, NEW.content))
EXECUTE FUNCTION casefiles_refuse_frozen_line();
"""
NO_DOOR = f"""
CREATE OR REPLACE TRIGGER casefiles_slip_line_not_changed BEFORE UPDATE ON casefiles_slipline
FOR EACH ROW WHEN (({OLD}, OLD.content) IS DISTINCT FROM ({NEW}, NEW.content))
EXECUTE FUNCTION casefiles_refuse_frozen_slip();
DROP FUNCTION casefiles_refuse_frozen_line();
"""


class Migration(migrations.Migration):
    dependencies = [("bookings", "0012_personal_data"), ("casefiles", "0002_frozen_slips")]
    operations = [migrations.RunSQL(EMPTIED, NOT_EMPTIED), migrations.RunSQL(DOOR, NO_DOOR)]
