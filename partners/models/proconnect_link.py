from django.conf import settings
from django.db import models
from django.db.models import Q

from franceservices.db import who_and_when

from .user import User


class ProConnectLinkQuerySet(models.QuerySet):
    def visible_to(self, user) -> "ProConnectLinkQuerySet":
        """Those of the accounts that `user` sees."""
        return self.filter(user__in=User.objects.visible_to(user))

    def live(self) -> "ProConnectLinkQuerySet":
        return self.filter(released_at=None)


class ProConnectLink(models.Model):
    """An account recognised by what a provider calls the person, its `sub`, from the first sign-in on.

    Rows stay when a link is released: they tell which identity opened the account from when to when.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="compte", on_delete=models.CASCADE, related_name="proconnect_links"
    )
    issuer = models.CharField("fournisseur", max_length=200)
    sub = models.CharField("identifiant chez le fournisseur", max_length=255)
    linked_at = models.DateTimeField("lié le", auto_now_add=True)
    released_at = models.DateTimeField("détaché le", null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="détaché par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = ProConnectLinkQuerySet.as_manager()

    class Meta:
        verbose_name = "lien avec ProConnect"
        verbose_name_plural = "liens avec ProConnect"
        ordering = ["-linked_at"]
        constraints = [
            models.CheckConstraint(
                condition=who_and_when("released"),
                name="proconnectlink_released_who_and_when",
                violation_error_message="Un lien détaché a une date et un auteur.",
            ),
            models.UniqueConstraint(
                fields=["issuer", "user"],
                condition=Q(released_at=None),
                name="proconnectlink_one_identity_per_account",
                violation_error_message="Ce compte est déjà lié à une autre identité ProConnect.",
            ),
            models.UniqueConstraint(
                fields=["issuer", "sub"],
                condition=Q(released_at=None),
                name="proconnectlink_one_account_per_identity",
                violation_error_message="Cette identité ProConnect est déjà liée à un autre compte.",
            ),
        ]

    def __str__(self) -> str:
        return f"Lien de {self.user} avec ProConnect"
