"""What the journal says of a person on rows that were, for a time, those of another: a merge that was undone."""

from django.db import migrations

# `audit_forget` blanks the lines of a person. Between a merge and its undoing her rows were written as somebody else's,
# and the other card held her facts: those lines are found by the row. The same door as for the rows themselves.
BLANK = """
CREATE FUNCTION bookings_forget_in_journal(card bigint, of_model text, rows bigint[], since bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    blanked bigint;
BEGIN
    IF NOT bookings_may_forget(card) THEN
        RAISE EXCEPTION 'no approved elimination list allows this card to be anonymised'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'visitor_anonymised_by_a_list';
    END IF;
    PERFORM set_config('franceservices.audit_upkeep', 'forget', true);
    UPDATE partners_auditevent AS line SET
        personal_before = (SELECT jsonb_object_agg(name, NULL) FROM jsonb_object_keys(line.personal_before) AS name),
        personal_after = (SELECT jsonb_object_agg(name, NULL) FROM jsonb_object_keys(line.personal_after) AS name),
        forgotten_at = clock_timestamp()
    WHERE line.model = of_model AND line.object_id = ANY (rows) AND line.id >= since AND line.forgotten_at IS NULL
        AND (line.personal_before IS NOT NULL OR line.personal_after IS NOT NULL);
    GET DIAGNOSTICS blanked = ROW_COUNT;
    PERFORM set_config('franceservices.audit_upkeep', '', true);
    RETURN blanked;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("bookings", "0013_audited"), ("partners", "0007_audited")]
    operations = [
        migrations.RunSQL(BLANK, "DROP FUNCTION bookings_forget_in_journal(bigint, text, bigint[], bigint);"),
    ]
