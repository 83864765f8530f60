from django.conf import settings
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.utils import timezone

from franceservices.db import who_and_when
from partners.models import Office, Partner, Site

from .permanence import Permanence, PermanenceStatus


class ScheduleChangeKind(models.TextChoices):
    """What a person decided about dated permanences."""

    CANCELLATION = "cancellation", "Annulation"
    NEW_HOURS = "new_hours", "Changement d’horaire"
    NEW_OFFICE = "new_office", "Changement de bureau"
    ADDITION = "addition", "Permanence exceptionnelle"
    LOAN = "loan", "Prêt de bureau"
    ABSENCE = "absence", "Absence du partenaire"
    CLOSURE = "closure", "Fermeture de l’espace"
    OFFICE_OUTAGE = "office_outage", "Bureau hors service"


class ScheduleChangeQuerySet(models.QuerySet):
    def visible_to(self, user) -> "ScheduleChangeQuerySet":
        """Those at the desks of the CCAS's staff; those of her caisse for a partner's agent."""
        if user.partner_id is not None and not user.is_superuser:
            return self.filter(partner_id=user.partner_id)
        return self.filter(site__in=Site.objects.visible_to(user))

    def standing(self) -> "ScheduleChangeQuerySet":
        """Those that were not undone."""
        return self.filter(undone_at=None)


class ScheduleChange(models.Model):
    """One decision about dated permanences of a site, with its reason and author; it can be undone as a whole.

    `starts_on` and `ends_on`, both included, are the civil days that it concerns. `partner` and `office` say whom and
    what it is about where it is about one of them.
    """

    site = models.ForeignKey(Site, verbose_name="espace", on_delete=models.PROTECT, related_name="schedule_changes")
    kind = models.CharField("nature", max_length=20, choices=ScheduleChangeKind)
    partner = models.ForeignKey(
        Partner,
        verbose_name="partenaire",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="schedule_changes",
    )
    office = models.ForeignKey(
        Office, verbose_name="bureau", on_delete=models.PROTECT, null=True, blank=True, related_name="schedule_changes"
    )
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    reason = models.CharField("motif", max_length=200)
    made_at = models.DateTimeField("décidé le", default=timezone.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="décidé par", on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField("défait le", null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="défait par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = ScheduleChangeQuerySet.as_manager()

    class Meta:
        verbose_name = "changement de planning"
        verbose_name_plural = "changements de planning"
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")),
                name="schedule_change_days_ordered",
                violation_error_message="Le dernier jour doit suivre le premier.",
            ),
            models.CheckConstraint(
                condition=who_and_when("undone"),
                name="schedule_change_undone_when_and_by",
            ),
        ]
        indexes = [models.Index(name="schedule_change_site_days", fields=["site", "starts_on", "ends_on"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} – {self.reason}"


class PermanenceRevision(models.Model):
    """What one permanence was before a change touched it; all null for one that the change made."""

    change = models.ForeignKey(
        ScheduleChange, verbose_name="changement", on_delete=models.CASCADE, related_name="revisions"
    )
    permanence = models.ForeignKey(
        Permanence, verbose_name="permanence", on_delete=models.CASCADE, related_name="revisions"
    )
    during_before = DateTimeRangeField("horaire d’avant", null=True, blank=True)
    office_before = models.ForeignKey(
        Office, verbose_name="bureau d’avant", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    status_before = models.CharField("état d’avant", max_length=20, choices=PermanenceStatus, blank=True)

    class Meta:
        verbose_name = "état d’avant"
        verbose_name_plural = "états d’avant"
        constraints = [
            models.UniqueConstraint(fields=["change", "permanence"], name="revision_once_per_change"),
        ]

    def __str__(self) -> str:
        return f"{self.permanence} – {self.change}"
