"""The writers of committees and trainings, which prove obligations."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from franceservices.errors import DomainError
from partners.models import User

from .fulfilment import fulfil
from .models import CommitteeMeeting, Convention, Document, ObligationDue, TrainedPerson, TrainingSession
from .people import name_key

_STILL_PROVES = (
    "{} prouve une échéance remplie. Rien n’est supprimé\u00a0: reprenez d’abord l’échéance, puis recommencez."
)


@transaction.atomic
def record_committee(
    *,
    convention: Convention,
    held_on: date,
    decisions: str,
    minutes: Document | None,
    by: User,
    ccas_attendees: str = "",
    partner_attendees: str = "",
    attendees: str = "",
    agenda: str = "",
    minutes_text: str = "",
    meeting: CommitteeMeeting | None = None,
    fulfils: Iterable[ObligationDue] = (),
) -> CommitteeMeeting:
    """Write a committee of `convention`, new or `meeting` changed, and the occurrences that it fulfils.

    People are written one a line; `attendees` are those of other organisations, each after its name and a colon.
    `minutes_text` are minutes written here, `minutes` a document. Raises DomainError for a day to come, without anybody
    or with minutes from elsewhere, and DoesNotExist outside the perimeter of `by`.
    """
    convention = Convention.objects.visible_to(by).select_related("site").get(pk=convention.pk)
    _check_day(held_on, convention)
    if not (ccas_attendees + partner_attendees + attendees).strip():
        raise DomainError("Écrivez au moins une personne présente.")
    if minutes is not None and (
        minutes.site_id != convention.site_id
        or minutes.convention_id not in (None, convention.pk)
        or minutes.withdrawn_at is not None
    ):
        raise DomainError("Ce compte rendu est celui d’un autre espace ou d’une autre convention, ou il est retiré.")
    meeting = meeting or CommitteeMeeting(convention=convention, recorded_by=by)
    meeting.held_on, meeting.minutes = held_on, minutes
    meeting.ccas_attendees, meeting.partner_attendees = ccas_attendees.strip(), partner_attendees.strip()
    meeting.attendees, meeting.agenda = attendees.strip(), agenda.strip()
    meeting.decisions, meeting.minutes_text = decisions.strip(), minutes_text.strip()
    meeting.save()
    for occurrence in fulfils:
        fulfil(occurrence=occurrence, on=held_on, committee_meeting=meeting, by=by)
    return meeting


@transaction.atomic
def record_training(
    *,
    convention: Convention,
    held_on: date,
    subject: str,
    trainer: str,
    people_trained: int | None,
    duration_hours: Decimal | None,
    by: User,
    names: Iterable[str] = (),
    session: TrainingSession | None = None,
    fulfils: Iterable[ObligationDue] = (),
) -> TrainingSession:
    """Write a training given under `convention`, new or `session` changed, and the occurrences that it fulfils.

    `names` are the people trained, each once (`people.typed_names`); their number then is the headcount, and
    `people_trained` may only repeat it. Raises as `record_committee` does.
    """
    convention = Convention.objects.visible_to(by).select_related("site").get(pk=convention.pk)
    _check_day(held_on, convention)
    names = {name_key(name): name for name in names if name_key(name)}
    if names and people_trained not in (None, len(names)):
        raise DomainError(
            f"Vous donnez {len(names)} {'noms' if len(names) > 1 else 'nom'} pour {people_trained} personnes."
            " Nommez-les toutes, ou donnez seulement leur nombre."
        )
    people_trained = len(names) or people_trained
    if not people_trained or people_trained < 1:
        raise DomainError("Une formation compte au moins une personne.")
    session = session or TrainingSession(convention=convention, recorded_by=by)
    session.held_on, session.subject, session.trainer = held_on, subject.strip(), trainer.strip()
    session.people_trained, session.duration_hours = people_trained, duration_hours
    session.save()
    session.people.all().delete()
    TrainedPerson.objects.bulk_create(
        TrainedPerson(session=session, name=name, name_key=key) for key, name in names.items()
    )
    for occurrence in fulfils:
        fulfil(occurrence=occurrence, on=held_on, training_session=session, by=by)
    return session


def people_trained(convention: Convention) -> int:
    """How many people were trained under `convention`: each name once, headcounts without names as they are."""
    named = TrainedPerson.objects.filter(session__convention=convention).values("name_key").distinct().count()
    nameless = convention.training_sessions.filter(people=None).aggregate(total=Sum("people_trained", default=0))
    return named + nameless["total"]


@transaction.atomic
def delete_committee(*, meeting: CommitteeMeeting, by: User) -> None:
    """Delete a committee; its minutes stay among the documents. Raises DomainError while it proves something."""
    meeting = CommitteeMeeting.objects.visible_to(by).select_for_update().get(pk=meeting.pk)
    if meeting.proves.exists():
        raise DomainError(_STILL_PROVES.format("Cette réunion"))
    meeting.delete()


@transaction.atomic
def delete_training(*, session: TrainingSession, by: User) -> None:
    """Delete a training. Raises DomainError while it proves something."""
    session = TrainingSession.objects.visible_to(by).select_for_update().get(pk=session.pk)
    if session.proves.exists():
        raise DomainError(_STILL_PROVES.format("Cette formation"))
    session.delete()


def _check_day(day: date, convention: Convention) -> None:
    if day > convention.site.today():
        raise DomainError("Cette date est à venir\u00a0: inscrivez ce qui a eu lieu.")
