"""Walk-ins (*passages*): who came to the counter without an appointment, noted in one click, corrected afterwards."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.safestring import SafeString

from conventions.models import Convention
from franceservices.composed_queries import ComposedQuery, Given, RoundTrip
from franceservices.dates import day_bounds
from franceservices.errors import DomainError
from franceservices.money import format_number
from partners.models import Partner, Site, User

from .agenda_markup import options
from .models import DeskReason, DeskVisit, DurationBand, VisitChannel, VisitNature

LAST_VISITS_SHOWN = 5
# One key for each reason, in their order. Not « n » and « p », which lead to a booking and to the counter.
KEYS = "123456789abcdefghijklmoqrstuvwxyz"


# --- What is proposed -------------------------------------------------------------------------------------------


def partners_of(site: Site | Given) -> QuerySet[Partner]:
    """The partners that have an agreement with `site`: those that a visit there may be about."""
    return Partner.objects.filter(pk__in=Convention.objects.filter(site=site).values("partner"))


@dataclass(frozen=True)
class VisitDefaults:
    """What a reason stands for when nobody says otherwise."""

    partner: Partner | None
    nature: VisitNature
    duration: DurationBand
    at_computer: bool


def defaults_of(reason: DeskReason, *, partners: Iterable[Partner]) -> VisitDefaults:
    """The reason's partner if it is among `partners` of the site; at the computer people are helped, not just told."""
    return VisitDefaults(
        partner=next((partner for partner in partners if partner.pk == reason.partner_id), None),
        nature=VisitNature.SUPPORT if reason.at_computer else VisitNature.INFORMATION,
        duration=DurationBand.FROM_5_TO_15 if reason.at_computer else DurationBand.UNDER_5,
        at_computer=reason.at_computer,
    )


# --- What the counter shows -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class VisitTotals:
    """How many visits stand, of how many people, and how many were struck out."""

    visits: int
    people: int
    struck_out: int

    @property
    def sentence(self) -> str:
        """`12 passages, 15 personnes`."""
        if not self.visits:
            return "aucun passage"
        visits = f"{format_number(self.visits)} passage{'s' if self.visits > 1 else ''}"
        return f"{visits}, {format_number(self.people)} personne{'s' if self.people > 1 else ''}"


def totals_of(visits: QuerySet[DeskVisit]) -> VisitTotals:
    """The totals of `visits`; one query."""
    standing = Q(struck_out_at=None)
    found = visits.order_by().aggregate(
        visits=Count("pk", filter=standing),
        people=Sum("people", filter=standing, default=0),
        struck_out=Count("pk", filter=~standing),
    )
    return VisitTotals(**found)


def visits_between(site: Site, first: date | None, last: date | None) -> QuerySet[DeskVisit]:
    """The visits at `site` on the civil days `[first, last]`, both included; None leaves that end open."""
    visits = DeskVisit.objects.filter(site=site).select_related(
        "reason", "partner", "noted_by", "corrected_by", "struck_out_by"
    )
    if first:
        visits = visits.filter(occurred_at__gte=day_bounds(first, site.zone)[0])
    if last:
        visits = visits.filter(occurred_at__lt=day_bounds(last, site.zone)[1])
    return visits


class ReasonButton(NamedTuple):
    """A reason with the key that notes it; no key beyond those there are."""

    slug: str
    label: str
    key: str


class PartnerChoice(NamedTuple):
    """A partner that a visit may be about."""

    slug: str
    short_name: str


@dataclass(frozen=True)
class WalkInCounter:
    """What the counter of one day shows."""

    site: Site
    day: date
    buttons: list[ReasonButton]
    partners: list[PartnerChoice]
    totals: VisitTotals
    last_visits: list[DeskVisit]
    natures = VisitNature.choices
    channels = VisitChannel.choices
    durations = DurationBand.choices

    @property
    def partner_options(self) -> SafeString:
        return options(self.partners)


def _visits_of_a_day() -> QuerySet[DeskVisit]:
    return DeskVisit.objects.filter(
        site=Given("site"), occurred_at__gte=Given("day_starts"), occurred_at__lt=Given("day_ends")
    )


# The counter stands under each board: its four queries are composed once.
_REASONS = ComposedQuery(lambda: DeskReason.objects.filter(is_active=True).values_list("slug", "label"))
_PARTNERS = ComposedQuery(lambda: partners_of(Given("site")).values_list("slug", "short_name"))
_TOTALS = ComposedQuery(
    lambda: (
        _visits_of_a_day()
        .order_by()
        .values("site")
        .annotate(
            visits=Count("pk", filter=Q(struck_out_at=None)),
            people=Coalesce(Sum("people", filter=Q(struck_out_at=None)), 0),
            struck_out=Count("pk", filter=Q(struck_out_at__isnull=False)),
        )
        .values_list("visits", "people", "struck_out")
    )
)
_LAST_VISITS = ComposedQuery(
    lambda: _visits_of_a_day().select_related("reason", "noted_by").order_by("-noted_at", "-pk")[:LAST_VISITS_SHOWN]
)


def counter(site: Site, day: date) -> WalkInCounter:
    """The counter of `site` on the civil day `day`: four queries in one trip, whatever the number of visits."""
    return ask_counter(RoundTrip(), site, day)()


def ask_counter(trip: RoundTrip, site: Site, day: date) -> Callable[[], WalkInCounter]:
    """What gives the counter once the trip is made."""
    day_starts, day_ends = day_bounds(day, site.zone)
    period = {"site": site.pk, "day_starts": day_starts, "day_ends": day_ends}
    reasons, partners = trip.ask(_REASONS), trip.ask(_PARTNERS, site=site.pk)
    totals, last_visits = trip.ask(_TOTALS, **period), trip.ask(_LAST_VISITS, **period)
    return lambda: WalkInCounter(
        site=site,
        day=day,
        buttons=[
            ReasonButton(slug, label, key=KEYS[position : position + 1])
            for position, (slug, label) in enumerate(reasons.rows())
        ],
        partners=[PartnerChoice(*partner) for partner in partners.rows()],
        totals=VisitTotals(*totals.rows()[0]) if totals.rows() else VisitTotals(0, 0, 0),
        last_visits=last_visits.instances(),
    )


# --- Writers ----------------------------------------------------------------------------------------------------


def note_visit(
    *,
    site: Site,
    reason: DeskReason,
    partner: Partner | None,
    nature: VisitNature,
    duration: DurationBand,
    at_computer: bool,
    people: int = 1,
    channel: VisitChannel = VisitChannel.ON_SITE,
    by: User,
) -> DeskVisit:
    """Note that `people` came to `site` at this moment. Raises Site.DoesNotExist outside the perimeter of `by`."""
    site = Site.objects.visible_to(by).get(pk=site.pk)
    now = timezone.now()
    return DeskVisit.objects.create(
        site=site,
        occurred_at=now,
        reason=reason,
        partner=partner,
        people=people,
        nature=nature,
        channel=channel,
        duration=duration,
        at_computer=at_computer,
        noted_at=now,
        noted_by=by,
    )


def _locked(visit: DeskVisit, by: User) -> DeskVisit:
    """The row as it stands now, locked for this transaction; DoesNotExist outside the perimeter of `by`."""
    return DeskVisit.objects.visible_to(by).select_for_update(no_key=True, of=["self"]).get(pk=visit.pk)


@transaction.atomic
def correct_visit(
    *,
    visit: DeskVisit,
    occurred_at: datetime,
    reason: DeskReason,
    partner: Partner | None,
    people: int,
    nature: VisitNature,
    channel: VisitChannel,
    duration: DurationBand,
    at_computer: bool,
    by: User,
) -> DeskVisit:
    """Say otherwise what was noted; who noted it first stays, beside who corrected it last.

    Raises DomainError when it was struck out meanwhile.
    """
    visit = _locked(visit, by)
    if visit.struck_out_at is not None:
        raise DomainError("Ce passage est annulé\u00a0: rétablissez-le avant de le corriger.")
    visit.occurred_at = occurred_at
    visit.reason = reason
    visit.partner = partner
    visit.people = people
    visit.nature = nature
    visit.channel = channel
    visit.duration = duration
    visit.at_computer = at_computer
    visit.corrected_at, visit.corrected_by = timezone.now(), by
    visit.save()
    return visit


@transaction.atomic
def strike_out_visit(*, visit: DeskVisit, by: User) -> DeskVisit:
    """Take a visit noted by mistake out of the counts; twice is once."""
    visit = _locked(visit, by)
    if visit.struck_out_at is None:
        visit.struck_out_at = timezone.now()
        visit.struck_out_by = by
        visit.save(update_fields=["struck_out_at", "struck_out_by"])
    return visit


@transaction.atomic
def restore_visit(*, visit: DeskVisit, by: User) -> DeskVisit:
    """Put a struck-out visit back as it was; twice is once."""
    visit = _locked(visit, by)
    if visit.struck_out_at is not None:
        visit.struck_out_at = visit.struck_out_by = None
        visit.save(update_fields=["struck_out_at", "struck_out_by"])
    return visit
