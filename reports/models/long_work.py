import secrets

from django.conf import settings
from django.core.files.storage import storages
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone


class WorkKind(models.TextChoices):
    """What is made; `makers.MAKERS` says how."""

    FIGURE_ROWS = "figure_rows", "Export des lignes d’un chiffre"
    NATIONAL_EXPORT = "national_export", "Export national"
    ANNUAL_REPORT = "annual_report", "Bilan annuel"


class WorkState(models.TextChoices):
    """Where a work stands. `RUNNING` while nobody holds its lock means that its worker died."""

    QUEUED = "queued", "en attente"
    RUNNING = "running", "en cours"
    DONE = "done", "prêt"
    FAILED = "failed", "en échec"
    CANCELLED = "cancelled", "annulé"


# Apart from the documents, one level deeper: `check_documents` looks after those.
WORK_FOLDER = "travaux"
ENDED = (WorkState.DONE, WorkState.FAILED, WorkState.CANCELLED)


def work_storage():
    """The private storage, outside the web root."""
    return storages["documents"]


def unguessable_name(work: "LongWork", filename: str) -> str:
    """A stored name that cannot be guessed, in a folder apart from that of the documents, one level deeper."""
    token = secrets.token_urlsafe(32)
    return f"{WORK_FOLDER}/{token[:2]}/{token[2:]}"


class LongWorkQuerySet(models.QuerySet):
    def visible_to(self, user) -> "LongWorkQuerySet":
        """Her own, and nobody else's: what a file holds was read within her perimeter."""
        return self.filter(owner=user.pk)

    def under_way(self) -> "LongWorkQuerySet":
        return self.exclude(state__in=ENDED)


class LongWork(models.Model):
    """A file that takes long to make, made by the worker while its owner does something else.

    `parameters` is what was asked; `done` of `total` steps are behind. The file is private, and removed at
    `expires_at`. `attempts` tells a worker that took the work over from the one that it was taken from.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="demandé par", on_delete=models.CASCADE, related_name="long_works"
    )
    kind = models.CharField("nature", max_length=30, choices=WorkKind)
    title = models.CharField("intitulé", max_length=300)
    parameters = models.JSONField("demande", encoder=DjangoJSONEncoder)
    state = models.CharField("état", max_length=10, choices=WorkState, default=WorkState.QUEUED)
    done = models.PositiveIntegerField("fait", default=0)
    total = models.PositiveIntegerField("sur", default=0)
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    asked_at = models.DateTimeField("demandé le", default=timezone.now)
    started_at = models.DateTimeField("commencé le", null=True, blank=True)
    ended_at = models.DateTimeField("terminé le", null=True, blank=True)
    cancel_asked_at = models.DateTimeField("annulation demandée le", null=True, blank=True)
    outcome = models.CharField("résultat", max_length=300, blank=True)
    file = models.FileField("fichier", storage=work_storage, upload_to=unguessable_name, max_length=100, blank=True)
    file_name = models.CharField("nom du fichier", max_length=200, blank=True)
    content_type = models.CharField("type", max_length=100, blank=True)
    size = models.PositiveBigIntegerField("taille", default=0)
    expires_at = models.DateTimeField("gardé jusqu’au", null=True, blank=True)

    objects = LongWorkQuerySet.as_manager()

    class Meta:
        verbose_name = "travail long"
        verbose_name_plural = "travaux longs"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running"], ended_at=None)
                | models.Q(state__in=["done", "failed", "cancelled"], ended_at__isnull=False),
                name="long_work_ended_when",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="running") | models.Q(started_at__isnull=False),
                name="long_work_started_when",
            ),
        ]
        indexes = [
            models.Index(name="long_work_under_way", fields=["asked_at"], condition=models.Q(ended_at=None)),
            models.Index(name="long_work_of_owner", fields=["owner", "-asked_at"]),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def has_file(self) -> bool:
        """Whether the file can be fetched: made, and not removed since."""
        return self.state == WorkState.DONE and bool(self.file)

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100, rounded down: 100 is said of a work that is done."""
        if self.state == WorkState.DONE:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0
