import secrets

from django.conf import settings
from django.core.files.storage import storages
from django.db import models
from django.utils import timezone

from franceservices.db import who_and_when
from partners.models import Site

from .convention import Convention


class DocumentKind(models.TextChoices):
    """What a file proves."""

    SIGNED_CONVENTION = "signed_convention", "Convention signée"
    SIGNED_AMENDMENT = "signed_amendment", "Avenant signé"
    DELIBERATION = "deliberation", "Délibération"
    ANNEX_PLAN = "annex_plan", "Plan annexé"
    OFFICE_PLAN = "office_plan", "Plan des bureaux"
    INSURANCE_CERTIFICATE = "insurance_certificate", "Attestation d’assurance"
    MINUTES = "minutes", "Compte rendu"
    YEARLY_REPORT = "yearly_report", "Bilan annuel"
    NOTICE_LETTER = "notice_letter", "Lettre de préavis"
    OTHER = "other", "Autre"


def document_storage():
    """The private storage, outside the web root."""
    return storages["documents"]


def unguessable_name(document: "Document", filename: str) -> str:
    """A stored name that says nothing of the file and cannot be guessed; what was typed is kept in `name`."""
    token = secrets.token_urlsafe(32)
    return f"{token[:2]}/{token[2:]}"


class DocumentQuerySet(models.QuerySet):
    def visible_to(self, user) -> "DocumentQuerySet":
        """Those of the sites of the CCAS of `user`; none for a partner's agent."""
        if user.partner_id is not None and not user.is_superuser:
            return self.none()
        return self.filter(site__in=Site.objects.visible_to(user))

    def kept(self) -> "DocumentQuerySet":
        """Those that were not withdrawn."""
        return self.filter(withdrawn_at=None)


class Document(models.Model):
    """A file that proves a fact: its kind, its validity (both dates included), its bytes in private storage.

    `sha256` is in hexadecimal, `size` in bytes, `content_type` is what the content itself says.
    """

    site = models.ForeignKey(Site, verbose_name="espace", on_delete=models.PROTECT, related_name="documents")
    convention = models.ForeignKey(
        Convention,
        verbose_name="convention",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="documents",
    )
    kind = models.CharField("nature", max_length=30, choices=DocumentKind)
    title = models.CharField("intitulé", max_length=200)
    valid_from = models.DateField("valable du", null=True, blank=True)
    valid_until = models.DateField("valable jusqu’au", null=True, blank=True)
    name = models.CharField("nom du fichier", max_length=200)
    file = models.FileField("fichier", storage=document_storage, upload_to=unguessable_name, max_length=100)
    size = models.PositiveBigIntegerField("taille")
    content_type = models.CharField("type", max_length=100)
    sha256 = models.CharField("empreinte SHA-256", max_length=64)
    uploaded_at = models.DateTimeField("déposé le", default=timezone.now)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="déposé par", on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField("retiré le", null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="retiré par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = "document"
        verbose_name_plural = "documents"
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_from=None)
                | models.Q(valid_until=None)
                | models.Q(valid_until__gte=models.F("valid_from")),
                name="document_validity_ordered",
                violation_error_message="La fin de validité doit suivre son début.",
            ),
            models.CheckConstraint(condition=who_and_when("withdrawn"), name="document_withdrawn_when_and_by"),
        ]

    def __str__(self) -> str:
        return self.title
