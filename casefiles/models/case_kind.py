from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from franceservices.db import Folded
from partners.models import Partner


class TacitOutcome(models.TextChoices):
    """What the law makes of the caisse's silence."""

    NONE = "none", "Aucun effet"
    ACCEPTED = "accepted", "Vaut accord"
    REFUSED = "refused", "Vaut refus"


class CaseKindQuerySet(models.QuerySet):
    def valid_on(self, day: date) -> "CaseKindQuerySet":
        """The kinds that existed on the civil date `day`, both ends of their validity included."""
        return self.filter(
            models.Q(valid_from=None) | models.Q(valid_from__lte=day),
            models.Q(valid_until=None) | models.Q(valid_until__gte=day),
        )

    def offered(self, *, partner: Partner, day: date) -> "CaseKindQuerySet":
        """What one may ask of `partner` on `day`."""
        return self.valid_on(day).filter(partners=partner)


class CaseKind(models.Model):
    """A kind of file: which right is asked for, of whom, from when to when it exists, and in which time it is decided.

    Both ends of the validity are included; none means no limit. The clocks are explained in `casefiles/clocks.py`.
    """

    label = models.CharField("nature", max_length=120, unique=True)
    short_label = models.CharField("nom court", max_length=40)
    slug = models.SlugField("identifiant", max_length=60, unique=True)
    partners = models.ManyToManyField(
        Partner, verbose_name="caisses qui la traitent", blank=True, related_name="case_kinds"
    )
    valid_from = models.DateField("existe depuis le", null=True, blank=True)
    valid_until = models.DateField("existe jusqu’au", null=True, blank=True)
    successor = models.ForeignKey(
        "self",
        verbose_name="remplacée par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        help_text="Ce qui est demandé au renouvellement quand cette nature n’existe plus.",
    )
    acknowledgement_days = models.PositiveSmallIntegerField(
        "accusé de réception sous (jours)",
        default=15,
        validators=[MinValueValidator(1), MaxValueValidator(366)],
        help_text="Sans accusé au-delà, le dossier est en retard.",
    )
    expected_days = models.PositiveSmallIntegerField(
        "décision attendue sous (jours)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(732)],
        help_text="À compter de la réception du dossier complet.",
    )
    expected_months = models.PositiveSmallIntegerField(
        "décision attendue sous (mois)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(24)],
    )
    tacit_outcome = models.CharField(
        "silence de la caisse", max_length=10, choices=TacitOutcome, default=TacitOutcome.NONE
    )
    tacit_months = models.PositiveSmallIntegerField(
        "au bout de (mois)", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(24)]
    )
    tacit_reference = models.CharField("texte qui le prévoit", max_length=120, blank=True)
    is_renewable = models.BooleanField("à renouveler", default=False)
    rights_months = models.PositiveSmallIntegerField(
        "durée des droits (mois)", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(120)]
    )

    objects = CaseKindQuerySet.as_manager()

    class Meta:
        verbose_name = "nature de dossier"
        verbose_name_plural = "natures de dossier"
        ordering = [Folded("label")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_from=None)
                | models.Q(valid_until=None)
                | models.Q(valid_until__gte=models.F("valid_from")),
                name="case_kind_validity_ordered",
                violation_error_message="La fin de validité doit suivre son début.",
            ),
            models.CheckConstraint(
                condition=models.Q(expected_days=None) | models.Q(expected_months=None),
                name="case_kind_one_expected_time",
                violation_error_message="Donnez le délai attendu en jours ou en mois, pas les deux.",
            ),
            models.CheckConstraint(
                condition=models.Q(tacit_outcome="none", tacit_months=None, tacit_reference="")
                | (models.Q(tacit_outcome__in=["accepted", "refused"]) & models.Q(tacit_months__isnull=False)),
                name="case_kind_tacit_has_months",
                violation_error_message="Quand le silence vaut réponse, dites au bout de combien de mois.",
            ),
            models.CheckConstraint(
                condition=models.Q(successor=None) | ~models.Q(successor=models.F("pk")),
                name="case_kind_not_its_own_successor",
                violation_error_message="Une nature de dossier ne se remplace pas elle-même.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def is_valid_on(self, day: date) -> bool:
        """The same rule as `CaseKindQuerySet.valid_on`, for one kind at hand."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )


class RequiredDocumentQuerySet(models.QuerySet):
    def valid_on(self, day: date) -> "RequiredDocumentQuerySet":
        """The lines of the checklist in force on `day`, both ends included."""
        return self.filter(
            models.Q(starts_on=None) | models.Q(starts_on__lte=day),
            models.Q(ends_on=None) | models.Q(ends_on__gte=day),
        )


class RequiredDocument(models.Model):
    """A line of the checklist of a kind (*pièce à fournir*). A file copies its label, so that editing keeps history."""

    kind = models.ForeignKey(
        CaseKind, verbose_name="nature", on_delete=models.PROTECT, related_name="required_documents"
    )
    label = models.CharField("pièce", max_length=200)
    position = models.PositiveSmallIntegerField("ordre", default=0)
    is_mandatory = models.BooleanField("obligatoire", default=True)
    starts_on = models.DateField("demandée depuis le", null=True, blank=True)
    ends_on = models.DateField("demandée jusqu’au", null=True, blank=True)

    objects = RequiredDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = "pièce à fournir"
        verbose_name_plural = "pièces à fournir"
        ordering = ["kind", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "label", "starts_on"],
                name="required_document_unique",
                nulls_distinct=False,
                violation_error_message="Cette pièce est déjà demandée pour cette nature de dossier.",
            ),
            models.CheckConstraint(
                condition=models.Q(starts_on=None)
                | models.Q(ends_on=None)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="required_document_dates_ordered",
                violation_error_message="La date de fin doit suivre la date de début.",
            ),
        ]

    def __str__(self) -> str:
        return self.label
