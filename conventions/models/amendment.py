from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from franceservices.dates import format_date_long
from franceservices.db import who_and_when
from partners.models import Ccas

from .convention import Convention
from .deliberation import Deliberation


class AmendmentQuerySet(models.QuerySet):
    def visible_to(self, user) -> "AmendmentQuerySet":
        """Those of the conventions of the CCAS of `user`."""
        return self.filter(convention__site__ccas__in=Ccas.objects.visible_to(user))

    def in_force(self) -> "AmendmentQuerySet":
        """Those that were put in force, whatever the date from which they apply."""
        return self.filter(in_force_at__isnull=False)


class Amendment(models.Model):
    """An avenant: what a convention says from `effective_on` on.

    `proposed` holds the terms as they will be (see `conventions/terms.py` for the form of both JSON columns);
    `replaced` holds those that they replaced, written when the avenant is put in force and never changed afterwards.
    Until then it is a draft, which may be edited or deleted.
    """

    convention = models.ForeignKey(
        Convention, verbose_name="convention", on_delete=models.PROTECT, related_name="amendments"
    )
    number = models.PositiveSmallIntegerField("numéro")
    subject = models.CharField("objet", max_length=300)
    reason = models.TextField("motif", blank=True, help_text="Le « Considérant que » de l’avenant.")
    effective_on = models.DateField("prend effet le")
    deliberation = models.ForeignKey(
        Deliberation,
        verbose_name="délibération",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="amendments",
    )
    signed_on = models.DateField("signé le", null=True, blank=True)
    signed_at = models.CharField("fait à", max_length=100, blank=True)
    proposed = models.JSONField("termes proposés", encoder=DjangoJSONEncoder)
    replaced = models.JSONField("termes remplacés", encoder=DjangoJSONEncoder, null=True, blank=True)
    created_at = models.DateTimeField("préparé le", default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="préparé par", on_delete=models.PROTECT, related_name="+"
    )
    in_force_at = models.DateTimeField("mis en vigueur le", null=True, blank=True)
    in_force_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="mis en vigueur par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = AmendmentQuerySet.as_manager()

    class Meta:
        verbose_name = "avenant"
        verbose_name_plural = "avenants"
        ordering = ["convention", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["convention", "number"],
                name="amendment_number_unique",
                violation_error_message="Cette convention a déjà un avenant de ce numéro.",
            ),
            models.CheckConstraint(condition=who_and_when("in_force"), name="amendment_in_force_when_and_by"),
            models.CheckConstraint(
                condition=models.Q(in_force_at=None, replaced=None)
                | models.Q(in_force_at__isnull=False, replaced__isnull=False),
                name="amendment_in_force_keeps_replaced_terms",
            ),
        ]

    def __str__(self) -> str:
        return f"Avenant n° {self.number} – {self.convention}"

    @property
    def is_draft(self) -> bool:
        return self.in_force_at is None

    @property
    def effect_sentence(self) -> str:
        """« à compter du 1er janvier 2026 »."""
        return f"à compter du {format_date_long(self.effective_on)}"
