"""Accounts in whose name the machine tries a list out or does it again; nobody signs in to them."""

from enum import StrEnum

from partners.models import Ccas, Role, User


class Part(StrEnum):
    PROPOSING = "proposant"
    APPROVING = "approbateur"


def technical_account(ccas: Ccas, part: Part) -> User:
    """The one of the CCAS for `part`, made where it is missing: inactive and without a password."""
    account, is_new = User.objects.get_or_create(
        email=f"elimination.{part}.{ccas.pk}@technique.invalid",
        defaults={
            "first_name": "Élimination",
            "last_name": f"({part})",
            "role": Role.RECEPTION,
            "ccas": ccas,
            "is_active": False,
        },
    )
    if is_new:
        account.set_unusable_password()
        account.save(update_fields=["password"])
    return account
