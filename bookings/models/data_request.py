from datetime import date

from django.conf import settings
from django.db import models
from django.utils import timezone

from franceservices.db import who_and_when
from partners.models import Ccas, Site

from .visitor import Visitor


class DataRequestKind(models.TextChoices):
    """What a person may ask about the data that are kept of her."""

    ACCESS = "access", "Accès à ses données"
    RECTIFICATION = "rectification", "Rectification"
    NO_MESSAGES = "no_messages", "Opposition aux messages"
    NO_LINKED_EXPORT = "no_linked_export", "Opposition à l’usage statistique de sa fiche"
    NO_KEEPING = "no_keeping", "Opposition à la conservation"


class DataRequestQuerySet(models.QuerySet):
    def visible_to(self, user) -> "DataRequestQuerySet":
        """Those about the people of the CCAS of `user`; a partner's agent sees none."""
        return self.filter(visitor__ccas__in=Ccas.objects.visible_to(user))

    def standing(self) -> "DataRequestQuerySet":
        """Those that were not taken back."""
        return self.filter(withdrawn_at=None)

    def open(self) -> "DataRequestQuerySet":
        """Those that wait for an answer, the nearest term first."""
        return self.standing().filter(answered_at=None).order_by("due_on", "pk")


class DataRequest(models.Model):
    """A person used one of her rights: who asked, when, what was answered and what was done.

    `due_on` is one month after `received_on` (RGPD, article 12). `effect` is what the answer changed on the card, so
    that it can be undone: the value of each field before.
    """

    site = models.ForeignKey(Site, verbose_name="espace", on_delete=models.PROTECT, related_name="data_requests")
    visitor = models.ForeignKey(Visitor, verbose_name="usager", on_delete=models.PROTECT, related_name="data_requests")
    kind = models.CharField("droit", max_length=20, choices=DataRequestKind)
    received_on = models.DateField("reçue le")
    due_on = models.DateField("réponse due le")
    asked_by = models.CharField(
        "demandée par",
        max_length=150,
        blank=True,
        help_text="Laissez vide si c’est la personne elle-même ; sinon qui la représente, et à quel titre.",
    )
    details = models.TextField("ce qui est demandé", max_length=2000, blank=True)
    recorded_at = models.DateTimeField("saisie le", default=timezone.now)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="saisie par", on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField("réponse le", null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="réponse de",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    is_granted = models.BooleanField("acceptée", null=True)
    answer = models.TextField("réponse", max_length=2000, blank=True)
    effect = models.JSONField("valeurs d’avant", default=dict)
    withdrawn_at = models.DateTimeField("retirée le", null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="retirée par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = DataRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "demande d’exercice de droits"
        verbose_name_plural = "demandes d’exercice de droits"
        ordering = ["-received_on", "-pk"]
        constraints = [
            *(
                models.CheckConstraint(condition=who_and_when(step), name=f"data_request_{step}_when_and_by")
                for step in ("answered", "withdrawn")
            ),
            models.CheckConstraint(
                condition=models.Q(answered_at=None, is_granted=None)
                | models.Q(answered_at__isnull=False, is_granted__isnull=False),
                name="data_request_answered_yes_or_no",
            ),
            models.CheckConstraint(
                condition=models.Q(due_on__gt=models.F("received_on")), name="data_request_due_after_received"
            ),
        ]
        indexes = [
            models.Index(
                name="data_request_open",
                fields=["due_on"],
                condition=models.Q(answered_at=None, withdrawn_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} – fiche n° {self.visitor_id}"

    @property
    def is_open(self) -> bool:
        return self.answered_at is None and self.withdrawn_at is None

    def is_late_on(self, day: date) -> bool:
        """Whether the legal term has passed on the civil date `day` without an answer."""
        return self.is_open and self.due_on < day
