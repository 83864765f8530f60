from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from franceservices.db import who_and_when
from partners.models import Partner, Site


class SharedLinkKind(models.TextChoices):
    PLANNING = "planning", "Planning en lecture"
    CALENDAR = "calendar", "Agenda (iCalendar)"


class SharedLinkQuerySet(models.QuerySet):
    def visible_to(self, user) -> "SharedLinkQuerySet":
        """Those that staff made for their desks; those of her caisse for a partner's agent."""
        if user.partner_id is not None and not user.is_superuser:
            return self.filter(partner_id=user.partner_id)
        return self.filter(site__in=Site.objects.visible_to(user))

    def valid_at(self, moment: datetime) -> "SharedLinkQuerySet":
        """Those neither expired nor revoked at `moment`."""
        return self.filter(expires_at__gt=moment, revoked_at=None)

    def revocable_by(self, user) -> "SharedLinkQuerySet":
        """All those of their desks for the CCAS's staff; for a partner's agent those that she made herself."""
        found = self.visible_to(user)
        return found.filter(created_by=user) if user.is_partner_agent else found


class SharedLink(models.Model):
    """An address by which a partner reads its planning at one site without an account; it expires and can be revoked.

    Only a digest of the secret is kept: who reads the database cannot open the page.
    """

    site = models.ForeignKey(Site, verbose_name="espace", on_delete=models.PROTECT, related_name="shared_links")
    partner = models.ForeignKey(
        Partner, verbose_name="partenaire", on_delete=models.PROTECT, related_name="shared_links"
    )
    kind = models.CharField("nature", max_length=10, choices=SharedLinkKind, default=SharedLinkKind.PLANNING)
    token_digest = models.CharField("empreinte", max_length=64, unique=True)
    recipient = models.CharField("remis à", max_length=150, blank=True)
    created_at = models.DateTimeField("créé le", default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="créé par", on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField("expire le")
    revoked_at = models.DateTimeField("révoqué le", null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="révoqué par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = SharedLinkQuerySet.as_manager()

    class Meta:
        verbose_name = "lien de consultation"
        verbose_name_plural = "liens de consultation"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=who_and_when("revoked"),
                name="shared_link_revoked_when_and_by",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner.short_name} – {self.site.short_name}"

    @property
    def last_day(self) -> date:
        """The last civil day at the site on which the address still opens."""
        return timezone.localtime(self.expires_at - timedelta(microseconds=1), self.site.zone).date()

    @property
    def has_expired(self) -> bool:
        return self.expires_at <= timezone.now()
