"""Field validators of the floor, around the pure checks of `franceservices.identifiers`."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from franceservices.identifiers import siren_is_valid, siret_is_valid

validate_insee_code = RegexValidator(
    r"^(\d{2}|2[AB])\d{3}$",
    "Un code INSEE de commune compte cinq caractères, par exemple 25056.",
)
validate_postal_code = RegexValidator(r"^\d{5}$", "Un code postal compte cinq chiffres, par exemple 25000.")


def validate_siren(value: str) -> None:
    """Refuse what is not nine digits passing the Luhn check."""
    if not siren_is_valid(value):
        raise ValidationError(
            "« %(value)s » n’est pas un numéro SIREN : neuf chiffres dont le dernier est une clé de contrôle.",
            params={"value": value},
            code="siren",
        )


def validate_siret(value: str) -> None:
    """Refuse what is not fourteen digits of a real establishment's number."""
    if not siret_is_valid(value):
        raise ValidationError(
            "« %(value)s » n’est pas un numéro SIRET\u00a0: quatorze chiffres dont le dernier est une clé de contrôle.",
            params={"value": value},
            code="siret",
        )


def validate_time_zone(value: str) -> None:
    """Refuse a name that the zone database does not know."""
    if value not in available_timezones():
        raise ValidationError("« %(value)s » n’est pas un fuseau horaire connu.", params={"value": value})
