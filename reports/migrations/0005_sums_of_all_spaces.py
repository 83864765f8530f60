"""Sums of each space without detail and of all spaces together; what cannot be added up, of whole periods."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0009_changed_moments"),
        ("partners", "0002_desk_day"),
        ("reports", "0004_audited"),
    ]

    operations = [
        # Nobody's truth: all are made again, with what they did not hold, within a minute or an hour.
        migrations.RunSQL(
            "TRUNCATE reports_summedsite, reports_monthlyappointments, reports_monthlyvisits", migrations.RunSQL.noop
        ),
        migrations.CreateModel(
            name="SummedMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(unique=True, verbose_name="mois")),
            ],
            options={
                "verbose_name": "mois sommé",
                "verbose_name_plural": "mois sommés",
            },
        ),
        migrations.AddField(
            model_name="monthlyappointments",
            name="still_open",
            field=models.PositiveIntegerField(default=0, verbose_name="à venir ou sans issue"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="summedsite",
            name="ccas",
            field=models.ForeignKey(
                default=0,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="partners.ccas",
                verbose_name="CCAS",
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="summedsite",
            name="site",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="summed",
                to="partners.site",
                verbose_name="espace",
            ),
        ),
        migrations.CreateModel(
            name="MonthlyAppointmentsOfAll",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(verbose_name="mois")),
                ("booked", models.PositiveIntegerField(verbose_name="pris")),
                ("held", models.PositiveIntegerField(verbose_name="effectués")),
                ("absent", models.PositiveIntegerField(verbose_name="absences")),
                ("excused", models.PositiveIntegerField(verbose_name="annulés par l’usager")),
                ("cancelled_by_partner", models.PositiveIntegerField(verbose_name="annulés par le partenaire")),
                ("cancelled_by_ccas", models.PositiveIntegerField(verbose_name="annulés par le CCAS")),
                ("to_replace", models.PositiveIntegerField(verbose_name="à replacer")),
                ("moved", models.PositiveIntegerField(verbose_name="déplacés")),
                ("waited", models.PositiveIntegerField(verbose_name="attentes notées")),
                ("waited_microseconds", models.BigIntegerField(verbose_name="temps d’attente (µs)")),
                ("lead_microseconds", models.BigIntegerField(verbose_name="délai de rendez-vous (µs)")),
                ("still_open", models.PositiveIntegerField(verbose_name="à venir ou sans issue")),
                (
                    "audience",
                    models.CharField(
                        choices=[("public", "Usagers"), ("social_workers", "Travailleurs sociaux")],
                        max_length=20,
                        verbose_name="public",
                    ),
                ),
                ("open_from", models.DateTimeField(null=True, verbose_name="première fin de ceux sans issue")),
                ("open_until", models.DateTimeField(null=True, verbose_name="dernière fin de ceux sans issue")),
                (
                    "partner",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="partners.partner",
                        verbose_name="partenaire",
                    ),
                ),
                (
                    "reason",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="bookings.reason",
                        verbose_name="motif",
                    ),
                ),
            ],
            options={
                "verbose_name": "somme mensuelle de rendez-vous de tous les espaces",
                "verbose_name_plural": "sommes mensuelles de rendez-vous de tous les espaces",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("month", "partner", "reason", "audience"), name="monthly_appointments_of_all_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MonthlyAppointmentsOfSite",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(verbose_name="mois")),
                ("booked", models.PositiveIntegerField(verbose_name="pris")),
                ("held", models.PositiveIntegerField(verbose_name="effectués")),
                ("absent", models.PositiveIntegerField(verbose_name="absences")),
                ("excused", models.PositiveIntegerField(verbose_name="annulés par l’usager")),
                ("cancelled_by_partner", models.PositiveIntegerField(verbose_name="annulés par le partenaire")),
                ("cancelled_by_ccas", models.PositiveIntegerField(verbose_name="annulés par le CCAS")),
                ("to_replace", models.PositiveIntegerField(verbose_name="à replacer")),
                ("moved", models.PositiveIntegerField(verbose_name="déplacés")),
                ("waited", models.PositiveIntegerField(verbose_name="attentes notées")),
                ("waited_microseconds", models.BigIntegerField(verbose_name="temps d’attente (µs)")),
                ("lead_microseconds", models.BigIntegerField(verbose_name="délai de rendez-vous (µs)")),
                ("still_open", models.PositiveIntegerField(verbose_name="à venir ou sans issue")),
                (
                    "open_ends",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateTimeField(), size=None, verbose_name="fins de ceux sans issue, en ordre"
                    ),
                ),
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
            options={
                "verbose_name": "somme mensuelle de rendez-vous d’un espace",
                "verbose_name_plural": "sommes mensuelles de rendez-vous d’un espace",
                "constraints": [
                    models.UniqueConstraint(fields=("month", "site"), name="monthly_appointments_of_site_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="MonthlyVisitsOfAll",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(verbose_name="mois")),
                ("visits", models.PositiveIntegerField(verbose_name="passages")),
                ("people", models.PositiveIntegerField(verbose_name="personnes")),
                ("computer_sessions", models.PositiveIntegerField(verbose_name="séances au point numérique")),
                ("computer_people", models.PositiveIntegerField(verbose_name="personnes au point numérique")),
                ("computer_accompanied", models.PositiveIntegerField(verbose_name="séances accompagnées")),
                ("axis", models.CharField(max_length=10, verbose_name="axe")),
                ("choice", models.CharField(blank=True, max_length=20, verbose_name="choix")),
                (
                    "partner",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="partners.partner",
                        verbose_name="partenaire",
                    ),
                ),
                (
                    "reason",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="bookings.deskreason",
                        verbose_name="motif",
                    ),
                ),
            ],
            options={
                "verbose_name": "somme mensuelle de passages de tous les espaces",
                "verbose_name_plural": "sommes mensuelles de passages de tous les espaces",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("axis", "month", "partner", "reason", "choice"),
                        name="monthly_visits_of_all_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MonthlyVisitsOfSite",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(verbose_name="mois")),
                ("visits", models.PositiveIntegerField(verbose_name="passages")),
                ("people", models.PositiveIntegerField(verbose_name="personnes")),
                ("computer_sessions", models.PositiveIntegerField(verbose_name="séances au point numérique")),
                ("computer_people", models.PositiveIntegerField(verbose_name="personnes au point numérique")),
                ("computer_accompanied", models.PositiveIntegerField(verbose_name="séances accompagnées")),
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
            options={
                "verbose_name": "somme mensuelle de passages d’un espace",
                "verbose_name_plural": "sommes mensuelles de passages d’un espace",
                "constraints": [models.UniqueConstraint(fields=("month", "site"), name="monthly_visits_of_site_once")],
            },
        ),
        migrations.CreateModel(
            name="WholePeriod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.DateField(verbose_name="du")),
                ("last", models.DateField(verbose_name="au")),
                ("people", models.PositiveIntegerField(verbose_name="personnes reçues")),
                ("strangers", models.PositiveIntegerField(verbose_name="rendez-vous d’usagers d’un autre CCAS")),
                (
                    "waiting_middles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DecimalField(decimal_places=6, max_digits=30),
                        null=True,
                        size=None,
                        verbose_name="attentes du milieu (s)",
                    ),
                ),
                (
                    "lead_middles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DecimalField(decimal_places=6, max_digits=30),
                        null=True,
                        size=None,
                        verbose_name="délais du milieu (s)",
                    ),
                ),
                (
                    "ccas",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="partners.ccas",
                        verbose_name="CCAS",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="partners.site",
                        verbose_name="espace",
                    ),
                ),
            ],
            options={
                "verbose_name": "mois ou année entière",
                "verbose_name_plural": "mois et années entières",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("first", "last", "ccas", "site"), name="whole_period_once", nulls_distinct=False
                    )
                ],
            },
        ),
    ]
