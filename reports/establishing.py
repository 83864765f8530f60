"""Establishing monthly returns and correcting them.

A return is frozen when it is established (a trigger of the database sees to it) and never deleted; what was wrong or
has changed since is told by a new version. Whoever establishes holds the row of the CCAS until her transaction ends.
"""

from datetime import date

from django.db import transaction

from conventions.fulfilment import fulfil
from conventions.models import ObligationDue, ObligationKind
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from partners.models import Partner, Site, User
from partners.numbering import hold_numbers_of, next_number

from .day_of_issue import checked_day_of_issue
from .models import MonthlyReturn
from .periods import Period
from .return_content import ReturnAbout, about, corrected_content, return_content

LONGEST_REASON = MonthlyReturn._meta.get_field("correction_reason").max_length
LONGEST_COMMENT = 4000
ALREADY_ESTABLISHED = DomainError(
    "Le relevé de ce mois est déjà établi. Rien n’est changé\u00a0: s’il est faux, corrigez-le."
)


@transaction.atomic
def establish_return(
    *,
    site: Site,
    partner: Partner,
    period: Period,
    comment: str,
    by: User,
    issued_on: date | None = None,
    expected_digest: str | None = None,
) -> MonthlyReturn:
    """Establish the return of `partner` at `site` for the civil month `period`, and fulfil the duty that asks for it.

    `issued_on` is today at the site unless given; `expected_digest`, that of the figures that the person was shown.
    Raises DomainError when the month is not over, is told already, when the day does not suit or the figures are no
    longer the expected ones; Site.DoesNotExist outside the perimeter of `by`. No number is lost then.
    """
    site = _locked(site, by)
    issued_on = checked_day_of_issue(MonthlyReturn, site=site, issued_on=issued_on)
    if issued_on <= period.last:
        raise DomainError(
            f"Le mois n’est pas terminé\u00a0: le relevé de {period.label} s’établit à partir du premier jour du "
            "mois suivant."
        )
    if MonthlyReturn.objects.standing().filter(site=site, partner=partner, month=period.first).exists():
        raise ALREADY_ESTABLISHED
    subject = about(site=site, partner=partner, period=period)
    content = return_content(subject, comment=_checked_comment(comment))
    _check_expected(content, expected_digest)
    return _create(subject, content=content, issued_on=issued_on, by=by)


@transaction.atomic
def correct_return(
    *,
    monthly_return: MonthlyReturn,
    reason: str,
    comment: str,
    by: User,
    issued_on: date | None = None,
    expected_digest: str | None = None,
) -> MonthlyReturn:
    """Establish a new version for what the rows say now, with the difference, and mark the old one corrected.

    Raises DomainError without a reason, when it is corrected already, or what `establish_return` raises about the day
    and the figures; MonthlyReturn.DoesNotExist outside the perimeter of `by`.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise DomainError("Dites pourquoi ce relevé est corrigé\u00a0: le motif figure sur la nouvelle version.")
    if len(reason) > LONGEST_REASON:
        raise DomainError(f"Le motif ne peut pas dépasser {LONGEST_REASON} caractères.")
    visible = MonthlyReturn.objects.visible_to(by).select_related("site", "partner")
    site = _locked(visible.get(pk=monthly_return.pk).site, by)
    old = visible.select_for_update(no_key=True, of=["self"]).get(pk=monthly_return.pk)
    if old.is_corrected:
        raise DomainError(f"Le relevé n° {old.label} est déjà corrigé par le n° {old.correction.label}.")
    issued_on = checked_day_of_issue(MonthlyReturn, site=site, issued_on=issued_on)
    subject = about(site=site, partner=old.partner, period=old.period)
    content = return_content(subject, comment=_checked_comment(comment))
    _check_expected(content, expected_digest)
    content = corrected_content(content, old=old.content, label=old.label, issued_on=old.issued_on, reason=reason)
    MonthlyReturn.objects.filter(pk=old.pk).update(is_corrected=True)
    return _create(
        subject,
        content=content,
        issued_on=issued_on,
        by=by,
        version=old.version + 1,
        corrects=old,
        correction_reason=reason,
    )


def duty_of(subject: ReturnAbout) -> ObligationDue | None:
    """The open occurrence that the return of this month fulfils, if the agreement asks for one."""
    if subject.convention is None:
        return None
    return (
        ObligationDue.objects.open()
        .filter(
            obligation__convention=subject.convention,
            obligation__kind=ObligationKind.MONTHLY_COUNT,
            period_ends_on__range=(subject.period.first, subject.period.last),
        )
        .select_related("obligation")
        .order_by("pk")
        .first()
    )


def _create(subject: ReturnAbout, *, content: dict, issued_on: date, by: User, **fields) -> MonthlyReturn:
    ccas_id = subject.site.ccas_id
    with translate_violations({"monthly_return_once_a_month": ALREADY_ESTABLISHED}):
        made = MonthlyReturn.objects.create(
            ccas_id=ccas_id,
            site=subject.site,
            partner=subject.partner,
            convention=subject.convention,
            month=subject.period.first,
            year=issued_on.year,
            number=next_number(MonthlyReturn, ccas_id=ccas_id, year=issued_on.year),
            content=content,
            issued_on=issued_on,
            issued_by=by,
            **fields,
        )
    duty = duty_of(subject)
    if duty is not None:
        fulfil(occurrence=duty, on=issued_on, by=by, proof_note=f"Relevé mensuel n° {made.label}")
    return made


def _locked(site: Site, by: User) -> Site:
    """The space as it is now, of the CCAS of `by`, whose numbers are held."""
    site = Site.objects.visible_to(by).select_related("ccas").get(pk=site.pk)
    hold_numbers_of(site.ccas)
    return site


def _checked_comment(comment: str) -> str:
    comment = comment.strip()
    if len(comment) > LONGEST_COMMENT:
        raise DomainError(f"Le commentaire ne peut pas dépasser {LONGEST_COMMENT} caractères.")
    return comment


def _check_expected(content: dict[str, object], expected: str | None) -> None:
    if expected is not None and content["digest"] != expected:
        raise DomainError(
            "Les chiffres ont changé depuis que la page s’est affichée. Rien n’est établi\u00a0: relisez-les, puis "
            "confirmez."
        )
