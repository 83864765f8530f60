from django.conf import settings
from django.db import models


class SecondFactorReset(models.Model):
    """Somebody's applications, keys and recovery codes were taken off the account by an administrator."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="compte", on_delete=models.CASCADE, related_name="second_factor_resets"
    )
    reason = models.CharField("raison", max_length=300)
    reset_at = models.DateTimeField("réinitialisée le")
    reset_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="réinitialisée par", on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = "réinitialisation de la double authentification"
        verbose_name_plural = "réinitialisations de la double authentification"
        ordering = ["-reset_at"]

    def __str__(self) -> str:
        return f"Double authentification de {self.user}"
