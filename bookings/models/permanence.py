from datetime import date, datetime

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.utils import timezone

from conventions.models import Audience, BookingMode, Convention, PermanenceSlot
from franceservices.dates import format_date_weekday, format_time_range
from franceservices.db import who_and_when
from partners.models import Office, Partner, Site


class PermanenceStatus(models.TextChoices):
    PLANNED = "planned", "Prévue"
    HELD = "held", "Tenue"
    CANCELLED = "cancelled", "Annulée"


class PermanenceOrigin(models.TextChoices):
    """Why this date exists."""

    WEEKLY = "weekly", "Grille hebdomadaire"
    EXCEPTIONAL = "exceptional", "Exceptionnelle"
    LOAN = "loan", "Prêt ponctuel"


class PermanenceQuerySet(models.QuerySet):
    def visible_to(self, user) -> "PermanenceQuerySet":
        """Those of the desks of the CCAS's staff; those of her caisse, over all sites, for a partner's agent."""
        if user.partner_id is not None and not user.is_superuser:
            return self.filter(partner_id=user.partner_id)
        return self.filter(site__in=Site.objects.visible_to(user))

    def standing(self) -> "PermanenceQuerySet":
        """Those that are not cancelled."""
        return self.exclude(status=PermanenceStatus.CANCELLED)

    def bookable(self) -> "PermanenceQuerySet":
        """Those in which appointments can still be booked: planned, by appointment, foreseen by the grid."""
        return self.filter(
            status=PermanenceStatus.PLANNED,
            mode=BookingMode.APPOINTMENT,
            orphaned_at=None,
        )

    def on_days(self, first: date, last: date) -> "PermanenceQuerySet":
        """Those whose civil date at their site lies in `[first, last]`, both ends included."""
        return self.filter(day__range=(first, last))

    def with_parties(self) -> "PermanenceQuerySet":
        return self.select_related("site", "partner", "office")


class Permanence(models.Model):
    """One dated occurrence: a partner in an office of a site over the half-open moment range `during`.

    `day` is the civil date of its beginning at the site; `edited_at` tells that a person changed this date, which the
    generation of weekly occurrences then leaves alone.
    """

    site = models.ForeignKey(
        Site,
        verbose_name="espace",
        on_delete=models.PROTECT,
        related_name="permanences",
    )
    partner = models.ForeignKey(
        Partner,
        verbose_name="partenaire",
        on_delete=models.PROTECT,
        related_name="permanences",
    )
    office = models.ForeignKey(
        Office,
        verbose_name="bureau",
        on_delete=models.PROTECT,
        related_name="permanences",
    )
    convention = models.ForeignKey(
        Convention,
        verbose_name="convention",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="permanences",
    )
    slot = models.ForeignKey(
        PermanenceSlot,
        verbose_name="créneau d’origine",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="permanences",
    )
    origin = models.CharField(
        "origine",
        max_length=20,
        choices=PermanenceOrigin,
        default=PermanenceOrigin.WEEKLY,
    )
    day = models.DateField("jour")
    during = DateTimeRangeField("horaire")
    audience = models.CharField("public", max_length=20, choices=Audience, default=Audience.PUBLIC)
    mode = models.CharField("accueil", max_length=20, choices=BookingMode, default=BookingMode.APPOINTMENT)
    status = models.CharField(
        "état",
        max_length=20,
        choices=PermanenceStatus,
        default=PermanenceStatus.PLANNED,
    )
    cancelled_at = models.DateTimeField("annulée le", null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="annulée par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    cancellation_reason = models.CharField("motif de l’annulation", max_length=200, blank=True)
    purpose = models.CharField("objet", max_length=200, blank=True, help_text="Pour un prêt : à quoi sert le bureau.")
    orphaned_at = models.DateTimeField(
        "hors grille depuis",
        null=True,
        blank=True,
        help_text="La grille ne prévoit plus cette date, mais des rendez-vous y sont pris : ils sont à replacer.",
    )
    edited_at = models.DateTimeField("modifiée le", null=True, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="modifiée par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = PermanenceQuerySet.as_manager()

    class Meta:
        verbose_name = "permanence"
        verbose_name_plural = "permanences"
        ordering = ["during", "pk"]
        constraints = [
            ExclusionConstraint(
                name="permanence_office_free",
                expressions=[
                    ("office", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                condition=~models.Q(status="cancelled"),
                violation_error_message="Ce bureau est déjà occupé à cette heure-là.",
            ),
            models.UniqueConstraint(fields=["slot", "day"], name="permanence_once_per_slot_and_day"),
            # Target of the composite foreign key that keeps an appointment's site and partner those of its permanence.
            models.UniqueConstraint(fields=["id", "site", "partner"], name="permanence_site_partner_key"),
            models.CheckConstraint(
                condition=models.Q(
                    during__isempty=False,
                    during__lower_inf=False,
                    during__upper_inf=False,
                ),
                name="permanence_during_bounded",
                violation_error_message="L’heure de fin doit suivre l’heure de début.",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    status="cancelled",
                    cancelled_at__isnull=False,
                    cancelled_by__isnull=False,
                )
                | (~models.Q(status="cancelled") & models.Q(cancelled_at=None, cancelled_by=None)),
                name="permanence_cancelled_when_and_by",
            ),
            models.CheckConstraint(
                condition=who_and_when("edited"),
                name="permanence_edited_when_and_by",
            ),
        ]
        indexes = [
            models.Index(name="permanence_site_day", fields=["site", "day"]),
            models.Index(name="permanence_partner_day", fields=["partner", "day"]),
            # Which partners ever come to a site is asked for each agenda: one look a partner, whatever the past holds.
            models.Index(name="permanence_site_partner", fields=["site", "partner"]),
        ]

    def __str__(self) -> str:
        return (
            f"{self.partner.short_name}, {format_date_weekday(self.day)}, "
            f"{format_time_range(self.local_start.time(), self.local_end.time())}"
        )

    @property
    def is_bookable(self) -> bool:
        """The same rule as `PermanenceQuerySet.bookable`, for a row at hand."""
        return (
            self.status == PermanenceStatus.PLANNED
            and self.mode == BookingMode.APPOINTMENT
            and self.orphaned_at is None
        )

    @property
    def local_start(self) -> datetime:
        """When it begins, in the site's zone."""
        return timezone.localtime(self.during.lower, self.site.zone)

    @property
    def local_end(self) -> datetime:
        """When it ends (not included), in the site's zone."""
        return timezone.localtime(self.during.upper, self.site.zone)
