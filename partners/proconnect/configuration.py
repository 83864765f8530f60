"""What the settings say of the provider."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Configuration:
    """`accepted_acr`: the levels of assurance that open anything; `two_factor_acr`: those that say two factors."""

    issuer: str
    client_id: str
    client_secret: str
    accepted_acr: tuple[str, ...]
    two_factor_acr: frozenset[str]
    timeout_seconds: float


def configuration() -> Configuration | None:
    """None where ProConnect is not set up: the button is not shown, the pages do not exist."""
    if not (settings.PROCONNECT_ISSUER and settings.PROCONNECT_CLIENT_ID and settings.PROCONNECT_CLIENT_SECRET):
        return None
    return Configuration(
        issuer=settings.PROCONNECT_ISSUER,
        client_id=settings.PROCONNECT_CLIENT_ID,
        client_secret=settings.PROCONNECT_CLIENT_SECRET,
        accepted_acr=tuple(settings.PROCONNECT_ACCEPTED_ACR),
        two_factor_acr=frozenset(settings.PROCONNECT_TWO_FACTOR_ACR),
        timeout_seconds=settings.PROCONNECT_TIMEOUT,
    )
