"""The next free times for appointments that must move, several at once and never one time for two people.

Unlike `free_times`, which answers one person who books, this looks on behalf of people who hold an appointment already:
for many reasons at once, in a constant number of queries, and for a social worker's own appointments too.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from conventions.models import BookingMode
from partners.models import Site

from .availability import Span, free_spans
from .free_times import FreeTime
from .models import Appointment, Permanence, Reason


class NextTimes:
    """Free times of `site` from now to the booking horizon, by reason; three queries when first asked.

    `windows` says what is about to become of some permanences: the span that is left of one, or None for one that will
    take nobody. The time that an appointment is about to leave stays counted as taken: nobody is offered an hour that
    is only free if everything else goes through.
    """

    def __init__(
        self, *, site: Site, windows: Mapping[int, Span | None] | None = None, days: int | None = None
    ) -> None:
        self.site = site
        self.now = timezone.now()
        self.until = self.now + timedelta(days=settings.BOOKING_HORIZON_DAYS if days is None else days)
        self._windows = windows or {}
        self._permanences: list[Permanence] | None = None
        self._busy: dict[int, list[Span]] = defaultdict(list)
        self._takers: dict[int, set[int]] = defaultdict(set)
        self._found: dict[int, list[FreeTime]] = {}
        self._given: dict[int, list[Span]] = defaultdict(list)

    def for_reason(self, reason: Reason) -> list[FreeTime]:
        """All free times for `reason` at the site, in order; whoever of its partners holds them."""
        if reason.pk not in self._found:
            self._load()
            duration = timedelta(minutes=reason.duration_minutes)
            found = [
                FreeTime(
                    permanence,
                    timezone.localtime(span.start, self.site.zone),
                    timezone.localtime(span.end, self.site.zone),
                )
                for permanence in self._permanences
                if permanence.audience == reason.audience and permanence.partner_id in self._takers[reason.pk]
                for span in self._spans(permanence, duration)
            ]
            self._found[reason.pk] = sorted(found, key=lambda time: (time.start, time.permanence.pk))
        return self._found[reason.pk]

    def same_partner_first(self, appointment: Appointment) -> list[FreeTime]:
        """The free times for the reason of `appointment`: those of its own partner, then those of the others."""
        found = self.for_reason(appointment.reason)
        own = [time for time in found if time.permanence.partner_id == appointment.partner_id]
        return own + [time for time in found if time.permanence.partner_id != appointment.partner_id]

    def shared_out(self, appointments: Sequence[Appointment], *, each: int) -> dict[int, list[FreeTime]]:
        """For each of `appointments`, by id, up to `each` free times to choose from, its own partner's first.

        Nobody is proposed what another is, as long as there is one time for each: all get a first one before anybody
        gets a second. Whoever would be left without any is proposed what others are.
        """
        proposed: dict[int, list[FreeTime]] = {found.pk: [] for found in appointments}
        choices = {found.pk: iter(self.same_partner_first(found)) for found in appointments}
        for _ in range(each):
            for pk, times in choices.items():
                time = next((time for time in times if self._is_left(time)), None)
                if time is not None:
                    self._given[time.permanence.pk].append(Span(time.start, time.end))
                    proposed[pk].append(time)
        return {found.pk: proposed[found.pk] or self.same_partner_first(found)[:each] for found in appointments}

    def give(self, appointments: Iterable[Appointment]) -> dict[int, FreeTime]:
        """For each of `appointments`, by id, the next free time after its own; nobody gets what another was given.

        An appointment for which nothing is left has no entry. The own partner is preferred to an earlier time of
        another, and nobody is called in before the day that she knows of.
        """
        given: dict[int, FreeTime] = {}
        for appointment in sorted(appointments, key=lambda found: (found.during.lower, found.pk)):
            time = next(
                (
                    time
                    for time in self.same_partner_first(appointment)
                    if time.start >= appointment.during.lower and self._is_left(time)
                ),
                None,
            )
            if time is not None:
                self._given[time.permanence.pk].append(Span(time.start, time.end))
                given[appointment.pk] = time
        return given

    def _is_left(self, time: FreeTime) -> bool:
        span = Span(time.start, time.end)
        return not any(span.overlaps(other) for other in self._given[time.permanence.pk])

    def _spans(self, permanence: Permanence, duration: timedelta) -> Iterable[Span]:
        window = self._windows.get(permanence.pk, Span(permanence.during.lower, permanence.during.upper))
        if window is None:
            return []
        spans = free_spans(window, self._busy[permanence.pk], duration=duration, not_before=self.now)
        return (span for span in spans if span.start > self.now)

    def _load(self) -> None:
        if self._permanences is not None:
            return
        self._permanences = list(
            Permanence.objects.bookable()
            .filter(site=self.site, mode=BookingMode.APPOINTMENT)
            .filter(during__endswith__gt=self.now, during__startswith__lt=self.until)
            .with_parties()
        )
        taken = Appointment.objects.standing().filter(permanence__in=self._permanences)
        for permanence_id, during in taken.values_list("permanence_id", "during"):
            self._busy[permanence_id].append(Span(during.lower, during.upper))
        for reason_id, partner_id in Reason.partners.through.objects.values_list("reason_id", "partner_id"):
            self._takers[reason_id].add(partner_id)
