"""Which days of which spaces are no longer told by the sums that others keep: written by triggers, once a statement."""

import django.db.models.deletion
from django.db import migrations, models

# The rows of a statement are known together, so that a bulk change costs one insertion and not one a row. What is
# counted of an appointment depends on three rows: its own, its permanence's status, and whether another replaces it.
CREATE = """
CREATE FUNCTION bookings_appointment_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bookings_changedmoment (site_id, moment)
    SELECT site_id, lower(during) FROM new_rows
    UNION
    SELECT moved.site_id, lower(moved.during)
    FROM new_rows JOIN bookings_appointment AS moved ON moved.id = new_rows.rebooked_from_id;
    RETURN NULL;
END
$$;
CREATE FUNCTION bookings_appointment_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bookings_changedmoment (site_id, moment)
    SELECT site_id, lower(during) FROM old_rows
    UNION
    SELECT site_id, lower(during) FROM new_rows
    UNION
    SELECT moved.site_id, lower(moved.during)
    FROM (SELECT rebooked_from_id AS id FROM old_rows UNION SELECT rebooked_from_id FROM new_rows) AS replaced
    JOIN bookings_appointment AS moved ON moved.id = replaced.id;
    RETURN NULL;
END
$$;
CREATE FUNCTION bookings_appointment_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bookings_changedmoment (site_id, moment)
    SELECT site_id, lower(during) FROM old_rows
    UNION
    SELECT moved.site_id, lower(moved.during)
    FROM old_rows JOIN bookings_appointment AS moved ON moved.id = old_rows.rebooked_from_id;
    RETURN NULL;
END
$$;
CREATE FUNCTION bookings_permanence_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bookings_changedmoment (site_id, moment)
    SELECT appointment.site_id, lower(appointment.during)
    FROM old_rows JOIN new_rows ON new_rows.id = old_rows.id AND new_rows.status <> old_rows.status
    JOIN bookings_appointment AS appointment ON appointment.permanence_id = new_rows.id
    UNION
    -- One booked in it meanwhile, which this statement does not see, is of the same day.
    SELECT new_rows.site_id, lower(new_rows.during)
    FROM old_rows JOIN new_rows ON new_rows.id = old_rows.id AND new_rows.status <> old_rows.status;
    RETURN NULL;
END
$$;
CREATE FUNCTION bookings_desk_visit_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bookings_changedmoment (site_id, moment) SELECT DISTINCT site_id, occurred_at FROM new_rows;
    RETURN NULL;
END
$$;
CREATE FUNCTION bookings_desk_visit_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bookings_changedmoment (site_id, moment)
    SELECT site_id, occurred_at FROM old_rows UNION SELECT site_id, occurred_at FROM new_rows;
    RETURN NULL;
END
$$;
CREATE FUNCTION bookings_desk_visit_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bookings_changedmoment (site_id, moment) SELECT DISTINCT site_id, occurred_at FROM old_rows;
    RETURN NULL;
END
$$;
CREATE TRIGGER appointment_inserted_changes_its_moment AFTER INSERT ON bookings_appointment
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION bookings_appointment_inserted();
CREATE TRIGGER appointment_updated_changes_its_moment AFTER UPDATE ON bookings_appointment
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION bookings_appointment_updated();
CREATE TRIGGER appointment_deleted_changes_its_moment AFTER DELETE ON bookings_appointment
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION bookings_appointment_deleted();
CREATE TRIGGER permanence_updated_changes_its_moments AFTER UPDATE ON bookings_permanence
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION bookings_permanence_updated();
CREATE TRIGGER desk_visit_inserted_changes_its_moment AFTER INSERT ON bookings_deskvisit
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION bookings_desk_visit_inserted();
CREATE TRIGGER desk_visit_updated_changes_its_moment AFTER UPDATE ON bookings_deskvisit
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION bookings_desk_visit_updated();
CREATE TRIGGER desk_visit_deleted_changes_its_moment AFTER DELETE ON bookings_deskvisit
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION bookings_desk_visit_deleted();
"""
DROP = """
DROP FUNCTION bookings_appointment_inserted, bookings_appointment_updated, bookings_appointment_deleted,
    bookings_permanence_updated, bookings_desk_visit_inserted, bookings_desk_visit_updated,
    bookings_desk_visit_deleted CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("bookings", "0008_partners_of_a_site"), ("partners", "0002_desk_day")]

    operations = [
        migrations.CreateModel(
            name="ChangedMoment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("moment", models.DateTimeField(verbose_name="moment")),
                (
                    "site",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="partners.site",
                        verbose_name="espace",
                    ),
                ),
            ],
            options={"verbose_name": "moment changé", "verbose_name_plural": "moments changés"},
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
