"""What this floor holds of the people received: their cards, appointments and messages, requests, merges."""

from collections.abc import Collection

from django.apps import apps
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from bookings.models import (
    Appointment,
    AppointmentStatus,
    CancelledBy,
    DataRequest,
    EliminationLine,
    Notification,
    NotificationStatus,
    Visitor,
    VisitorDistinction,
    VisitorMerge,
)
from bookings.models.visitor import EMPTY_CARD
from partners.models import AuditAction, AuditEvent

from .desk_processings import PROCESSINGS
from .holders import Contact, Hindrance, Holder, Told


def _cards(cards: Collection[int]) -> QuerySet:
    return Visitor.objects.filter(pk__in=cards).order_by("pk").select_related("ccas", "created_by__partner")


def _appointments(cards: Collection[int]) -> QuerySet:
    staff = [f"{step}_by__partner" for step in ("booked", "arrived", "started", "finished", "absent", "cancelled")]
    return (
        Appointment.objects.filter(visitor__in=cards)
        .order_by("during", "pk")
        .select_related("permanence__partner", "permanence__site", "site", "partner", "reason", *staff)
    )


def _messages(cards: Collection[int]) -> QuerySet:
    return (
        Notification.objects.filter(appointment__visitor__in=cards)
        .order_by("queued_at", "pk")
        .select_related("site", "appointment")
    )


def _requests(cards: Collection[int]) -> QuerySet:
    return (
        DataRequest.objects.filter(visitor__in=cards)
        .order_by("received_on", "pk")
        .select_related("site", "recorded_by", "answered_by", "withdrawn_by")
    )


def _merges(cards: Collection[int]) -> QuerySet:
    return (
        VisitorMerge.objects.filter(Q(kept__in=cards) | Q(merged__in=cards))
        .order_by("made_at", "pk")
        .select_related("made_by", "undone_by")
    )


def _facts_of_somebody_else(merge: Model, cards: Collection[int]) -> Collection[str]:
    """An undone merge may have mixed two persons: only what was hers before it is hers."""
    if merge.undone_at is None:
        return ()
    return ("facts_after",) if merge.kept_id in cards else ("facts_before", "facts_after")


def _distinctions(cards: Collection[int]) -> QuerySet:
    return VisitorDistinction.objects.filter(Q(a__in=cards) | Q(b__in=cards)).order_by("at", "pk").select_related("by")


def _eliminations(cards: Collection[int]) -> QuerySet:
    return EliminationLine.objects.filter(visitor__in=cards).order_by("list", "position").select_related("list")


def _readings(cards: Collection[int]) -> QuerySet:
    return AuditEvent.objects.filter(person_id__in=cards, action=AuditAction.READ).order_by("at", "pk")


def _consents(cards: Collection[int]) -> QuerySet:
    """The lines of the journal in which a consent was given or taken back, on the cards themselves."""
    lines = AuditEvent.objects.filter(
        model=Visitor._meta.label_lower, object_id__in=cards, after__has_any_keys=list(_CONSENTS)
    )
    # A card that was made without any says nothing of them.
    none = {f"after__{name}": False for name in _CONSENTS}
    return lines.exclude(action=AuditAction.INSERT, **none).order_by("at", "pk")


def _consents_after(event: Model) -> dict[str, object]:
    return {label: event.after[name] for name, label in _CONSENTS.items() if name in event.after}


def _page_name(event: Model) -> str:
    return str(apps.get_model(event.page_model)._meta.verbose_name)


_CONSENTS = {"email_consent": "courriels", "sms_consent": "SMS"}
_JOURNAL_ONLY = {
    "model": "nom technique",
    "object_id": "numéro de la ligne, présente dans les autres rubriques",
    "page_model": "nom technique",
    "ccas": "le CCAS est celui de la fiche",
    "person_id": "numéro de la fiche",
    "origin": "repère technique",
    "request_id": "repère technique",
    "database_role": "repère technique",
    "before": "valeur d’avant",
    "personal_before": "copie des valeurs d’avant, gardée comme preuve jusqu’à l’anonymisation",
    "personal_after": "copie de valeurs déjà présentes dans les autres rubriques",
    "forgotten_at": "posé à l’anonymisation seulement",
}


TOLD = (
    Told("cards", "Fiche", Visitor, _cards, without={}),
    Told("appointments", "Rendez-vous", Appointment, _appointments, without={}),
    Told(
        "messages",
        "Messages envoyés",
        Notification,
        _messages,
        columns=("kind", "channel", "recipient", "queued_at", "status", "outcome"),
        without={"dedupe_key": "clé technique, faite du numéro du rendez-vous et de son heure"},
    ),
    Told(
        "consents",
        "Accords donnés ou repris pour les messages",
        AuditEvent,
        _consents,
        without=_JOURNAL_ONLY | {"page_id": "numéro de la fiche", "place": "nom technique de la page"},
        values={"after": _consents_after},
        columns=("at", "after", "user"),
        labels={"after": "accord", "user": "noté par"},
    ),
    Told(
        "readings",
        "Consultations de la fiche et des dossiers",
        AuditEvent,
        _readings,
        without={name: why for name, why in _JOURNAL_ONLY.items() if name != "page_model"}
        | {"after": "une consultation ne change rien", "place": "nom technique de la page"},
        values={"page_model": _page_name},
        columns=("at", "page_model", "page_id", "user"),
        labels={"page_model": "ce qui a été consulté", "page_id": "son numéro", "user": "consulté par"},
    ),
    Told("requests", "Demandes d’exercice de droits", DataRequest, _requests, without={}),
    Told(
        "merges",
        "Fusions de fiches",
        VisitorMerge,
        _merges,
        without={"moved": "numéros des lignes déplacées, toutes présentes dans les autres rubriques"},
        withheld=_facts_of_somebody_else,
    ),
    Told("distinctions", "Fiches reconnues comme d’une autre personne", VisitorDistinction, _distinctions, without={}),
    Told("eliminations", "Propositions d’élimination", EliminationLine, _eliminations, without={}),
)


def _coming() -> QuerySet:
    return Appointment.objects.standing().filter(during__endswith__gt=timezone.now())


def _messages_under_way() -> QuerySet:
    return Notification.objects.filter(status__in=[NotificationStatus.QUEUED, NotificationStatus.SENDING])


def _kept_appointments() -> QuerySet:
    return Appointment.objects.exclude(status=AppointmentStatus.CANCELLED)


def _given_up_by_her() -> QuerySet:
    return Appointment.objects.filter(cancelled_for=CancelledBy.VISITOR)


CONTACTS = (
    Contact(_kept_appointments, "during__startswith"),
    Contact(Appointment.objects.all, "booked_at"),
    Contact(_given_up_by_her, "cancelled_at"),
    Contact(DataRequest.objects.standing, "recorded_at"),
)
HINDRANCES = (
    Hindrance("un rendez-vous à venir", _coming),
    Hindrance("un message en cours d’envoi", _messages_under_way, visitor="appointment__visitor"),
    Hindrance("une demande d’exercice de droits sans réponse", DataRequest.objects.open),
)


def forget(cards: Collection[int]) -> dict[str, int]:
    """Empty everything of these cards but their numbers and what figures count; see `Holder`."""
    appointments = Appointment.objects.filter(visitor__in=cards)
    with_words = appointments.exclude(subject="", cancellation_reason="")
    messages = Notification.objects.filter(appointment__in=appointments).exclude(recipient="", outcome="")
    requests = DataRequest.objects.filter(visitor__in=cards).exclude(asked_by="", details="", answer="", effect={})
    changed = {
        "rendez-vous": with_words.update(subject="", cancellation_reason=""),
        "messages": messages.update(recipient="", outcome=""),
        "demandes": requests.update(asked_by="", details="", answer="", effect={}),
    }
    _remove_copied_notes(cards)
    with_facts = VisitorMerge.objects.filter(Q(kept__in=cards) | Q(merged__in=cards))
    changed["fusions"] = with_facts.exclude(facts_before={}, facts_after={}).update(facts_before={}, facts_after={})
    changed["distinctions"] = VisitorDistinction.objects.filter(Q(a__in=cards) | Q(b__in=cards)).delete()[0]
    changed["fiches"] = Visitor.objects.filter(pk__in=cards, anonymised_at=None).update(
        **EMPTY_CARD, anonymised_at=timezone.now()
    )
    return changed


def _remove_copied_notes(cards: Collection[int]) -> None:
    """Her notes on the card of somebody else, where a merge that was undone had put them: taken out word by word."""
    undone = _merges(cards).exclude(undone_at=None).order_by().select_related("kept", "merged")
    for merge in undone.filter(kept__anonymised_at=None):
        copied = merge.merged.staff_notes.strip()
        if merge.kept_id in cards or not copied:
            continue
        notes = merge.kept.staff_notes.replace(f"[De la fiche fusionnée {merge.merged.full_name}]", "")
        notes = notes.replace(copied, "").strip()
        Visitor.objects.filter(pk=merge.kept_id).exclude(staff_notes=notes).update(staff_notes=notes)


HOLDER = Holder(
    told=TOLD,
    contacts=CONTACTS,
    hindrances=HINDRANCES,
    forget=forget,
    processings=PROCESSINGS,
    untold={},
)
