"""Two cards of one person become one, and two again when it was a mistake; everything of both is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.apps import apps
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Model, Q
from django.utils import timezone

from franceservices.errors import DomainError
from partners.models import User

from .models import Appointment, DataRequest, DataRequestKind, Visitor, VisitorDistinction, VisitorMerge


class Side(StrEnum):
    """Of the two cards, the one that stays or the one that joins it."""

    KEPT = "kept"
    MERGED = "merged"


CHOSEN_FACTS = ("last_name", "first_name", "birth_date", "phone", "email", "interpreter_language")
"""Facts that are one card's or the other's, as the desk chooses; an empty one never wins by itself."""
_ADDED_FACTS = ("needs_wheelchair_access", "phone_only", "is_unlinked_in_exports")
_CONSENT_OF = {"email": "email_consent", "phone": "sms_consent"}
MERGED_FACTS = (*CHOSEN_FACTS, *_ADDED_FACTS, *_CONSENT_OF.values(), "staff_notes")
# A consent holds for an address: what became of one since is never parted from what became of the other.
_UNITS = (
    *((name,) for name in MERGED_FACTS if name not in {*_CONSENT_OF, *_CONSENT_OF.values()}),
    *_CONSENT_OF.items(),
)


@dataclass(frozen=True, slots=True)
class UndoneMerge:
    """What undoing did: the merge, and what stayed on the kept card because it was made or corrected since.

    `corrected` holds the names of fields, `appointments` counts those taken since.
    """

    merge: VisitorMerge
    corrected: tuple[str, ...]
    appointments: int


def merged_facts(kept: Visitor, merged: Visitor, facts: Mapping[str, Side]) -> dict[str, object]:
    """The fields of the card that both become, nothing written: see `merge_visitors`."""
    cards = {Side.KEPT: kept, Side.MERGED: merged}
    result: dict[str, object] = {}
    for name in CHOSEN_FACTS:
        default = Side.KEPT if getattr(kept, name) or not getattr(merged, name) else Side.MERGED
        result[name] = getattr(cards[facts.get(name, default)], name)
    for name in _ADDED_FACTS:
        result[name] = getattr(kept, name) or getattr(merged, name)
    for address, consent in _CONSENT_OF.items():
        result[consent] = bool(result[address]) and any(
            getattr(card, consent) and _is_same_address(getattr(card, address), result[address])
            for card in cards.values()
        )
    if any(result[consent] for consent in _CONSENT_OF.values()) and _objects_to_messages(kept, merged):
        result |= dict.fromkeys(_CONSENT_OF.values(), False)
    result["staff_notes"] = _both_notes(kept, merged)
    return result


def _objects_to_messages(*cards: Visitor) -> bool:
    """Whether the person objected to messages on one of the cards: the consent of the other was given before, or by
    who did not know.
    """
    objections = DataRequest.objects.standing().filter(kind=DataRequestKind.NO_MESSAGES, is_granted=True)
    return objections.filter(visitor__in=cards).exists()


def _is_same_address(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _both_notes(kept: Visitor, merged: Visitor) -> str:
    ours, theirs = kept.staff_notes.strip(), merged.staff_notes.strip()
    if not theirs or theirs in ours:
        return kept.staff_notes
    origin = f"[De la fiche fusionnée {merged.full_name}]"
    return "\n\n".join(filter(None, [ours, f"{origin}\n{theirs}"]))


@transaction.atomic
def merge_visitors(*, kept: Visitor, merged: Visitor, facts: Mapping[str, Side], by: User) -> VisitorMerge:
    """Make `kept` and `merged` one card. `facts` names the card that gives each of CHOSEN_FACTS; where it is silent,
    the kept one, or the other where that one has nothing.

    Appointments move, with their messages, and what the floors above keep of a person; needs add up; notes are put one
    after the other; a consent stays only with the very address it was given for. The merged card keeps its facts,
    leaves all searches and leads to the kept one.
    Both rows are locked in the order of their ids, so that two desks never wait for each other.
    Raises DomainError for one card, two CCAS, or a card that is merged already; Visitor.DoesNotExist outside the
    perimeter of `by`.
    """
    if kept.pk == merged.pk:
        raise DomainError("C’est la même fiche\u00a0: choisissez-en une autre.")
    kept, merged = _locked(kept, merged, by=by)
    if kept.ccas_id != merged.ccas_id:
        raise DomainError("Ces deux fiches ne sont pas du même CCAS\u00a0: elles ne peuvent pas être fusionnées.")
    for card in (kept, merged):
        _check_not_anonymised(card)
        if card.merged_into_id is not None:
            raise DomainError(f"La fiche de {card.full_name} est déjà fusionnée avec une autre. Rien n’a été changé.")
    before = _facts_of(kept)
    for name, value in merged_facts(kept, merged, facts).items():
        setattr(kept, name, value)
    kept.save(update_fields=MERGED_FACTS)
    merged.merged_into = kept
    merged.save(update_fields=["merged_into"])
    appointments = _locked_appointments(merged)
    requests = list(DataRequest.objects.filter(visitor=merged).order_by("pk").values_list("pk", flat=True))
    DataRequest.objects.filter(pk__in=requests).update(visitor=kept)
    Appointment.objects.filter(pk__in=appointments).update(visitor=kept)
    return VisitorMerge.objects.create(
        kept=kept,
        merged=merged,
        facts_before=before,
        facts_after=_facts_of(kept),
        moved={
            "appointments": appointments,
            "requests": requests,
            "distinctions": _copied_distinctions(kept, merged),
            **_moved_rows(kept, merged),
        },
        made_by=by,
    )


def _check_not_anonymised(card: Visitor) -> None:
    if card.anonymised_at is not None:
        raise DomainError(f"La fiche n°\u00a0{card.pk} est anonymisée\u00a0: elle ne change plus. Rien n’a été changé.")


def _locked(*cards: Visitor, by: User) -> list[Visitor]:
    """The rows as they stand now, locked in the order of their ids, given back in the order of `cards`."""
    ids = [card.pk for card in cards]
    rows = {
        row.pk: row
        for row in Visitor.objects.visible_to(by)
        .filter(pk__in=ids)
        .order_by("pk")
        .select_for_update(no_key=True, of=["self"])
    }
    if len(rows) < len(ids):
        raise Visitor.DoesNotExist
    return [rows[pk] for pk in ids]


def _locked_appointments(card: Visitor) -> list[int]:
    """The ids of the appointments of a card that is locked, locked too. One that a colleague is moving is waited for;
    the new one that comes of it is found by reading again.
    """
    hers = Appointment.objects.filter(visitor=card).order_by("pk").select_for_update(no_key=True)
    known, found = None, list(hers.values_list("pk", flat=True))
    while found != known:
        known, found = found, list(hers.values_list("pk", flat=True))
    return found


def _models_above() -> dict[str, type[Model]]:
    """The models of the floors above that are about a visitor, by their label: see `VISITOR_MODELS` in the settings."""
    return {label: apps.get_model(label) for label in settings.VISITOR_MODELS}


def _moved_rows(kept: Visitor, merged: Visitor) -> dict[str, list[int]]:
    """The ids of the rows of the floors above that went from one card to the other, by model."""
    moved = {}
    for label, model in _models_above().items():
        hers = model._default_manager.filter(visitor=merged).order_by("pk").select_for_update(no_key=True)
        moved[label] = list(hers.values_list("pk", flat=True))
        model._default_manager.filter(pk__in=moved[label]).update(visitor=kept)
    return moved


def _facts_of(card: Visitor) -> dict[str, object]:
    """The fields that a merge may change, as JSON holds them."""
    encoder = DjangoJSONEncoder()
    return {
        name: value if isinstance(value := getattr(card, name), str | bool | None) else encoder.default(value)
        for name in MERGED_FACTS
    }


def _copied_distinctions(kept: Visitor, merged: Visitor) -> list[int]:
    """Whoever the merged card is not, the kept one is not either; the ids of the rows that say so anew."""
    known = {distinction.other_than(kept) for distinction in VisitorDistinction.objects.about(kept)}
    created = []
    for distinction in VisitorDistinction.objects.about(merged):
        other = distinction.other_than(merged)
        if other in known or other == kept.pk:
            continue
        copy = VisitorDistinction.objects.create(
            a_id=min(kept.pk, other), b_id=max(kept.pk, other), at=distinction.at, by_id=distinction.by_id
        )
        created.append(copy.pk)
    return created


@transaction.atomic
def undo_merge(*, merge: VisitorMerge, by: User) -> UndoneMerge:
    """Make two cards again of those that `merge` made one: facts and appointments go back to where they were.

    What is newer than the merge stays on the kept card: appointments taken since, fields corrected since. Merges of one
    card are undone from the last to the first.
    Raises DomainError when it was undone already, or when a later merge is to be undone first, and
    VisitorMerge.DoesNotExist outside the perimeter of `by`.
    """
    merge = VisitorMerge.objects.visible_to(by).select_related("kept", "merged").get(pk=merge.pk)
    kept, merged = _locked(merge.kept, merge.merged, by=by)
    merge.refresh_from_db(fields=["undone_at"])
    if merge.undone_at is not None:
        raise DomainError("Cette fusion est déjà défaite.")
    _check_not_anonymised(kept)
    later = blocking_merge(merge, kept)
    if later is not None:
        raise DomainError(
            f"La fiche de {later.merged.full_name} a été fusionnée ensuite avec celle de {later.kept.full_name}\u00a0:"
            " défaites d’abord cette fusion-là. Rien n’a été changé."
        )
    corrected = _restore_facts(kept, merge)
    merged.merged_into = None
    merged.save(update_fields=["merged_into"])
    Appointment.objects.filter(pk__in=merge.moved["appointments"], visitor=kept).update(visitor=merged)
    # A merge made before there were requests has none.
    DataRequest.objects.filter(pk__in=merge.moved.get("requests", []), visitor=kept).update(visitor=merged)
    for label, model in _models_above().items():
        # A merge made before the floor was there has none of its rows.
        model._default_manager.filter(pk__in=merge.moved.get(label, []), visitor=kept).update(visitor=merged)
    VisitorDistinction.objects.filter(pk__in=merge.moved["distinctions"]).delete()
    merge.kept, merge.merged = kept, merged
    merge.undone_at, merge.undone_by = timezone.now(), by
    merge.save(update_fields=["undone_at", "undone_by"])
    newer = Appointment.objects.filter(visitor=kept, booked_at__gt=merge.made_at).count()
    return UndoneMerge(merge, corrected, newer)


def blocking_merge(merge: VisitorMerge, kept: Visitor) -> VisitorMerge | None:
    """The later merge that must be undone before `merge`: one into the same card, or of that card into another."""
    return (
        VisitorMerge.objects.standing()
        .filter(Q(kept=kept, pk__gt=merge.pk) | Q(merged=kept))
        .select_related("kept", "merged")
        .order_by("-pk")
        .first()
    )


def _restore_facts(kept: Visitor, merge: VisitorMerge) -> tuple[str, ...]:
    """Give the kept card its facts back, but for those corrected since the merge; the names of these."""
    now = _facts_of(kept)
    corrected, restored = [], []
    # A merge made before a fact existed says nothing of it.
    for unit in (unit for unit in _UNITS if all(name in merge.facts_after for name in unit)):
        if all(now[name] == merge.facts_after[name] for name in unit):
            restored += unit
        else:
            corrected += unit
    for name in restored:
        setattr(kept, name, Visitor._meta.get_field(name).to_python(merge.facts_before[name]))
    kept.save(update_fields=restored)
    return tuple(name for name in corrected if now[name] != merge.facts_after[name])
