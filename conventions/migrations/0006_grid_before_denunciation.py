import django.core.serializers.json
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conventions", "0005_issued_statement_is_frozen"),
    ]

    operations = [
        migrations.AddField(
            model_name="convention",
            name="grid_before_denunciation",
            field=models.JSONField(
                blank=True,
                editable=False,
                encoder=django.core.serializers.json.DjangoJSONEncoder,
                null=True,
                verbose_name="grille d’avant la dénonciation",
            ),
        ),
    ]
