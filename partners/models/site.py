from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.utils import timezone

from franceservices.dates import format_date_long, format_time_range
from franceservices.db import DateRangeInclusive, Folded, TimeRange
from partners.validators import validate_insee_code, validate_postal_code, validate_time_zone

from .ccas import Ccas


class Weekday(models.IntegerChoices):
    """ISO weekday numbers."""

    MONDAY = 1, "lundi"
    TUESDAY = 2, "mardi"
    WEDNESDAY = 3, "mercredi"
    THURSDAY = 4, "jeudi"
    FRIDAY = 5, "vendredi"
    SATURDAY = 6, "samedi"
    SUNDAY = 7, "dimanche"


class SiteTimeZone(models.TextChoices):
    """The zones in which a French municipality can lie."""

    PARIS = "Europe/Paris", "France hexagonale (Paris)"
    CAYENNE = "America/Cayenne", "Guyane (Cayenne)"
    GUADELOUPE = "America/Guadeloupe", "Guadeloupe"
    MARTINIQUE = "America/Martinique", "Martinique"
    SAINT_BARTHELEMY = "America/St_Barthelemy", "Saint-Barthélemy"
    SAINT_MARTIN = "America/Marigot", "Saint-Martin"
    MIQUELON = "America/Miquelon", "Saint-Pierre-et-Miquelon"
    REUNION = "Indian/Reunion", "La Réunion"
    MAYOTTE = "Indian/Mayotte", "Mayotte"
    NOUMEA = "Pacific/Noumea", "Nouvelle-Calédonie"
    TAHITI = "Pacific/Tahiti", "Polynésie française (Tahiti)"
    WALLIS = "Pacific/Wallis", "Wallis-et-Futuna"


class HolidayCalendar(models.TextChoices):
    """Public holidays that hold at a site: the subdivision codes of the `holidays` library."""

    COMMON = "", "France (jours communs)"
    ALSACE_MOSELLE = "57", "Alsace-Moselle"
    GUADELOUPE = "971", "Guadeloupe"
    MARTINIQUE = "972", "Martinique"
    GUYANE = "973", "Guyane"
    REUNION = "974", "La Réunion"
    MAYOTTE = "976", "Mayotte"
    SAINT_BARTHELEMY = "BL", "Saint-Barthélemy"
    SAINT_MARTIN = "MF", "Saint-Martin"
    NOUVELLE_CALEDONIE = "NC", "Nouvelle-Calédonie"
    POLYNESIE = "PF", "Polynésie française"
    MIQUELON = "PM", "Saint-Pierre-et-Miquelon"
    WALLIS = "WF", "Wallis-et-Futuna"


class SchoolZone(models.TextChoices):
    """Whose school calendar a site follows; the overseas academies have their own."""

    A = "A", "Zone A"
    B = "B", "Zone B"
    C = "C", "Zone C"
    CORSE = "corse", "Corse"
    GUADELOUPE = "guadeloupe", "Guadeloupe"
    GUYANE = "guyane", "Guyane"
    MARTINIQUE = "martinique", "Martinique"
    MAYOTTE = "mayotte", "Mayotte"
    REUNION = "reunion", "La Réunion"


class SchoolHoliday(models.Model):
    """School holidays of one zone, both days included; kept by hand or imported, since nothing carries all zones."""

    zone = models.CharField("zone", max_length=10, choices=SchoolZone)
    name = models.CharField("nom", max_length=100)
    starts_on = models.DateField("premier jour")
    ends_on = models.DateField("dernier jour")

    class Meta:
        verbose_name = "vacances scolaires"
        verbose_name_plural = "vacances scolaires"
        ordering = ["starts_on", "zone"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")),
                name="school_holiday_days_ordered",
                violation_error_message="Le dernier jour doit suivre le premier.",
            ),
            models.UniqueConstraint(
                fields=["zone", "starts_on"],
                name="school_holiday_unique",
                violation_error_message="Ces vacances sont déjà inscrites.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_zone_display()})"


class SiteQuerySet(models.QuerySet):
    def visible_to(self, user) -> "SiteQuerySet":
        """The desks of `user`: all of the CCAS for managers and administrators, the assigned ones for the others.

        A partner's agent has no desk: she meets a site only through her own permanences.
        """
        if user.is_superuser:
            return self
        if user.ccas_id is None:
            return self.none()
        own = self.filter(ccas_id=user.ccas_id)
        return own if user.oversees_ccas else own.filter(users=user)


class Site(models.Model):
    """A France Services space: the place whose clock, holidays and offices everything else refers to."""

    ccas = models.ForeignKey(Ccas, verbose_name="CCAS", on_delete=models.PROTECT, related_name="sites")
    name = models.CharField("nom", max_length=200)
    short_name = models.CharField("nom court", max_length=60)
    slug = models.SlugField("identifiant", max_length=60, unique=True)
    address = models.CharField("adresse", max_length=250, blank=True)
    postal_code = models.CharField("code postal", max_length=5, blank=True, validators=[validate_postal_code])
    city = models.CharField("commune", max_length=100)
    insee_code = models.CharField("code INSEE", max_length=5, validators=[validate_insee_code])
    phone = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("courriel", blank=True)
    time_zone = models.CharField(
        "fuseau horaire",
        max_length=40,
        choices=SiteTimeZone,
        default=SiteTimeZone.PARIS,
        validators=[validate_time_zone],
    )
    holiday_calendar = models.CharField(
        "jours fériés",
        max_length=4,
        choices=HolidayCalendar,
        default=HolidayCalendar.COMMON,
        blank=True,
    )
    school_zone = models.CharField(
        "zone scolaire", max_length=10, choices=SchoolZone, blank=True, help_text="Pour les vacances scolaires."
    )
    late_after_minutes = models.PositiveSmallIntegerField("en retard après (minutes)", default=10)
    is_active = models.BooleanField("en service", default=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = "espace"
        verbose_name_plural = "espaces"
        ordering = [Folded("name")]
        constraints = [
            models.UniqueConstraint(
                fields=["ccas", "name"],
                name="site_name_unique",
                violation_error_message="Ce CCAS a déjà un espace de ce nom.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone; every moment of the site is shown in it."""
        return ZoneInfo(self.time_zone)

    def now(self) -> datetime:
        """The present moment, aware, in the site's zone."""
        return timezone.localtime(timezone.now(), self.zone)

    def today(self) -> date:
        """The civil date at the site."""
        return self.now().date()


class OpeningHoursQuerySet(models.QuerySet):
    def valid_on(self, day: date) -> "OpeningHoursQuerySet":
        """The lines in force on the civil date `day`."""
        return self.filter(models.Q(ends_on=None) | models.Q(ends_on__gte=day), starts_on__lte=day)


class OpeningHours(models.Model):
    """One weekly span `[start_time, end_time)` in which a site is open to the public, site-local time.

    `starts_on` and `ends_on` are both included; no end means until further notice.
    """

    site = models.ForeignKey(
        Site,
        verbose_name="espace",
        on_delete=models.CASCADE,
        related_name="opening_hours",
    )
    weekday = models.PositiveSmallIntegerField("jour", choices=Weekday)
    start_time = models.TimeField("ouverture")
    end_time = models.TimeField("fermeture")
    starts_on = models.DateField("à compter du")
    ends_on = models.DateField("jusqu’au", null=True, blank=True)

    objects = OpeningHoursQuerySet.as_manager()

    class Meta:
        verbose_name = "horaire d’ouverture"
        verbose_name_plural = "horaires d’ouverture"
        ordering = ["weekday", "start_time", "starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(end_time__gt=models.F("start_time")),
                name="opening_hours_end_after_start",
                violation_error_message="L’heure de fermeture doit suivre l’heure d’ouverture.",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on=None) | models.Q(ends_on__gte=models.F("starts_on")),
                name="opening_hours_dates_ordered",
                violation_error_message="La date de fin doit suivre la date de début.",
            ),
            ExclusionConstraint(
                name="opening_hours_no_overlap",
                expressions=[
                    ("site", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (TimeRange(), RangeOperators.OVERLAPS),
                    (DateRangeInclusive(), RangeOperators.OVERLAPS),
                ],
                violation_error_message="Deux horaires d’ouverture se chevauchent ce jour-là.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {format_time_range(self.start_time, self.end_time)}"


class ClosureQuerySet(models.QuerySet):
    def touching(self, first: date, last: date) -> "ClosureQuerySet":
        """The closures with at least one day in `[first, last]`, both ends included."""
        return self.filter(starts_on__lte=last, ends_on__gte=first)


class Closure(models.Model):
    """Whole civil days, both ends included, on which a site does not open although it usually would."""

    site = models.ForeignKey(Site, verbose_name="espace", on_delete=models.CASCADE, related_name="closures")
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    reason = models.CharField("motif", max_length=200)

    objects = ClosureQuerySet.as_manager()

    class Meta:
        verbose_name = "fermeture"
        verbose_name_plural = "fermetures"
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")),
                name="closure_dates_ordered",
                violation_error_message="La fermeture doit finir le jour où elle commence ou après.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} ({format_date_long(self.starts_on)} – {format_date_long(self.ends_on)})"
