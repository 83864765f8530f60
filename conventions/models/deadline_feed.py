from django.conf import settings
from django.db import models
from django.utils import timezone

from franceservices.db import who_and_when
from partners.models import Role, Site


class DeadlineFeedQuerySet(models.QuerySet):
    def own_of(self, user) -> "DeadlineFeedQuerySet":
        """Those that `user` made for her own devices."""
        return self.filter(created_by=user)

    def standing(self) -> "DeadlineFeedQuerySet":
        """Those that open: not revoked, of a space in service, made by somebody who may still read what they tell."""
        may_read = models.Q(created_by__is_superuser=True) | models.Q(
            created_by__role__in=[Role.MANAGER, Role.ADMINISTRATOR], created_by__ccas=models.F("site__ccas")
        )
        return self.filter(may_read, revoked_at=None, site__is_active=True, created_by__is_active=True)


class DeadlineFeed(models.Model):
    """An address by which a person's own calendar reads the deadlines of one space, without signing in.

    Only a digest of the secret is kept.
    """

    site = models.ForeignKey(Site, verbose_name="espace", on_delete=models.PROTECT, related_name="deadline_feeds")
    device = models.CharField("appareil", max_length=100, blank=True)
    token_digest = models.CharField("empreinte", max_length=64, unique=True)
    created_at = models.DateTimeField("créée le", default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="créée par", on_delete=models.PROTECT, related_name="+"
    )
    revoked_at = models.DateTimeField("révoquée le", null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="révoquée par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = DeadlineFeedQuerySet.as_manager()

    class Meta:
        verbose_name = "agenda des échéances"
        verbose_name_plural = "agendas des échéances"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=who_and_when("revoked"), name="deadline_feed_revoked_when_and_by"),
        ]

    def __str__(self) -> str:
        return f"Échéances – {self.site.short_name}"
