"""What the schedule pages read of permanences and appointments: tuples of the columns that they show.

Of a week of four hundred appointments, making model objects took longer than all else that its page does.
"""

from datetime import date, datetime
from typing import NamedTuple

from django.contrib.postgres.fields.ranges import RangeEndsWith, RangeStartsWith
from django.db.models import Min, Q

from conventions.models import BookingMode
from franceservices.composed_queries import ComposedQuery, Given
from franceservices.db import EpochSeconds
from partners.models import OpeningHours, Role, User

from .models import Appointment, Permanence, PermanenceStatus, Reason


class Person(NamedTuple):
    """Who an appointment is for, as far as her name goes."""

    first_name: str
    last_name: str
    is_social_worker: bool

    @classmethod
    def of(cls, appointment: Appointment) -> "Person":
        person = appointment.social_worker or appointment.visitor
        return cls(person.first_name, person.last_name, appointment.social_worker_id is not None)


class PermanenceRead(NamedTuple):
    """The columns of `PERMANENCE_COLUMNS`, in their order."""

    pk: int
    partner_id: int
    office_id: int
    day: date
    starts: float
    ends: float
    audience: str
    mode: str
    origin: str
    status: str
    purpose: str
    orphaned_at: datetime | None
    site: str
    time_zone: str
    late_after_minutes: int
    partner: str
    partner_slug: str
    colour: str
    office_label: str

    @property
    def is_cancelled(self) -> bool:
        return self.status == PermanenceStatus.CANCELLED

    @property
    def takes_appointments(self) -> bool:
        """The same rule as `Permanence.is_bookable`."""
        return (
            self.status == PermanenceStatus.PLANNED
            and self.mode == BookingMode.APPOINTMENT
            and self.orphaned_at is None
        )


class AppointmentRead(NamedTuple):
    """The columns of `APPOINTMENT_COLUMNS`, in their order."""

    permanence_id: int
    pk: int
    starts: float
    ends: float
    status: str
    subject: str
    reason: str
    to_replace_since: datetime | None
    arrived: float | None
    started: float | None
    worker_id: int | None
    worker_first_name: str | None
    worker_last_name: str | None
    first_name: str | None
    last_name: str | None
    interpreter_language: str | None
    needs_wheelchair_access: bool | None
    phone_only: bool | None
    # Read for the pages that show what was given up, and for those rows alone.
    cancelled_for: str = ""
    rebooked_as: int | None = None

    @property
    def person(self) -> Person:
        if self.worker_id is None:
            return Person(self.first_name, self.last_name, is_social_worker=False)
        return Person(self.worker_first_name, self.worker_last_name, is_social_worker=True)


_SPAN = (EpochSeconds(RangeStartsWith("during")), EpochSeconds(RangeEndsWith("during")))
PERMANENCE_COLUMNS = (
    *("pk", "partner_id", "office_id", "day", *_SPAN),
    *("audience", "mode", "origin", "status", "purpose", "orphaned_at"),
    *("site__short_name", "site__time_zone", "site__late_after_minutes"),
    *("partner__short_name", "partner__slug", "partner__colour", "office__label"),
)
APPOINTMENT_COLUMNS = (
    *("permanence_id", "pk", *_SPAN, "status", "subject", "reason__label", "to_replace_since"),
    *(EpochSeconds("arrived_at"), EpochSeconds("started_at")),
    *("social_worker_id", "social_worker__first_name", "social_worker__last_name"),
    *("visitor__first_name", "visitor__last_name"),
    *("visitor__interpreter_language", "visitor__needs_wheelchair_access", "visitor__phone_only"),
)
_GIVEN_UP_COLUMNS = ("cancelled_for", "rebooked_as__pk")

_ON_DAYS = {"site": Given("site"), "day__range": (Given("first"), Given("last"))}
_APPOINTMENTS_ON_DAYS = {f"permanence__{name}": value for name, value in _ON_DAYS.items()}
SITE_PERMANENCES = ComposedQuery(lambda: Permanence.objects.filter(**_ON_DAYS).values_list(*PERMANENCE_COLUMNS))
SITE_STANDING = ComposedQuery(
    lambda: Appointment.objects.standing().filter(**_APPOINTMENTS_ON_DAYS).values_list(*APPOINTMENT_COLUMNS)
)
SITE_APPOINTMENTS = ComposedQuery(
    lambda: Appointment.objects.filter(**_APPOINTMENTS_ON_DAYS).values_list(*APPOINTMENT_COLUMNS, *_GIVEN_UP_COLUMNS)
)


def _shortest_durations(role: Role) -> ComposedQuery:
    """The shortest appointment that people of `role` may book with each partner, for each audience."""
    return ComposedQuery(
        lambda: (
            Reason.objects.bookable_by(User(role=role))
            .order_by()
            .values("partners", "audience")
            .annotate(shortest=Min("duration_minutes"))
            .values_list("partners", "audience", "shortest")
        )
    )


# By whether the reader may book for social workers.
SHORTEST_DURATIONS = {False: _shortest_durations(Role.RECEPTION), True: _shortest_durations(Role.SOCIAL_WORKER)}

OPENING_LINES = ComposedQuery(
    lambda: OpeningHours.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=Given("first")), site=Given("site"), starts_on__lte=Given("last")
    ).values_list("weekday", "start_time", "end_time", "starts_on", "ends_on")
)
