"""Sums of months, kept so that a figure of a thousand spaces need not read its millions of rows.

They are nobody's truth: `reports.summing` makes them of the rows by the definitions of `reports.figures`, and
`reports.figures.summed` reads, instead of the sums, the rows of every month that changed since.

There are three tables of each kind: by space, partner and reason; by space alone; and of all spaces together, by
partner and reason. The last two are made of the first, in the same transaction.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from bookings.models import DeskReason, Reason
from conventions.models import Audience
from partners.models import Ccas, Partner, Site

# Told by the month, found by the constraints below, and made again as a whole: nothing to check for each of millions.
KEY = {"on_delete": models.CASCADE, "related_name": "+", "db_index": False, "db_constraint": False}


class SummedSite(models.Model):
    """The spaces whose months are summed, all of them, by the clock `time_zone` and among the spaces of `ccas`.

    A space that is not here, or lives by another clock or under another CCAS since, is read from its rows.
    """

    site = models.OneToOneField(Site, verbose_name="espace", on_delete=models.CASCADE, related_name="summed")
    ccas = models.ForeignKey(Ccas, verbose_name="CCAS", on_delete=models.CASCADE, related_name="+")
    time_zone = models.CharField("fuseau horaire", max_length=40)

    class Meta:
        verbose_name = "espace sommé"
        verbose_name_plural = "espaces sommés"

    def __str__(self) -> str:
        return f"{self.site_id}, {self.time_zone}"


class SummedMonth(models.Model):
    """The months of which the sums of all spaces together are made: those of every `SummedSite`, whatever its clock.

    A month that is not here is read from the sums of each space.
    """

    month = models.DateField("mois", unique=True)

    class Meta:
        verbose_name = "mois sommé"
        verbose_name_plural = "mois sommés"

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class AppointmentSums(models.Model):
    """What is added up of the appointments of one civil `month` (its first day)."""

    month = models.DateField("mois")
    booked = models.PositiveIntegerField("pris")
    held = models.PositiveIntegerField("effectués")
    absent = models.PositiveIntegerField("absences")
    excused = models.PositiveIntegerField("annulés par l’usager")
    cancelled_by_partner = models.PositiveIntegerField("annulés par le partenaire")
    cancelled_by_ccas = models.PositiveIntegerField("annulés par le CCAS")
    to_replace = models.PositiveIntegerField("à replacer")
    moved = models.PositiveIntegerField("déplacés")
    waited = models.PositiveIntegerField("attentes notées")
    waited_microseconds = models.BigIntegerField("temps d’attente (µs)")
    lead_microseconds = models.BigIntegerField("délai de rendez-vous (µs)")
    still_open = models.PositiveIntegerField("à venir ou sans issue")

    class Meta:
        abstract = True


class MonthlyAppointments(AppointmentSums):
    """The appointments of a month at a site, by partner, reason and audience."""

    site = models.ForeignKey(Site, verbose_name="espace", **KEY)
    partner = models.ForeignKey(Partner, verbose_name="partenaire", **KEY)
    reason = models.ForeignKey(Reason, verbose_name="motif", **KEY)
    audience = models.CharField("public", max_length=20, choices=Audience)
    # Those without an outcome are to come until they end, then unsettled: what they are depends on when one asks.
    open_ends = ArrayField(models.DateTimeField(), verbose_name="fins de ceux sans issue, en ordre")

    class Meta:
        verbose_name = "somme mensuelle de rendez-vous"
        verbose_name_plural = "sommes mensuelles de rendez-vous"
        constraints = [
            # By month first: a year of the country lies together, a month of a space is found among it.
            models.UniqueConstraint(
                fields=["month", "site", "partner", "reason", "audience"], name="monthly_appointments_once"
            ),
        ]
        indexes = [models.Index(name="monthly_appointments_partner", fields=["partner", "month"])]

    def __str__(self) -> str:
        return f"{self.site_id}, {self.month:%Y-%m}"


class MonthlyAppointmentsOfSite(AppointmentSums):
    """The appointments of a month at a site."""

    site = models.ForeignKey(Site, verbose_name="espace", **KEY)
    open_ends = ArrayField(models.DateTimeField(), verbose_name="fins de ceux sans issue, en ordre")

    class Meta:
        verbose_name = "somme mensuelle de rendez-vous d’un espace"
        verbose_name_plural = "sommes mensuelles de rendez-vous d’un espace"
        constraints = [models.UniqueConstraint(fields=["month", "site"], name="monthly_appointments_of_site_once")]

    def __str__(self) -> str:
        return f"{self.site_id}, {self.month:%Y-%m}"


class MonthlyAppointmentsOfAll(AppointmentSums):
    """The appointments of a month at all spaces that are summed, by partner, reason and audience."""

    partner = models.ForeignKey(Partner, verbose_name="partenaire", **KEY)
    reason = models.ForeignKey(Reason, verbose_name="motif", **KEY)
    audience = models.CharField("public", max_length=20, choices=Audience)
    # Asked at a moment between the two, those without an outcome are told apart by the sums of each space.
    open_from = models.DateTimeField("première fin de ceux sans issue", null=True)
    open_until = models.DateTimeField("dernière fin de ceux sans issue", null=True)

    class Meta:
        verbose_name = "somme mensuelle de rendez-vous de tous les espaces"
        verbose_name_plural = "sommes mensuelles de rendez-vous de tous les espaces"
        constraints = [
            models.UniqueConstraint(
                fields=["month", "partner", "reason", "audience"], name="monthly_appointments_of_all_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class VisitSums(models.Model):
    """What is added up of the walk-ins of one civil `month` (its first day)."""

    month = models.DateField("mois")
    visits = models.PositiveIntegerField("passages")
    people = models.PositiveIntegerField("personnes")
    computer_sessions = models.PositiveIntegerField("séances au point numérique")
    computer_people = models.PositiveIntegerField("personnes au point numérique")
    computer_accompanied = models.PositiveIntegerField("séances accompagnées")

    class Meta:
        abstract = True


class MonthlyVisits(VisitSums):
    """The walk-ins of a month at a site, by partner and along one axis of `reports.figures.desk_visits`.

    Along each `axis` all of them are told, so that only one axis may be added up at a time: by all axes at once there
    would be as many sums as walk-ins.
    """

    site = models.ForeignKey(Site, verbose_name="espace", **KEY)
    axis = models.CharField("axe", max_length=10)
    partner = models.ForeignKey(Partner, verbose_name="partenaire", null=True, **KEY)
    reason = models.ForeignKey(DeskReason, verbose_name="motif", null=True, **KEY)
    choice = models.CharField("choix", max_length=20, blank=True)

    class Meta:
        verbose_name = "somme mensuelle de passages"
        verbose_name_plural = "sommes mensuelles de passages"
        constraints = [
            models.UniqueConstraint(
                fields=["axis", "month", "site", "partner", "reason", "choice"],
                name="monthly_visits_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site_id}, {self.month:%Y-%m}, {self.axis}"


class MonthlyVisitsOfSite(VisitSums):
    """The walk-ins of a month at a site."""

    site = models.ForeignKey(Site, verbose_name="espace", **KEY)

    class Meta:
        verbose_name = "somme mensuelle de passages d’un espace"
        verbose_name_plural = "sommes mensuelles de passages d’un espace"
        constraints = [models.UniqueConstraint(fields=["month", "site"], name="monthly_visits_of_site_once")]

    def __str__(self) -> str:
        return f"{self.site_id}, {self.month:%Y-%m}"


class MonthlyVisitsOfAll(VisitSums):
    """The walk-ins of a month at all spaces that are summed, by partner and along one axis, as `MonthlyVisits`."""

    axis = models.CharField("axe", max_length=10)
    partner = models.ForeignKey(Partner, verbose_name="partenaire", null=True, **KEY)
    reason = models.ForeignKey(DeskReason, verbose_name="motif", null=True, **KEY)
    choice = models.CharField("choix", max_length=20, blank=True)

    class Meta:
        verbose_name = "somme mensuelle de passages de tous les espaces"
        verbose_name_plural = "sommes mensuelles de passages de tous les espaces"
        constraints = [
            models.UniqueConstraint(
                fields=["axis", "month", "partner", "reason", "choice"],
                name="monthly_visits_of_all_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}, {self.axis}"
