"""What a slip says, as JSON that stays as it was sent: names, documents and urgency of that day, nothing read later."""

from partners.models import Partner, Site, User

from .models import CaseFile, DocumentState


def frozen_header(*, site: Site, partner: Partner, by: User) -> dict[str, object]:
    """The parties as they are called today, and who sends."""
    return {
        "ccas": site.ccas.name,
        "ccas_address": site.ccas.address,
        "site": site.name,
        "site_address": ", ".join(filter(None, [site.address, f"{site.postal_code} {site.city}".strip()])),
        "site_phone": site.phone,
        "site_email": site.email,
        "partner": partner.name,
        "partner_address": partner.address,
        "sender": by.get_full_name(),
    }


def frozen_line(file: CaseFile) -> dict[str, object]:
    """What the caisse is told of `file`, read with its documents and lines: never the notes of the CCAS.

    `documents` holds those of the checklist that are joined or not applicable; a missing one that is not mandatory is
    left out. `is_sent_again` says that the caisse had sent it back.
    """
    visitor = file.visitor
    return {
        "last_name": visitor.last_name,
        "first_name": visitor.first_name,
        "birth_date": visitor.birth_date.isoformat() if visitor.birth_date else None,
        "kind": file.kind.label,
        "kind_short": file.kind.short_label,
        "is_urgent": file.is_urgent,
        "urgency": file.urgency,
        "is_renewal": file.renewal_of_id is not None,
        "is_sent_again": any(line.returned_at is not None for line in file.lines.all()),
        "documents": [
            {"id": document.pk, "label": document.label, "state": document.state}
            for document in file.documents.all()
            if document.state != DocumentState.MISSING
        ],
    }
