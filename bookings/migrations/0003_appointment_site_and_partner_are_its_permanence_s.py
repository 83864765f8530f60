from django.db import migrations

# An appointment repeats the site and the partner of its permanence; this key makes them agree.
ADD = """
ALTER TABLE bookings_appointment
ADD CONSTRAINT appointment_site_partner_are_its_permanences
FOREIGN KEY (permanence_id, site_id, partner_id) REFERENCES bookings_permanence (id, site_id, partner_id)
ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED
"""


class Migration(migrations.Migration):
    dependencies = [("bookings", "0002_initial")]
    operations = [
        migrations.RunSQL(
            ADD,
            "ALTER TABLE bookings_appointment DROP CONSTRAINT appointment_site_partner_are_its_permanences",
        ),
    ]
