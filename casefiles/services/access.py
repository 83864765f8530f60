"""The rows that a writer changes, as they stand now, locked: always the file before its lines, so that two writers
never wait for each other.
"""

from datetime import date

from bookings.models import Visitor
from bookings.social_security_numbers import REFUSAL, looks_like_nir
from casefiles.models import CaseFile, SlipLine
from franceservices.dates import format_date_long
from franceservices.errors import DomainError
from partners.models import User


def locked_file(file: CaseFile, by: User) -> CaseFile:
    """The row, locked for this transaction; CaseFile.DoesNotExist outside the perimeter of `by`, DomainError once its
    person is anonymised.
    """
    file = (
        CaseFile.objects.visible_to(by)
        .select_for_update(no_key=True, of=["self"])
        .select_related("site__ccas", "visitor", "kind", "partner")
        .get(pk=file.pk)
    )
    check_not_anonymised(file.visitor_id)
    return file


def check_not_anonymised(visitor_id: int) -> None:
    """Raise DomainError for a person whose data were removed: nothing is written about her any more.

    Asked anew once the row is locked: she may have been anonymised while we waited for it.
    """
    if Visitor.objects.filter(pk=visitor_id, anonymised_at__isnull=False).exists():
        raise DomainError("Cette personne est anonymisée\u00a0: ce qui la concerne ne change plus.")


def locked_line(line: SlipLine, by: User) -> SlipLine:
    """The line and its file, locked; SlipLine.DoesNotExist outside the perimeter of `by`, which may be an agent's."""
    file_id = SlipLine.objects.visible_to(by).values_list("file_id", flat=True).get(pk=line.pk)
    CaseFile.objects.select_for_update(no_key=True).get(pk=file_id)
    return (
        SlipLine.objects.visible_to(by)
        .select_for_update(no_key=True, of=["self"])
        .select_related("slip", "site", "partner", "file__kind", "file__visitor")
        .get(pk=line.pk)
    )


def check_preparing(file: CaseFile) -> None:
    """Raise DomainError unless `file` is with the CCAS: what was sent is not changed behind the caisse's back."""
    check_not_withdrawn(file)
    line = SlipLine.objects.standing().filter(file=file).select_related("slip").first()
    if line is not None:
        raise DomainError(
            f"Ce dossier est parti avec le bordereau n°\u00a0{line.slip.full_number}\u00a0: il ne change plus tant que"
            " la caisse ne l’a pas retourné."
        )


def check_not_withdrawn(file: CaseFile) -> None:
    """Raise DomainError if `file` was withdrawn."""
    if file.withdrawn_at is not None:
        raise DomainError("Ce dossier est retiré\u00a0: rouvrez-le d’abord.")


def check_text(text: str, *, longest: int = 200) -> str:
    """`text` without spaces around it; DomainError where it holds what looks like a social security number, or is
    longer than `longest` characters.
    """
    text = text.strip()
    if looks_like_nir(text):
        raise DomainError(REFUSAL)
    if len(text) > longest:
        raise DomainError(f"Ce texte est trop long\u00a0: {len(text)} caractères, au plus {longest}.")
    return text


def check_day(day: date, *, today: date, what: str, after: date | None = None, after_what: str = "") -> None:
    """Raise DomainError when `day` is to come, or lies before `after`; `what` and `after_what` name the two dates."""
    if day > today:
        raise DomainError(f"{what} ne peut pas être à venir\u00a0: le {format_date_long(day)} n’est pas encore là.")
    if after is not None and day < after:
        raise DomainError(f"{what} ne peut pas précéder {after_what}, le {format_date_long(after)}.")
