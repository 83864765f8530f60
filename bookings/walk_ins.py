"""Walk-ins (*passages*): who came to the counter without an appointment, noted in one click, corrected afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from franceservices.dates import day_bounds
from franceservices.errors import DomainError
from franceservices.money import format_number
from partners.models import Partner, Site, User

from .models import DeskReason, DeskVisit, DurationBand, VisitChannel, VisitNature

LAST_VISITS_SHOWN = 5
# One key for each reason, in their order. Not « n » and « p », which lead to a booking and to the counter.
KEYS = "123456789abcdefghijklmoqrstuvwxyz"


# --- What is proposed -------------------------------------------------------------------------------------------


def partners_of(site: Site) -> QuerySet[Partner]:
    """The partners that have an agreement with `site`: those that a visit there may be about."""
    return Partner.objects.filter(pk__in=site.conventions.values("partner"))


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
    visits = DeskVisit.objects.filter(site=site).select_related("reason", "partner", "noted_by", "struck_out_by")
    if first:
        visits = visits.filter(occurred_at__gte=day_bounds(first, site.zone)[0])
    if last:
        visits = visits.filter(occurred_at__lt=day_bounds(last, site.zone)[1])
    return visits


@dataclass(frozen=True)
class ReasonButton:
    """A reason with the key that notes it; no key beyond those there are."""

    reason: DeskReason
    key: str


@dataclass(frozen=True)
class WalkInCounter:
    """What the counter of one day shows."""

    site: Site
    day: date
    buttons: list[ReasonButton]
    partners: list[Partner]
    totals: VisitTotals
    last_visits: list[DeskVisit]
    natures = VisitNature.choices
    channels = VisitChannel.choices
    durations = DurationBand.choices


def counter(site: Site, day: date) -> WalkInCounter:
    """The counter of `site` on the civil day `day`: four queries, whatever the number of visits."""
    visits = visits_between(site, day, day)
    return WalkInCounter(
        site=site,
        day=day,
        buttons=[
            ReasonButton(reason, key=KEYS[position : position + 1])
            for position, reason in enumerate(DeskReason.objects.filter(is_active=True))
        ],
        partners=list(partners_of(site)),
        totals=totals_of(visits),
        last_visits=list(visits.order_by("-noted_at", "-pk")[:LAST_VISITS_SHOWN]),
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
    """Say otherwise what was noted; who noted it first stays. Raises DomainError when it was struck out meanwhile."""
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
