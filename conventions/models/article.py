from django.core.exceptions import ValidationError
from django.db import models

from conventions.placeholders import unknown_placeholders

from .convention import Convention


def validate_placeholders(value: str) -> None:
    """Refuse a text that refers to a fact that a convention does not hold."""
    unknown = unknown_placeholders(value)
    if unknown:
        raise ValidationError(
            "Repère inconnu : %(names)s. Les repères possibles sont listés sous le tableau des articles.",
            params={"names": ", ".join(f"{{{name}}}" for name in unknown)},
        )


class Article(models.Model):
    """One article of a convention; what the rows already say stands in its text as a `{placeholder}`."""

    convention = models.ForeignKey(
        Convention,
        verbose_name="convention",
        on_delete=models.CASCADE,
        related_name="articles",
    )
    position = models.PositiveSmallIntegerField("ordre")
    number = models.CharField("numéro", max_length=10)
    title = models.CharField("intitulé", max_length=200)
    body = models.TextField("texte", validators=[validate_placeholders])

    class Meta:
        verbose_name = "article"
        verbose_name_plural = "articles"
        ordering = ["convention", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["convention", "position"],
                name="article_position_unique",
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message="Deux articles de cette convention portent le même rang.",
            ),
        ]

    def __str__(self) -> str:
        return f"Article {self.number} – {self.title}"
