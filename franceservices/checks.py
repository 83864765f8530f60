"""What `manage.py check --deploy` says of this application beyond Django's own warnings."""

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

# Parts of the keys that the code of this project names: anybody can read them.
PUBLIC_KEYS = ("only-for-the-", "dev-only", "change-me", "changez-moi", "secret-key")


@register(Tags.security, deploy=True)
def no_demonstration_in_service(app_configs: object, **_options: object) -> list[CheckMessage]:
    """`DEMO` makes accounts whose password is written in the documentation."""
    if settings.DEBUG or not settings.DEMO:
        return []
    return [
        Warning(
            "DEMO vaut True sur un serveur en service.",
            hint="Retirez DEMO, et supprimez les comptes que load_demo a créés : leur mot de passe est public.",
            id="franceservices.W001",
        )
    ]


@register(Tags.security, deploy=True)
def no_public_secret(app_configs: object, **_options: object) -> list[CheckMessage]:
    """A key that stands in the sources signs sessions for whoever reads them; the old ones are still believed."""
    keys = {"SECRET_KEY": [settings.SECRET_KEY], "SECRET_KEY_FALLBACKS": settings.SECRET_KEY_FALLBACKS}
    return [
        Warning(
            f"{name} est une clé d’essai, que tout le monde peut lire dans les sources.",
            hint="Tirez-en une au hasard : python -c 'import secrets; print(secrets.token_urlsafe(64))'",
            id="franceservices.W002",
        )
        for name, values in keys.items()
        if any(part in value.lower() for value in values for part in PUBLIC_KEYS)
    ]
