from django.db import migrations

# A slot repeats the office of its allocation for the exclusion constraint; this key makes the two agree, and lets an
# allocation's move to another office carry its slots along.
ADD = """
ALTER TABLE conventions_permanenceslot
ADD CONSTRAINT slot_office_is_its_allocations
FOREIGN KEY (allocation_id, office_id) REFERENCES conventions_officeallocation (id, office_id)
ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED
"""


class Migration(migrations.Migration):
    dependencies = [("conventions", "0002_initial")]
    operations = [
        migrations.RunSQL(
            ADD,
            "ALTER TABLE conventions_permanenceslot DROP CONSTRAINT slot_office_is_its_allocations",
        ),
    ]
