"""Alerts of rights about to break (*rupture de droits*): raised by the CCAS, answered by the caisse, closed."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from bookings.models import Visitor
from casefiles.models import CaseFile, RightsAlert
from franceservices.errors import DomainError
from partners.models import Partner, Site, User

from .access import check_not_anonymised, check_text
from .offers import convention_on


def _locked(alert: RightsAlert, by: User) -> RightsAlert:
    alert = (
        RightsAlert.objects.visible_to(by)
        .select_for_update(no_key=True, of=["self"])
        .select_related("site", "visitor", "partner")
        .get(pk=alert.pk)
    )
    check_not_anonymised(alert.visitor_id)
    return alert


@transaction.atomic
def raise_alert(
    *,
    site: Site,
    visitor: Visitor,
    partner: Partner,
    what: str,
    deadline: date,
    file: CaseFile | None = None,
    by: User,
) -> RightsAlert:
    """Tell `partner` whose rights are about to break and until when an answer helps; `file` where there is one.

    Raises DomainError without words, for a day that is past, without a convention in force, or for a file of somebody
    else; DoesNotExist outside the perimeter of `by`.
    """
    site = Site.objects.visible_to(by).select_related("ccas").get(pk=site.pk)
    visitor = (
        Visitor.objects.visible_to(by).select_for_update(no_key=True, of=["self"]).get(pk=visitor.pk).current_card()
    )
    check_not_anonymised(visitor.pk)
    if visitor.ccas_id != site.ccas_id:
        raise DomainError("Cette personne est connue d’un autre CCAS que celui de l’espace.")
    what = check_text(what, longest=1000)
    if not what:
        raise DomainError("Dites quels droits vont cesser, et depuis ou jusqu’à quand.")
    if deadline < site.today():
        raise DomainError("La date à laquelle une réponse est nécessaire est déjà passée.")
    convention_on(site=site, partner=partner, day=site.today())
    if file is not None:
        file = CaseFile.objects.visible_to(by).get(pk=file.pk)
        if file.visitor_id != visitor.pk or file.partner_id != partner.pk:
            raise DomainError("Ce dossier n’est pas de cette personne auprès de cette caisse.")
    return RightsAlert.objects.create(
        site=site, visitor=visitor, partner=partner, file=file, what=what, deadline=deadline, raised_by=by
    )


@transaction.atomic
def see_alert(*, alert: RightsAlert, by: User) -> RightsAlert:
    """Note that the caisse has read it; a second time changes nothing."""
    alert = _locked(alert, by)
    if alert.seen_at is None:
        alert.seen_at, alert.seen_by = timezone.now(), by
        alert.save(update_fields=["seen_at", "seen_by"])
    return alert


@transaction.atomic
def answer_alert(*, alert: RightsAlert, answer: str, by: User) -> RightsAlert:
    """Note what the caisse answers; while the alert is open a new answer replaces the one before."""
    alert = _locked(alert, by)
    answer = check_text(answer, longest=1000)
    if not answer:
        raise DomainError("Écrivez la réponse de la caisse.")
    if alert.closed_at is not None:
        raise DomainError("Cette alerte est close\u00a0: rouvrez-la pour y répondre.")
    now = timezone.now()
    if alert.seen_at is None:
        alert.seen_at, alert.seen_by = now, by
    alert.answered_at, alert.answered_by, alert.answer = now, by, answer
    alert.save(update_fields=["seen_at", "seen_by", "answered_at", "answered_by", "answer"])
    return alert


@transaction.atomic
def close_alert(*, alert: RightsAlert, by: User) -> RightsAlert:
    """Nothing is to be done any more; the CCAS, which raised it, says so, with or without an answer."""
    alert = _locked(alert, by)
    _check_staff(by)
    if alert.closed_at is None:
        alert.closed_at, alert.closed_by = timezone.now(), by
        alert.save(update_fields=["closed_at", "closed_by"])
    return alert


@transaction.atomic
def reopen_alert(*, alert: RightsAlert, by: User) -> RightsAlert:
    """Take a closing back."""
    alert = _locked(alert, by)
    _check_staff(by)
    if alert.closed_at is not None:
        alert.closed_at = alert.closed_by = None
        alert.save(update_fields=["closed_at", "closed_by"])
    return alert


def _check_staff(by: User) -> None:
    if by.is_partner_agent:
        raise DomainError("Le CCAS clôt les alertes qu’il a signalées.")
