"""Sending: complete files of one caisse go together, in one numbered slip that never changes again."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Prefetch

from casefiles.clocks import acknowledgement_due_on
from casefiles.errors import AlreadySent, NotSendable
from casefiles.frozen import frozen_header, frozen_line
from casefiles.models import CaseDocument, CaseFile, DocumentState, SlipLine, TransmissionSlip
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.models import Partner, Site, User
from partners.numbering import hold_numbers_of, next_number

from .access import check_day

MOST_FILES = 100
"""Files in one slip; the paper one is then about six pages."""


def sending_problem(file: CaseFile, *, sent_on: date) -> str | None:
    """Why `file`, read with its lines and documents, may not be sent, as one French line; None if it may."""
    who = f"{file.visitor.full_name} ({file.kind.short_label})"
    if file.withdrawn_at is not None:
        return f"{who}\u00a0: dossier retiré."
    if file.agreed_on is None:
        return f"{who}\u00a0: sans l’accord de la personne, le dossier n’est pas transmis."
    if file.agreed_on > sent_on:
        return f"{who}\u00a0: l’accord de la personne est postérieur à la date d’envoi."
    lacking = sum(
        document.is_mandatory and document.state == DocumentState.MISSING for document in file.documents.all()
    )
    if lacking:
        return f"{who}\u00a0: {lacking} pièce{'s' if lacking > 1 else ''} manquante{'s' if lacking > 1 else ''}."
    returned_on = max((line.returned_on for line in file.lines.all() if line.returned_on), default=None)
    if returned_on is not None and sent_on < returned_on:
        return f"{who}\u00a0: le dossier n’était pas encore revenu à cette date."
    return None


@transaction.atomic
def send_slip(
    *, site: Site, partner: Partner, files: Iterable[CaseFile], sent_on: date | None = None, by: User
) -> TransmissionSlip:
    """Send `files`, in this order, from `site` to `partner`; `sent_on` is the date of the slip, today unless given.

    Numbers follow each other by CCAS and civil year, without gaps: whoever takes the next one holds the CCAS's row.
    All or nothing. Raises AlreadySent when somebody else was quicker, NotSendable with the reasons file by file,
    DomainError for no file or a day to come, CaseFile.DoesNotExist outside the perimeter of `by`.
    """
    site = Site.objects.visible_to(by).select_related("ccas").get(pk=site.pk)
    day = sent_on or site.today()
    check_day(day, today=site.today(), what="L’envoi")
    rows = _locked_files(list(dict.fromkeys(file.pk for file in files)), site=site, partner=partner, by=by)
    for file in rows:
        if any(line.returned_at is None for line in file.lines.all()) and file.withdrawn_at is None:
            raise AlreadySent(file.visitor.full_name)
    problems = [problem for file in rows if (problem := sending_problem(file, sent_on=day))]
    if problems:
        raise NotSendable(problems)
    hold_numbers_of(site.ccas)
    slip = TransmissionSlip.objects.create(
        ccas=site.ccas,
        site=site,
        partner=partner,
        year=day.year,
        number=next_number(TransmissionSlip, ccas_id=site.ccas_id, year=day.year),
        sent_on=day,
        sent_by=by,
        file_count=len(rows),
        content=frozen_header(site=site, partner=partner, by=by),
    )
    refusals = {
        "slip_line_one_open_a_file": AlreadySent(),
        "slip_line_sent_with_agreement": DomainError("Sans l’accord de la personne, le dossier n’est pas transmis."),
        "slip_line_file_complete": DomainError("Un dossier incomplet n’entre pas dans un bordereau."),
        "slip_line_file_not_withdrawn": DomainError("Un dossier retiré n’entre pas dans un bordereau."),
    }
    with translate_violations(refusals):
        SlipLine.objects.bulk_create(
            SlipLine(
                slip=slip,
                file=file,
                site=site,
                partner=partner,
                position=position,
                sent_on=day,
                agreed_on=file.agreed_on,
                acknowledgement_due_on=acknowledgement_due_on(day, days=file.kind.acknowledgement_days),
                content=frozen_line(file),
            )
            for position, file in enumerate(rows, start=1)
        )
    return slip


def _locked_files(ids: list[int], *, site: Site, partner: Partner, by: User) -> list[CaseFile]:
    """The files, locked in the order of their ids so that two senders never wait for each other; given as asked."""
    if not ids:
        raise DomainError("Choisissez au moins un dossier à envoyer.")
    if len(ids) > MOST_FILES:
        raise DomainError(f"Un bordereau compte au plus {MOST_FILES} dossiers\u00a0: envoyez-les en plusieurs fois.")
    # Locked first, read afterwards: what a colleague changed while we waited is seen.
    locked = CaseFile.objects.visible_to(by).filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    list(locked.values_list("pk", flat=True))
    rows = {
        file.pk: file
        for file in CaseFile.objects.visible_to(by)
        .filter(pk__in=ids)
        .select_related("visitor", "kind")
        .prefetch_related("lines", Prefetch("documents", CaseDocument.objects.order_by("position", "pk")))
    }
    if len(rows) < len(ids):
        raise CaseFile.DoesNotExist
    if any(file.site_id != site.pk or file.partner_id != partner.pk for file in rows.values()):
        raise DomainError("Un bordereau part d’un seul espace vers une seule caisse.")
    return [rows[pk] for pk in ids]
