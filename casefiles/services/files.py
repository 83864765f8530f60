"""The file itself: opened, followed, agreed to, withdrawn, renewed."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from bookings.models import Visitor
from casefiles.facts import stage_of_file
from casefiles.models import CaseDocument, CaseFile, CaseKind, DecisionResult, SlipLine
from casefiles.stages import Stage
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.models import Partner, Site, User

from .access import check_day, check_not_anonymised, check_not_withdrawn, check_text, locked_file
from .offers import check_kind, convention_on

LONGEST_NOTES = 10_000
ALREADY_RENEWED = DomainError("Le renouvellement de ce dossier est déjà en cours. Rien n’a été créé.")


@transaction.atomic
def open_case_file(
    *,
    site: Site,
    visitor: Visitor,
    kind: CaseKind,
    partner: Partner,
    agent: User | None = None,
    social_notes: str = "",
    is_urgent: bool = False,
    urgency: str = "",
    renewal_of: CaseFile | None = None,
    opened_on: date | None = None,
    by: User,
) -> CaseFile:
    """Open a file under the convention in force on `opened_on` (today at the site), with the checklist of that day.

    `agent` is in charge, `by` unless given. Raises DomainError when the kind does not exist on that day or is not the
    caisse's, without a convention, for a day to come; Site.DoesNotExist or Visitor.DoesNotExist outside the perimeter.
    """
    site = Site.objects.visible_to(by).select_related("ccas").get(pk=site.pk)
    visitor = Visitor.objects.visible_to(by).select_for_update(no_key=True, of=["self"]).get(pk=visitor.pk)
    card = visitor.current_card()
    check_not_anonymised(card.pk)
    day = opened_on or site.today()
    check_day(day, today=site.today(), what="L’ouverture du dossier")
    if visitor.ccas_id != site.ccas_id:
        raise DomainError("Cette personne est connue d’un autre CCAS que celui de l’espace.")
    check_kind(kind=kind, partner=partner, day=day)
    convention = convention_on(site=site, partner=partner, day=day)
    with translate_violations({"case_file_renewed_once": ALREADY_RENEWED}):
        file = CaseFile.objects.create(
            site=site,
            # A card that was merged leads to the one that is kept.
            visitor=card,
            kind=kind,
            partner=partner,
            convention=convention,
            agent=_checked_agent(agent or by, site),
            opened_on=day,
            opened_by=by,
            social_notes=check_text(social_notes, longest=LONGEST_NOTES),
            is_urgent=is_urgent,
            urgency=check_text(urgency) if is_urgent else "",
            renewal_of=renewal_of,
        )
    CaseDocument.objects.bulk_create(
        CaseDocument(
            file=file,
            required_document=required,
            label=required.label,
            position=position,
            is_mandatory=required.is_mandatory,
            noted_by=by,
        )
        for position, required in enumerate(kind.required_documents.valid_on(day).order_by("position", "pk"), start=1)
    )
    return file


def _checked_agent(agent: User, site: Site) -> User:
    """`agent`, who must be at work in the CCAS that runs `site`."""
    if agent.is_superuser or (agent.is_active and agent.ccas_id == site.ccas_id):
        return agent
    raise DomainError(f"{agent.get_full_name()} ne travaille pas au {site.ccas.short_name}.")


@transaction.atomic
def assign(*, file: CaseFile, agent: User, by: User) -> CaseFile:
    """Put `agent`, of the same CCAS, in charge."""
    file = locked_file(file, by)
    file.agent = _checked_agent(agent, file.site)
    file.save(update_fields=["agent"])
    return file


@transaction.atomic
def write_social_notes(*, file: CaseFile, text: str, by: User) -> CaseFile:
    """Replace the notes that stay with the CCAS; at any stage."""
    file = locked_file(file, by)
    file.social_notes = check_text(text, longest=LONGEST_NOTES)
    file.save(update_fields=["social_notes"])
    return file


@transaction.atomic
def mark_urgent(*, file: CaseFile, urgency: str, by: User) -> CaseFile:
    """Put the file first in the lists, with what presses in a few words that the caisse will read on the slip."""
    file = locked_file(file, by)
    check_not_withdrawn(file)
    file.is_urgent, file.urgency = True, check_text(urgency)
    file.save(update_fields=["is_urgent", "urgency"])
    return file


@transaction.atomic
def unmark_urgent(*, file: CaseFile, by: User) -> CaseFile:
    """Back among the others."""
    file = locked_file(file, by)
    file.is_urgent, file.urgency = False, ""
    file.save(update_fields=["is_urgent", "urgency"])
    return file


@transaction.atomic
def record_agreement(*, file: CaseFile, agreed_on: date, by: User) -> CaseFile:
    """Note the day on which the person agreed that the file be sent; once the file was sent, it stands."""
    file = locked_file(file, by)
    check_not_withdrawn(file)
    check_day(agreed_on, today=file.site.today(), what="L’accord de la personne")
    if file.agreed_on == agreed_on:
        return file
    _check_never_sent(file)
    file.agreed_on, file.agreement_recorded_at, file.agreement_recorded_by = agreed_on, timezone.now(), by
    file.save(update_fields=["agreed_on", "agreement_recorded_at", "agreement_recorded_by"])
    return file


@transaction.atomic
def remove_agreement(*, file: CaseFile, by: User) -> CaseFile:
    """Take back an agreement noted by mistake, or that the person took back before the file was sent."""
    file = locked_file(file, by)
    _check_never_sent(file)
    file.agreed_on = file.agreement_recorded_at = file.agreement_recorded_by = None
    file.save(update_fields=["agreed_on", "agreement_recorded_at", "agreement_recorded_by"])
    return file


def _check_never_sent(file: CaseFile) -> None:
    if SlipLine.objects.filter(file=file).exists():
        raise DomainError(
            "Ce dossier a déjà été envoyé avec l’accord noté\u00a0: il ne change plus. Si la personne renonce à sa"
            " demande, retirez le dossier."
        )


@transaction.atomic
def withdraw(*, file: CaseFile, reason: str, by: User) -> CaseFile:
    """Give the request up, before or after it was sent; a decided one stands."""
    file = locked_file(file, by)
    if file.withdrawn_at is not None:
        return file
    reason = check_text(reason)
    if not reason:
        raise DomainError("Dites pourquoi le dossier est retiré.")
    if stage_of_file(file) in (Stage.ACCEPTED, Stage.REFUSED):
        raise DomainError("La caisse a déjà décidé\u00a0: un dossier décidé ne se retire pas.")
    file.withdrawn_at, file.withdrawn_by, file.withdrawal_reason = timezone.now(), by, reason
    file.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal_reason"])
    return file


@transaction.atomic
def reopen(*, file: CaseFile, by: User) -> CaseFile:
    """Take a withdrawal back: the file stands where it stood."""
    file = locked_file(file, by)
    if file.withdrawn_at is None:
        return file
    file.withdrawn_at, file.withdrawn_by, file.withdrawal_reason = None, None, ""
    with translate_violations({"case_file_renewed_once": ALREADY_RENEWED}):
        file.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal_reason"])
    return file


@transaction.atomic
def start_renewal(*, file: CaseFile, agent: User | None = None, by: User) -> CaseFile:
    """Open the file that renews the rights of `file`, of the kind that exists today; one at a time.

    Raises DomainError unless `file` was accepted and its kind is one that is renewed.
    """
    file = locked_file(file, by)
    line = SlipLine.objects.standing().filter(file=file).first()
    if file.withdrawn_at is not None or line is None or line.result != DecisionResult.ACCEPTED:
        raise DomainError("On renouvelle des droits accordés\u00a0: ce dossier n’a pas reçu d’accord.")
    if not file.kind.is_renewable:
        raise DomainError(f"«\u00a0{file.kind.label}\u00a0» ne se renouvelle pas.")
    return open_case_file(
        site=file.site,
        visitor=file.visitor,
        kind=_kind_of_today(file.kind, file.site.today()),
        partner=file.partner,
        agent=agent,
        renewal_of=file,
        by=by,
    )


def _kind_of_today(kind: CaseKind, today: date) -> CaseKind:
    """`kind`, or what replaced it: since 01/11/2019 a CMU-c is renewed as a Complémentaire santé solidaire."""
    seen = set()
    while not kind.is_valid_on(today) and kind.successor_id is not None and kind.pk not in seen:
        seen.add(kind.pk)
        kind = kind.successor
    return kind
