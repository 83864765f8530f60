from django.conf import settings
from django.db import models

from franceservices.db import who_and_when


class Suspension(models.Model):
    """A time during which an account opens nothing: why, by whom, and who opened it again."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="compte", on_delete=models.CASCADE, related_name="suspensions"
    )
    reason = models.CharField("raison", max_length=300)
    suspended_at = models.DateTimeField("suspendu le")
    suspended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="suspendu par", on_delete=models.PROTECT, related_name="+"
    )
    lifted_at = models.DateTimeField("rétabli le", null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="rétabli par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        verbose_name = "suspension"
        verbose_name_plural = "suspensions"
        ordering = ["-suspended_at"]
        constraints = [
            models.CheckConstraint(
                condition=who_and_when("lifted"),
                name="suspension_lifted_who_and_when",
                violation_error_message="Une suspension levée a une date et un auteur.",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(lifted_at=None),
                name="suspension_one_at_a_time",
                violation_error_message="Ce compte est déjà suspendu.",
            ),
        ]

    def __str__(self) -> str:
        return f"Suspension de {self.user}"
