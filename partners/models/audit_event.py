from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from .ccas import Ccas
from .site import Site


class AuditAction(models.TextChoices):
    """What happened to the object."""

    INSERT = "insert", "création"
    UPDATE = "update", "modification"
    DELETE = "delete", "suppression"
    READ = "read", "consultation"
    FORGET = "forget", "anonymisation"
    PURGE = "purge", "fin de conservation"


class AuditOrigin(models.TextChoices):
    """From where it was done."""

    REQUEST = "request", "application"
    TASK = "task", "tâche"
    COMMAND = "command", "commande"
    OUTSIDE = "outside", "hors de l’application"


class AuditEvent(models.Model):
    """One line of the audit: a row of a watched table that was written, or a personal file that was opened.

    Written by the database alone (`audit_record()` and its like, see the migration): no code of ours inserts here, and
    a trigger refuses every change. `before` and `after` hold the columns that changed, by their names; those that tell
    who a visitor is are apart, so that they can be blanked without touching the rest. Nothing here is a real foreign
    key: the journal outlives what it speaks of.
    """

    at = models.DateTimeField("le")
    action = models.CharField("action", max_length=10, choices=AuditAction)
    model = models.CharField("objet", max_length=60)
    object_id = models.BigIntegerField("numéro")
    # The object on whose page this is read: the convention of a line of its grid.
    page_model = models.CharField("page", max_length=60)
    page_id = models.BigIntegerField("numéro de la page", null=True)
    ccas = models.ForeignKey(
        Ccas,
        verbose_name="CCAS",
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    site = models.ForeignKey(
        Site,
        verbose_name="espace",
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    person_id = models.BigIntegerField("usager concerné", null=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="par",
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    origin = models.CharField("origine", max_length=10, choices=AuditOrigin)
    # The name of the page, of the job, of the command or of the program.
    place = models.CharField("depuis", max_length=200, blank=True)
    request_id = models.CharField("numéro de requête", max_length=12, blank=True)
    database_role = models.CharField("rôle de base de données", max_length=63)
    before = models.JSONField("avant", null=True)
    after = models.JSONField("après", null=True)
    personal_before = models.JSONField("avant (données personnelles)", null=True)
    personal_after = models.JSONField("après (données personnelles)", null=True)
    forgotten_at = models.DateTimeField("données personnelles effacées le", null=True)

    class Meta:
        verbose_name = "évènement du journal"
        verbose_name_plural = "évènements du journal"
        ordering = ["-at", "-pk"]
        default_permissions = ()
        indexes = [
            models.Index(name="audit_event_ccas_at", fields=["ccas", "-at", "-id"]),
            # A kind of which there are few is found among a million of others.
            models.Index(name="audit_event_ccas_model_at", fields=["ccas", "model", "-at"]),
            models.Index(name="audit_event_user_at", fields=["user", "-at"]),
            models.Index(name="audit_event_page", fields=["page_model", "page_id", "-id"]),
            models.Index(name="audit_event_person", fields=["person_id"], condition=models.Q(person_id__isnull=False)),
            models.Index(name="audit_event_request", fields=["request_id"], condition=~models.Q(request_id="")),
            BrinIndex(name="audit_event_at", fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.model} {self.object_id}"
