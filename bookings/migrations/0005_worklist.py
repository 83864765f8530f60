from django.db import migrations, models
from django.db.models import F


def list_people_in_orphans(apps, schema_editor):
    """Whoever is booked in a date that left the grid before the worklist existed waits for another time too."""
    Appointment = apps.get_model("bookings", "Appointment")
    Permanence = apps.get_model("bookings", "Permanence")
    waiting = Appointment.objects.filter(
        status="booked",
        to_replace_since=None,
        permanence__status="planned",
        permanence__orphaned_at__isnull=False,
        during__startswith__gt=F("permanence__orphaned_at"),
    )
    since = Permanence.objects.filter(pk=models.OuterRef("permanence")).values("orphaned_at")
    waiting.update(to_replace_since=models.Subquery(since))


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0004_desk_day"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("status", "booked"), ("to_replace_since__isnull", False)),
                fields=["site", "during"],
                name="appointment_to_replace",
            ),
        ),
        migrations.RunPython(list_people_in_orphans, migrations.RunPython.noop, elidable=True),
    ]
