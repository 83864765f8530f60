"""Whom to call at a caisse when a file cannot wait."""

import re
from dataclasses import dataclass

from franceservices.text import fold
from partners.models import Contact, Partner

_EMERGENCY_LINE = re.compile(r"\blup\b|\burgence")


@dataclass(frozen=True, slots=True)
class UrgentContacts:
    """The referents of a caisse, and its line for the greatest emergencies (LUP, *Ligne Urgence Précarité*)."""

    referents: tuple[Contact, ...]
    emergency_line: Contact | None


def urgent_contacts(partner: Partner) -> UrgentContacts:
    """Those of the caisse's contacts that are for urgent cases; the line is the contact that is named or titled so."""
    contacts = list(partner.contacts.all())
    line = next(
        (
            contact
            for contact in contacts
            if contact.phone and _EMERGENCY_LINE.search(fold(f"{contact.name} {contact.job_title}"))
        ),
        None,
    )
    return UrgentContacts(
        referents=tuple(contact for contact in contacts if contact.is_referent and contact != line),
        emergency_line=line,
    )
