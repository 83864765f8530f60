"""A check at start: the private documents do not lie where a web server hands out files."""

from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def documents_are_not_served(app_configs, **kwargs) -> list[CheckMessage]:
    """An error for a `DOCUMENTS_ROOT` in, or above, a folder of static files."""
    private = Path(settings.DOCUMENTS_ROOT).resolve()
    served = [Path(folder).resolve() for folder in (settings.STATIC_ROOT, *settings.STATICFILES_DIRS)]
    return [
        Error(
            f"DOCUMENTS_ROOT ({private}) est dans un dossier servi ({folder}), ou le contient.",
            hint="Donnez aux documents un dossier à part, que le serveur web ne sert pas.",
            id="conventions.E001",
        )
        for folder in served
        if private.is_relative_to(folder) or folder.is_relative_to(private)
    ]
