"""Ending a convention before its term, or saying in time that it will not go on; and taking that back.

The clause says until when a notice may be received for which end (`deadlines.notice_days`). The grid and what is owed
follow the term; what the grid loses is remembered, so that a withdrawal gives back exactly what was there.
"""

from dataclasses import dataclass
from datetime import date, time, timedelta

from django.db import transaction

from franceservices.dates import add_months, format_date_long
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from franceservices.money import NO_BREAK_SPACE
from partners.models import Office, User

from .deadlines import notice_days
from .grid import GridAnswer
from .journal import note
from .models import Convention, FeeStatement, NoticeReading, OfficeAllocation, Party, PermanenceSlot
from .services import settle_grid
from .stages import Stage

_REMEMBERED = ("id", "office_id", "weekday", "start_time", "end_time", "audience", "mode", "starts_on", "ends_on")


@dataclass(frozen=True)
class Effect:
    """The last day of a convention once it is denounced, and why; `warning` is empty where the clause allows it.

    `earliest_on` is the earliest last day that the clause allows for the notice.
    """

    ends_on: date
    earliest_on: date
    explanation: str
    warning: str


@dataclass(frozen=True)
class Denunciation:
    """What a denunciation did: its effect, and what the floors above answered about the dates that fell.

    `statements` are the fee statements already issued for days after the new end: they are to be corrected.
    """

    convention: Convention
    effect: Effect
    answers: tuple[GridAnswer, ...]
    statements: tuple[FeeStatement, ...]


def is_denounceable(convention: Convention, today: date) -> bool:
    """Whether a notice about `convention` may still be recorded on `today`."""
    return convention.denounced_on is None and convention.stage_on(today) not in {Stage.DRAFT, Stage.EXPIRED}


def effect_of_notice(
    *, convention: Convention, received_on: date, takes_effect_on: date | None = None, today: date
) -> Effect:
    """When a notice received on `received_on` ends `convention`: by its clause, or on the last day that was agreed.

    A notice that comes too late for one occasion counts for the next one, and at the latest the convention ends at its
    term. Raises DomainError where no convention is there to end, or where `takes_effect_on` leaves less than the months
    of notice.
    """
    if convention.denounced_on is not None:
        raise DomainError(
            f"Cette convention est déjà dénoncée\u00a0: le préavis a été reçu le"
            f" {format_date_long(convention.denounced_on)}. Retirez d’abord cette dénonciation."
        )
    if convention.stage_on(today) == Stage.DRAFT:
        raise DomainError(
            "Elle n’est encore ni approuvée ni signée : un projet ne se dénonce pas, il se modifie ou se supprime."
        )
    if received_on > today:
        raise DomainError("Un préavis se constate une fois reçu\u00a0: donnez une date passée ou celle d’aujourd’hui.")
    if received_on > convention.ends_on:
        raise DomainError(
            f"Le terme est passé depuis le {format_date_long(convention.ends_on)}\u00a0: il n’y a plus rien à dénoncer."
        )
    earliest, explanation = _by_the_clause(convention, received_on)
    if takes_effect_on is None:
        return Effect(earliest, earliest, explanation, "")
    _check_agreed_day(convention, received_on, takes_effect_on)
    warning = ""
    if takes_effect_on < earliest:
        warning = (
            f"La clause ne permet pas de finir avant le {format_date_long(earliest)}. Gardez l’accord écrit des deux"
            f" parties sur le {format_date_long(takes_effect_on)}."
        )
    return Effect(takes_effect_on, earliest, explanation, warning)


def _by_the_clause(convention: Convention, received_on: date) -> tuple[date, str]:
    """The last day by the chosen reading, and the sentence that explains it."""
    ends_on, months = convention.ends_on, convention.notice_months
    term = format_date_long(ends_on)
    if months is None:
        return ends_on, f"La convention ne dit pas de préavis\u00a0: elle court jusqu’à son terme, le {term}."
    days = notice_days(
        starts_on=convention.starts_on,
        ends_on=ends_on,
        months=months,
        at_each_anniversary=convention.notice_reading == NoticeReading.ANNIVERSARY,
    )
    in_time = next((found for found in days if found.last_day >= received_on), None)
    if in_time is None and convention.tacit_renewal:
        raise DomainError(
            f"Le préavis vient trop tard pour le {term} : la convention se reconduit tacitement. Saisissez son nouveau"
            " terme, puis la dénonciation : elle vaudra pour l’échéance suivante."
        )
    if in_time is None:
        late = f", il devait l’être au plus tard le {format_date_long(days[-1].last_day)}" if days else ""
        return ends_on, (
            f"Le préavis est reçu le {format_date_long(received_on)}{late}\u00a0: il vient trop tard pour avancer la"
            f" fin de la convention, qui court jusqu’à son terme, le {term}."
        )
    missed = [found for found in days if found.last_day < received_on]
    explanation = (
        f"Reçu le {format_date_long(received_on)}, au plus tard le {format_date_long(in_time.last_day)}, le préavis de"
        f" {months}{NO_BREAK_SPACE}mois met fin à la convention le {format_date_long(in_time.ends_on)}."
    )
    if missed:
        explanation = (
            f"Il vient trop tard pour le {format_date_long(missed[-1].ends_on)}\u00a0: il devait alors être reçu au"
            f" plus tard le {format_date_long(missed[-1].last_day)}. {explanation}"
        )
    return in_time.ends_on, explanation


def _check_agreed_day(convention: Convention, received_on: date, takes_effect_on: date) -> None:
    if takes_effect_on > convention.ends_on:
        raise DomainError(
            f"Une dénonciation ne prolonge pas la convention, qui se termine le {format_date_long(convention.ends_on)}."
        )
    if takes_effect_on < convention.starts_on:
        raise DomainError(
            f"La convention ne commence que le {format_date_long(convention.starts_on)}\u00a0: elle ne peut pas finir"
            " avant."
        )
    # The months of notice are owed under either reading; the last of them may be the convention's last day.
    soonest = add_months(received_on, convention.notice_months or 0) - timedelta(days=1)
    if takes_effect_on < min(soonest, convention.ends_on):
        raise DomainError(
            f"Un préavis de {convention.notice_months}{NO_BREAK_SPACE}mois reçu le {format_date_long(received_on)} ne"
            f" permet pas de finir avant le {format_date_long(soonest)}. Rien n’est enregistré."
            if convention.notice_months
            else f"La convention ne peut pas finir avant la réception du préavis, le {format_date_long(received_on)}."
        )


@transaction.atomic
def denounce_convention(
    *, convention: Convention, received_on: date, by_party: Party, takes_effect_on: date | None = None, by: User
) -> Denunciation:
    """Record that `by_party` denounced `convention` by a notice received on `received_on`, and move its term.

    `takes_effect_on` is the last day of the convention where the parties agreed on one; by the clause otherwise. The
    grid is cut at the new term; the floors above then tell what became of the dates after it. Raises DomainError as
    `effect_of_notice` does, and leaves everything as it was.
    """
    convention = _locked(convention)
    effect = effect_of_notice(
        convention=convention, received_on=received_on, takes_effect_on=takes_effect_on, today=convention.site.today()
    )
    convention.agreed_ends_on = convention.ends_on
    convention.ends_on = effect.ends_on
    convention.denounced_on, convention.denounced_by = received_on, Party(by_party)
    convention.grid_before_denunciation = _cut_grid(convention)
    convention.save(
        update_fields=["agreed_ends_on", "ends_on", "denounced_on", "denounced_by", "grid_before_denunciation"]
    )
    note(convention=convention, what=f"Dénoncée\u00a0: préavis reçu le {format_date_long(received_on)}.", by=by)
    answers = settle_grid(convention=convention, previous_term=None, by=by)
    beyond = FeeStatement.objects.standing().filter(convention=convention, ends_on__gt=convention.ends_on)
    return Denunciation(convention, effect, tuple(answers), tuple(beyond.order_by("starts_on")))


@transaction.atomic
def withdraw_denunciation(*, convention: Convention, by: User) -> list[GridAnswer]:
    """Take back the denunciation of `convention`: the agreed term and the grid are what they were.

    Lines of the grid that somebody changed meanwhile stay as they are now. Raises DomainError when the convention is
    not denounced, or when another one has taken the office since.
    """
    convention = _locked(convention)
    if convention.denounced_on is None:
        raise DomainError("Cette convention n’est pas dénoncée\u00a0: il n’y a rien à retirer.")
    successor = getattr(convention, "successor", None)
    if successor is not None and successor.starts_on <= convention.agreed_ends_on:
        raise DomainError(
            f"La convention {successor.reference} lui succède dès le {format_date_long(successor.starts_on)}, avant le"
            f" terme convenu du {format_date_long(convention.agreed_ends_on)}. Rien n’est changé\u00a0: déplacez"
            " d’abord le début de celle qui suit."
        )
    cut_on, remembered = convention.ends_on, convention.grid_before_denunciation or []
    convention.ends_on = convention.agreed_ends_on
    convention.agreed_ends_on = convention.denounced_on = convention.grid_before_denunciation = None
    convention.denounced_by = ""
    convention.save(
        update_fields=["agreed_ends_on", "ends_on", "denounced_on", "denounced_by", "grid_before_denunciation"]
    )
    with translate_violations(
        {
            "slot_no_overlap": DomainError(
                "Une autre convention a pris depuis un des bureaux aux mêmes heures. Rien n’est changé\u00a0: la"
                " dénonciation reste, libérez d’abord ces heures."
            )
        }
    ):
        _give_back_grid(convention, remembered, cut_on=cut_on)
    note(convention=convention, what="Dénonciation retirée.", by=by)
    return settle_grid(convention=convention, previous_term=None, by=by)


def _locked(convention: Convention) -> Convention:
    """The stored row, locked after every room of its space: rooms come first, by key, wherever grids are written."""
    Office.objects.filter(site=convention.site_id).hold()
    conventions = Convention.objects.select_for_update(of=["self"]).select_related("site__ccas", "partner")
    return conventions.get(pk=convention.pk)


def _cut_grid(convention: Convention) -> list[dict[str, object]]:
    """End the grid with the term of `convention`; what it cuts short or takes away, as it was."""
    beyond = PermanenceSlot.objects.filter(allocation__convention=convention, ends_on__gt=convention.ends_on)
    remembered = list(beyond.order_by("pk").values(*_REMEMBERED))
    beyond.filter(starts_on__gt=convention.ends_on).delete()
    beyond.update(ends_on=convention.ends_on)
    return remembered


def _give_back_grid(convention: Convention, remembered: list[dict[str, object]], *, cut_on: date) -> None:
    """Undo `_cut_grid`: `remembered` is what it returned, `cut_on` the last day that it left."""
    slots = PermanenceSlot.objects.filter(allocation__convention=convention)
    stored = {slot.pk: slot for slot in slots}
    for line in remembered:
        starts_on, ends_on = (date.fromisoformat(line[name]) for name in ("starts_on", "ends_on"))
        if line["id"] in stored:
            slots.filter(pk=line["id"], ends_on=cut_on).update(ends_on=ends_on)
        elif starts_on > cut_on:
            allocation, _ = OfficeAllocation.objects.get_or_create(convention=convention, office_id=line["office_id"])
            PermanenceSlot.objects.create(
                allocation=allocation,
                weekday=line["weekday"],
                start_time=time.fromisoformat(line["start_time"]),
                end_time=time.fromisoformat(line["end_time"]),
                audience=line["audience"],
                mode=line["mode"],
                starts_on=starts_on,
                ends_on=ends_on,
            )
