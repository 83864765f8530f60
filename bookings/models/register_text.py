from django.conf import settings
from django.db import models
from django.utils import timezone

from partners.models import Ccas


class RegisterTextQuerySet(models.QuerySet):
    def visible_to(self, user) -> "RegisterTextQuerySet":
        """Those of the CCAS of `user`."""
        return self.filter(ccas__in=Ccas.objects.visible_to(user))


class RegisterText(models.Model):
    """What a CCAS wrote in its own words in the register of processings; the latest of a `key` holds.

    Rows are only ever added: the ones before are the history.
    """

    ccas = models.ForeignKey(Ccas, verbose_name="CCAS", on_delete=models.PROTECT, related_name="register_texts")
    key = models.CharField("rubrique", max_length=80)
    text = models.TextField("texte", max_length=4000, blank=True)
    written_at = models.DateTimeField("écrit le", default=timezone.now)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="écrit par", on_delete=models.PROTECT, related_name="+"
    )

    objects = RegisterTextQuerySet.as_manager()

    class Meta:
        verbose_name = "texte du registre"
        verbose_name_plural = "textes du registre"
        ordering = ["-written_at", "-pk"]
        indexes = [models.Index(name="register_text_latest", fields=["ccas", "key", "-written_at"])]

    def __str__(self) -> str:
        return f"{self.key} ({self.ccas})"
