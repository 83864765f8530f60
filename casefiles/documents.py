"""The slip as a printed document: frozen data in, bytes out."""

from datetime import date

from franceservices.dates import format_date_long
from franceservices.pdf import render_pdf
from franceservices.phones import format_phone

from .line_rows import NO_NAME
from .models import DocumentState, SlipLine, TransmissionSlip

SLIP_TEMPLATE = "casefiles/documents/slip.html"


def slip_document(slip: TransmissionSlip, *, printed_on: date | None = None) -> dict[str, object]:
    """What the printed slip says, from what was frozen when it was sent; one query, for the lines.

    `printed_on` is the civil date in the footer, today at the site unless given.
    """
    header = slip.content
    lines = [_printed_line(line) for line in slip.lines.order_by("position")]
    urgent = sum(line["is_urgent"] for line in lines)
    return {
        "organisation": header["ccas"],
        "meta_author": header["ccas"],
        "footer_site": f"{header['site']} · bordereau n° {slip.full_number}",
        "printed_on": printed_on or slip.site.today(),
        "number": slip.full_number,
        "sent_on": slip.sent_on,
        "header": header,
        "contact": " · ".join(filter(None, [format_phone(header["site_phone"]), header["site_email"]])),
        "lines": lines,
        "total": f"{len(lines)} dossier{'s' if len(lines) > 1 else ''}",
        "urgent_total": f"{urgent} urgent{'s' if urgent > 1 else ''}" if urgent else "",
    }


def _printed_line(line: SlipLine) -> dict[str, object]:
    content = line.content
    return {
        "position": line.position,
        "name": f"{content['last_name'].upper()} {content['first_name']}".strip() or NO_NAME,
        "birth_date": format_date_long(date.fromisoformat(content["birth_date"])) if content["birth_date"] else "",
        "kind": content["kind"],
        "remarks": [
            words
            for words, is_so in (
                ("Renouvellement", content["is_renewal"]),
                ("Renvoi après retour", content["is_sent_again"]),
            )
            if is_so
        ],
        "is_urgent": content["is_urgent"],
        "urgency": content["urgency"],
        "documents": [
            document["label"]
            if document["state"] == DocumentState.RECEIVED
            else f"{document['label']}\u00a0: sans objet"
            for document in content["documents"]
        ],
    }


def slip_pdf(slip: TransmissionSlip) -> bytes:
    """The tagged PDF of `slip`, always with what was sent."""
    return render_pdf(SLIP_TEMPLATE, slip_document(slip))
