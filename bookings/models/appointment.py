from datetime import datetime

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Concat
from django.utils import timezone

from franceservices.db import Folded, who_and_when
from franceservices.text import fold
from partners.models import Partner, Site

from .permanence import Permanence
from .reason import Reason
from .visitor import Visitor


class AppointmentStatus(models.TextChoices):
    BOOKED = "booked", "À venir"
    ARRIVED = "arrived", "En attente"
    IN_PROGRESS = "in_progress", "En entretien"
    HONOURED = "honoured", "Reçu"
    NO_SHOW = "no_show", "Absent"
    CANCELLED = "cancelled", "Annulé"


class CancelledBy(models.TextChoices):
    """On whose side an appointment was given up; a visitor who cancels is excused, not absent."""

    VISITOR = "visitor", "l’usager"
    PARTNER = "partner", "le partenaire"
    CCAS = "ccas", "le CCAS"

    def said_of(self, *, is_social_worker: bool) -> str:
        """`l’usager`, or `le travailleur social` where an appointment is a social worker's own and has no visitor."""
        return "le travailleur social" if self is CancelledBy.VISITOR and is_social_worker else self.label


class AppointmentQuerySet(models.QuerySet):
    def visible_to(self, user) -> "AppointmentQuerySet":
        """Those at the desks of the CCAS's staff; those of her caisse, over all sites, for a partner's agent."""
        if user.partner_id is not None and not user.is_superuser:
            return self.filter(partner_id=user.partner_id)
        return self.filter(site__in=Site.objects.visible_to(user))

    def standing(self) -> "AppointmentQuerySet":
        """Those that are not cancelled: they occupy their time."""
        return self.exclude(status=AppointmentStatus.CANCELLED)

    def to_replace(self) -> "AppointmentQuerySet":
        """Those whose permanence no longer holds them, and who wait for another time."""
        return self.filter(status=AppointmentStatus.BOOKED, to_replace_since__isnull=False)

    def matching(self, words: str) -> "AppointmentQuerySet":
        """Those in whose visitor's or social worker's name or reason each of `words` occurs, accents and case aside."""
        folded_words = fold(words).split()
        if not folded_words:
            return self
        worker = Concat("social_worker__last_name", models.Value(" "), "social_worker__first_name")
        found = self.annotate(folded_reason=Folded("reason__label"), folded_worker=Folded(worker))
        for word in folded_words:
            found = found.filter(
                models.Q(visitor__folded_name__contains=word)
                | models.Q(folded_reason__contains=word)
                | models.Q(social_worker__isnull=False, folded_worker__contains=word)
            )
        return found

    def with_parties(self) -> "AppointmentQuerySet":
        """Everything that a line of a list or of the agenda names."""
        return self.select_related(
            "site",
            "partner",
            "visitor",
            "reason",
            "social_worker",
            "permanence__office",
            "permanence__site",
        )


class Appointment(models.Model):
    """A time kept for a visitor, or by a social worker for a case of hers, within a permanence.

    `site` and `partner` repeat the permanence's (a composite foreign key makes them agree, see the first migration),
    so that every hot table carries the keys that people search and spread it by. `during` is half-open.
    """

    permanence = models.ForeignKey(
        Permanence,
        verbose_name="permanence",
        on_delete=models.PROTECT,
        related_name="appointments",
    )
    site = models.ForeignKey(
        Site,
        verbose_name="espace",
        on_delete=models.PROTECT,
        related_name="appointments",
        db_index=False,  # The index on (site, during) begins with it; a second one misleads the planner.
    )
    partner = models.ForeignKey(
        Partner,
        verbose_name="partenaire",
        on_delete=models.PROTECT,
        related_name="appointments",
        db_index=False,  # The index on (partner, during) begins with it; a second one misleads the planner.
    )
    visitor = models.ForeignKey(
        Visitor,
        verbose_name="usager",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="appointments",
    )
    social_worker = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="travailleur social",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="own_appointments",
    )
    subject = models.CharField(
        "objet",
        max_length=200,
        blank=True,
        help_text="Quelques mots pour l’agent du partenaire, sans donnée de santé.",
    )
    reason = models.ForeignKey(
        Reason,
        verbose_name="motif",
        on_delete=models.PROTECT,
        related_name="appointments",
    )
    during = DateTimeRangeField("horaire")
    status = models.CharField(
        "état",
        max_length=20,
        choices=AppointmentStatus,
        default=AppointmentStatus.BOOKED,
    )
    booked_at = models.DateTimeField("pris le", default=timezone.now)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="pris par",
        on_delete=models.PROTECT,
        related_name="+",
    )
    arrived_at = models.DateTimeField("arrivé le", null=True, blank=True)
    arrived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="arrivé, saisi par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    started_at = models.DateTimeField("pris en charge le", null=True, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="pris en charge, saisi par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    finished_at = models.DateTimeField("terminé le", null=True, blank=True)
    finished_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="terminé, saisi par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    absent_at = models.DateTimeField("noté absent le", null=True, blank=True)
    absent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="noté absent, saisi par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    cancelled_at = models.DateTimeField("annulé le", null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="annulation saisie par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    cancelled_for = models.CharField("annulé par", max_length=20, choices=CancelledBy, blank=True)
    cancellation_reason = models.CharField("motif de l’annulation", max_length=200, blank=True)

    to_replace_since = models.DateTimeField(
        "à replacer depuis",
        null=True,
        blank=True,
        help_text="Sa permanence a changé ; une nouvelle heure est à proposer.",
    )
    rebooked_from = models.OneToOneField(
        "self",
        verbose_name="remplace",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rebooked_as",
    )

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = "rendez-vous"
        verbose_name_plural = "rendez-vous"
        ordering = ["during", "pk"]
        constraints = [
            ExclusionConstraint(
                name="appointment_time_free",
                expressions=[
                    ("permanence", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                condition=~models.Q(status="cancelled"),
                violation_error_message="Ce créneau vient d’être pris.",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    during__isempty=False,
                    during__lower_inf=False,
                    during__upper_inf=False,
                ),
                name="appointment_during_bounded",
            ),
            models.CheckConstraint(
                condition=models.Q(visitor__isnull=False, social_worker=None)
                | models.Q(visitor=None, social_worker__isnull=False),
                name="appointment_for_one_person",
                violation_error_message="Un rendez-vous est pris pour un usager ou pour un travailleur social.",
            ),
            *(
                models.CheckConstraint(condition=who_and_when(step), name=f"appointment_{step}_when_and_by")
                for step in ("arrived", "started", "finished", "absent", "cancelled")
            ),
            models.CheckConstraint(
                condition=models.Q(status="booked", arrived_at=None, started_at=None, finished_at=None, absent_at=None)
                | models.Q(
                    status="arrived", arrived_at__isnull=False, started_at=None, finished_at=None, absent_at=None
                )
                | models.Q(status="in_progress", started_at__isnull=False, finished_at=None, absent_at=None)
                | models.Q(status="honoured", finished_at__isnull=False, absent_at=None)
                | models.Q(status="no_show", absent_at__isnull=False, started_at=None, finished_at=None)
                | models.Q(status="cancelled", started_at=None, finished_at=None, absent_at=None),
                name="appointment_steps_match_status",
            ),
            models.CheckConstraint(
                condition=models.Q(status="cancelled", cancelled_at__isnull=False)
                & models.Q(cancelled_for__in=["visitor", "partner", "ccas"])
                | (~models.Q(status="cancelled") & models.Q(cancelled_at=None, cancelled_for="")),
                name="appointment_cancelled_says_so",
            ),
        ]
        indexes = [
            models.Index(name="appointment_visitor", fields=["visitor", "during"]),
            models.Index(name="appointment_site_during", fields=["site", "during"]),
            models.Index(name="appointment_partner_during", fields=["partner", "during"]),
            # Those without an outcome are counted on every board: today's and those to come, whatever the past holds.
            models.Index(
                name="appointment_open",
                fields=["site", "during"],
                condition=models.Q(status__in=["booked", "arrived", "in_progress"]),
            ),
            # The worklist is counted on every page of the desk: a handful of rows among millions.
            models.Index(
                name="appointment_to_replace",
                fields=["site", "during"],
                condition=models.Q(status="booked", to_replace_since__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.who} – {self.reason}"

    @property
    def who(self) -> str:
        """The name to call or to print: the visitor's, or the social worker's own."""
        return self.visitor.full_name if self.visitor_id else self.social_worker.get_full_name()

    @property
    def local_start(self) -> datetime:
        """When it begins, in the site's zone."""
        return timezone.localtime(self.during.lower, self.site.zone)

    @property
    def local_end(self) -> datetime:
        """When it ends (not included), in the site's zone."""
        return timezone.localtime(self.during.upper, self.site.zone)

    @property
    def is_standing(self) -> bool:
        return self.status != AppointmentStatus.CANCELLED
