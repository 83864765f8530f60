"""Who corrected a visit last, and when; and no date of last use of a link: reading one writes nothing."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0010_one_index_begins_with_the_site"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="deskvisit",
            name="corrected_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="corrigé le"),
        ),
        migrations.AddField(
            model_name="deskvisit",
            name="corrected_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="corrigé par",
            ),
        ),
        migrations.AddConstraint(
            model_name="deskvisit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("corrected_at", None), ("corrected_by", None)),
                    models.Q(("corrected_at__isnull", False), ("corrected_by__isnull", False)),
                    _connector="OR",
                ),
                name="desk_visit_corrected_when_and_by",
            ),
        ),
        migrations.RemoveField(model_name="sharedlink", name="last_used_at"),
    ]
