from datetime import date

from django.conf import settings
from django.db import models

from franceservices.db import who_and_when
from partners.models import Ccas

from .document import Document
from .meeting import CommitteeMeeting, TrainingSession
from .obligation import Obligation


class ObligationDueQuerySet(models.QuerySet):
    def visible_to(self, user) -> "ObligationDueQuerySet":
        """Those of the conventions of the CCAS of `user`; what a partner owes, for an agent of that partner."""
        if user.partner_id is not None and not user.is_superuser:
            return self.filter(
                obligation__convention__partner=user.partner_id, obligation__owed_by__in=["partner", "both"]
            )
        return self.filter(obligation__convention__site__ccas__in=Ccas.objects.visible_to(user))

    def open(self) -> "ObligationDueQuerySet":
        """Those neither fulfilled nor waived."""
        return self.filter(fulfilled_on=None, waived_at=None)

    def late_on(self, day: date) -> "ObligationDueQuerySet":
        """Those still open whose day is past on the civil date `day`."""
        return self.open().filter(due_on__lt=day)


class ObligationDue(models.Model):
    """One occurrence of an obligation: it covers `[period_starts_on, period_ends_on]` and is owed by `due_on`.

    It is fulfilled on a civil date, with a proof: a document, a committee's meeting, a training, or in words
    (`proof_note`, for what lives on a floor above, such as a frozen monthly return, or outside).
    """

    obligation = models.ForeignKey(
        Obligation, verbose_name="obligation", on_delete=models.CASCADE, related_name="occurrences"
    )
    period_starts_on = models.DateField("période du")
    period_ends_on = models.DateField("au")
    due_on = models.DateField("due le")
    fulfilled_on = models.DateField("remplie le", null=True, blank=True)
    document = models.ForeignKey(
        Document, verbose_name="document", on_delete=models.PROTECT, null=True, blank=True, related_name="proves"
    )
    committee_meeting = models.ForeignKey(
        CommitteeMeeting, verbose_name="comité", on_delete=models.PROTECT, null=True, blank=True, related_name="proves"
    )
    training_session = models.ForeignKey(
        TrainingSession,
        verbose_name="formation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="proves",
    )
    proof_note = models.CharField("preuve", max_length=300, blank=True)
    recorded_at = models.DateTimeField("saisie le", null=True, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="saisie par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    waived_at = models.DateTimeField("dispensée le", null=True, blank=True)
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="dispensée par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    waiver_reason = models.CharField("motif de dispense", max_length=200, blank=True)

    objects = ObligationDueQuerySet.as_manager()

    class Meta:
        verbose_name = "échéance"
        verbose_name_plural = "échéances"
        ordering = ["due_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["obligation", "period_starts_on"], name="obligation_due_once_a_period"),
            models.CheckConstraint(
                condition=models.Q(period_ends_on__gte=models.F("period_starts_on")),
                name="obligation_due_period_ordered",
            ),
            models.CheckConstraint(condition=who_and_when("recorded"), name="obligation_due_recorded_when_and_by"),
            models.CheckConstraint(condition=who_and_when("waived"), name="obligation_due_waived_when_and_by"),
            models.CheckConstraint(
                condition=models.Q(fulfilled_on=None, recorded_at=None)
                | (
                    models.Q(fulfilled_on__isnull=False, recorded_at__isnull=False, waived_at=None)
                    & (
                        models.Q(document__isnull=False)
                        | models.Q(committee_meeting__isnull=False)
                        | models.Q(training_session__isnull=False)
                        | ~models.Q(proof_note="")
                    )
                ),
                name="obligation_due_fulfilled_has_proof",
                violation_error_message="Joignez une preuve ou dites en quelques mots ce qui remplit l’obligation.",
            ),
        ]
        indexes = [
            models.Index(
                name="obligation_due_open", fields=["due_on"], condition=models.Q(fulfilled_on=None, waived_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.obligation} – {self.due_on:%d/%m/%Y}"

    @property
    def is_settled(self) -> bool:
        """Fulfilled or waived: history, which no change of the term touches."""
        return self.fulfilled_on is not None or self.waived_at is not None

    def is_late_on(self, day: date) -> bool:
        """Still open when its day is past."""
        return not self.is_settled and self.due_on < day
