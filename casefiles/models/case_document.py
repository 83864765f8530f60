from django.conf import settings
from django.db import models
from django.utils import timezone

from bookings.social_security_numbers import refuse_nir

from .case_file import CaseFile
from .case_kind import RequiredDocument


class DocumentState(models.TextChoices):
    MISSING = "missing", "Manquante"
    RECEIVED = "received", "Reçue"
    NOT_APPLICABLE = "not_applicable", "Sans objet"


class CaseDocument(models.Model):
    """A line of the checklist of one file, copied from the kind's when the file was opened, or added by hand.

    `asked_by_line` is the passage at the caisse that sent the file back for it.
    """

    file = models.ForeignKey(CaseFile, verbose_name="dossier", on_delete=models.CASCADE, related_name="documents")
    required_document = models.ForeignKey(
        RequiredDocument,
        verbose_name="pièce de la liste",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="case_documents",
    )
    label = models.CharField("pièce", max_length=200, validators=[refuse_nir])
    position = models.PositiveSmallIntegerField("ordre", default=0)
    is_mandatory = models.BooleanField("obligatoire", default=True)
    state = models.CharField("état", max_length=20, choices=DocumentState, default=DocumentState.MISSING)
    noted_at = models.DateTimeField("noté le", default=timezone.now)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="noté par", on_delete=models.PROTECT, related_name="+"
    )
    asked_by_line = models.ForeignKey(
        "casefiles.SlipLine",
        verbose_name="demandée au retour de",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="asked_documents",
    )

    class Meta:
        verbose_name = "pièce du dossier"
        verbose_name_plural = "pièces du dossier"
        ordering = ["file", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["file", "required_document"],
                name="case_document_once",
                violation_error_message="Cette pièce est déjà dans la liste du dossier.",
            ),
        ]
        indexes = [
            models.Index(
                name="case_document_lacking",
                fields=["file"],
                condition=models.Q(state="missing", is_mandatory=True),
            ),
        ]

    def __str__(self) -> str:
        return self.label
