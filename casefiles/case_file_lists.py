"""The lists that a person works from. Each takes files within her perimeter and gives them in the order of the work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, F, OuterRef, Q

from partners.models import User

from .clocks import renewable_until
from .models import CaseFile
from .models.case_file import CaseFileQuerySet
from .stages import FINAL_STAGES, Stage

URGENT_THEN_OLDEST = ("-is_urgent", "opened_on", "pk")


def _listed(files: CaseFileQuerySet) -> CaseFileQuerySet:
    return files.with_stage().with_parties()


def all_files(files: CaseFileQuerySet) -> CaseFileQuerySet:
    """Every one, the newest first."""
    return _listed(files).order_by("-opened_on", "-pk")


def mine(files: CaseFileQuerySet, user: User) -> CaseFileQuerySet:
    """Those that `user` is in charge of and that are not over."""
    return _listed(files).filter(agent=user).exclude(stage__in=FINAL_STAGES).order_by(*URGENT_THEN_OLDEST)


def to_complete(files: CaseFileQuerySet) -> CaseFileQuerySet:
    """Those in preparation and those that the caisse sent back."""
    return _listed(files).filter(stage__in=[Stage.PREPARATION, Stage.RETURNED]).order_by(*URGENT_THEN_OLDEST)


def to_send(files: CaseFileQuerySet) -> CaseFileQuerySet:
    """Those that are complete, with the person's agreement: what the next slips are made of, caisse by caisse."""
    return _listed(files).filter(stage=Stage.COMPLETE).order_by("partner__name", "partner", *URGENT_THEN_OLDEST)


def awaiting_acknowledgement(files: CaseFileQuerySet) -> CaseFileQuerySet:
    """Those sent and not acknowledged yet, the longest gone first."""
    return _listed(files).filter(stage=Stage.SENT).order_by("-is_urgent", F("sent_on").asc(), "pk")


def late(files: CaseFileQuerySet, today: date) -> CaseFileQuerySet:
    """Those of which the caisse should have acknowledged receipt, or decided, before `today`; the latest first."""
    return (
        _listed(files)
        .filter(
            Q(open_line__acknowledged_at=None, open_line__acknowledgement_due_on__lt=today)
            | Q(open_line__acknowledged_at__isnull=False, open_line__decision_due_on__lt=today),
            stage__in=[Stage.SENT, Stage.ACKNOWLEDGED],
        )
        .order_by("-is_urgent", F("decision_due_on").asc(nulls_last=True), "acknowledgement_due_on", "pk")
    )


def to_renew(files: CaseFileQuerySet, today: date) -> CaseFileQuerySet:
    """Those whose rights end within 120 days and whose renewal nobody has begun, the nearest end first."""
    first, last = renewable_until(today)
    begun = CaseFile.objects.filter(renewal_of=OuterRef("pk"), withdrawn_at=None)
    return (
        _listed(files)
        .filter(
            ~Exists(begun),
            open_line__rights_until__range=(first, last),
            stage=Stage.ACCEPTED,
            kind__is_renewable=True,
        )
        .order_by("rights_until", "pk")
    )


@dataclass(frozen=True, slots=True)
class WorkList:
    """One of the lists: its name in addresses, its title, and how it is made for `user` on `today`."""

    slug: str
    title: str
    select: Callable[[CaseFileQuerySet, User, date], CaseFileQuerySet]


WORK_LISTS = {
    row.slug: row
    for row in (
        WorkList("mes-dossiers", "Mes dossiers", lambda files, user, today: mine(files, user)),
        WorkList("a-completer", "À compléter", lambda files, user, today: to_complete(files)),
        WorkList("a-envoyer", "À envoyer", lambda files, user, today: to_send(files)),
        WorkList("accuses-attendus", "Accusés attendus", lambda files, user, today: awaiting_acknowledgement(files)),
        WorkList("en-retard", "En retard", lambda files, user, today: late(files, today)),
        WorkList("a-renouveler", "À renouveler", lambda files, user, today: to_renew(files, today)),
    )
}
