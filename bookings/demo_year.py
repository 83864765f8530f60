"""A fictional year of activity around today, written in bulk and the same at each run for the same dates.

Only for the demonstration: everything goes through the models' constraints, but not through the services, which would
refuse to book the past.
"""

import random
from collections.abc import Callable, Iterable
from datetime import date, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from conventions.models import Audience, Convention
from partners.demo import DEMO_ACCOUNTS
from partners.models import Ccas, Partner, Role, Site, User

from .availability import Span, free_spans
from .demo_data import FICTIONAL_PHONE_PREFIX, FIRST_NAMES, LAST_NAMES, MAIL_DOMAIN, REASONS
from .generation import generate_permanences
from .models import Appointment, AppointmentStatus, CancelledBy, Permanence, PermanenceStatus, Reason, Visitor

PAST_DAYS = 365
BOOKED_AHEAD_DAYS = 28
VISITORS_PER_CCAS = 260
# Shares of past appointments; the rest was honoured.
NO_SHOW_SHARE, CANCELLED_SHARE = 0.09, 0.06
OUTCOME_FIELDS = [
    "status",
    *(
        f"{step}_{stamp}"
        for step in ("arrived", "started", "finished", "absent", "cancelled")
        for stamp in ("at", "by")
    ),
    "cancelled_for",
]


@transaction.atomic
def make_accounts() -> None:
    """The demonstration's accounts, with their public password; existing ones are put back as they should be."""
    sites = {site.slug: site for site in Site.objects.select_related("ccas")}
    partners = {partner.slug: partner for partner in Partner.objects.all()}
    for account in DEMO_ACCOUNTS:
        site = sites.get(account.site_slug)
        user, _created = User.objects.update_or_create(
            email=account.email,
            defaults={
                "first_name": account.first_name,
                "last_name": account.last_name,
                "role": account.role,
                "ccas": site.ccas if site else None,
                "partner": partners.get(account.partner_slug),
                "is_active": True,
            },
        )
        if not user.check_password(account.password):
            user.set_password(account.password)
            user.save()
        user.sites.set([site] if site else [])


@transaction.atomic
def make_reasons() -> None:
    """The reasons that the demonstration's partners take."""
    for row in REASONS:
        reason, _created = Reason.objects.update_or_create(
            slug=row.slug,
            defaults={
                "label": row.label,
                "duration_minutes": row.duration_minutes,
                "audience": row.audience,
                "what_to_bring": row.what_to_bring,
            },
        )
        reason.partners.set(Partner.objects.filter(slug__in=row.partners))


def make_visitors(ccas: Ccas, by: User) -> list[Visitor]:
    """Fictional people, some without a phone, an e-mail address or a birth date, as they come to a desk."""
    known = list(Visitor.objects.filter(ccas=ccas, created_by=by).order_by("pk"))
    if known:
        return known
    dice = random.Random(f"visitors of {ccas.name}")
    visitors = []
    for number in range(VISITORS_PER_CCAS):
        first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
        born = date(1935, 1, 1) + timedelta(days=dice.randrange(72 * 365))
        visitors.append(
            Visitor(
                ccas=ccas,
                first_name=first,
                last_name=last,
                birth_date=born if dice.random() < 0.8 else None,
                phone=f"{FICTIONAL_PHONE_PREFIX}{dice.randrange(10_000):04d}" if dice.random() < 0.7 else "",
                email=f"usager{number}@{MAIL_DOMAIN}" if dice.random() < 0.4 else "",
                created_by=by,
            )
        )
    return Visitor.objects.bulk_create(visitors)


def make_activity(site: Site, tell: Callable[[str], None]) -> int:
    """A year of permanences and appointments at `site`, then the coming weeks; returns how many were added.

    A permanence that already has appointments is left alone; `tell` gets a line of progress a month.
    """
    today = site.today()
    conventions = Convention.objects.with_parties().filter(site=site)
    # The past first, by itself: dates that were never stored are only made when asked for.
    generate_permanences(conventions=conventions, first=today - timedelta(days=PAST_DAYS), last=today)
    generate_permanences(conventions=conventions)
    by = User.objects.get(email=_account_at(site, Role.RECEPTION))
    visitors = make_visitors(site.ccas, by)
    social_worker = User.objects.filter(ccas=site.ccas, role=Role.SOCIAL_WORKER).first()
    reasons = _reasons_by_partner()
    empty = (
        Permanence.objects.standing()
        .filter(site=site, appointments=None, day__lte=today + timedelta(days=BOOKED_AHEAD_DAYS), mode="appointment")
        .with_parties()
        .order_by("during")
    )
    added, month = 0, None
    batch: list[Appointment] = []
    for permanence in empty:
        if month != (permanence.day.year, permanence.day.month):
            added += len(Appointment.objects.bulk_create(batch))
            batch = []
            month = (permanence.day.year, permanence.day.month)
            tell(f"{site.short_name} : {permanence.day:%m/%Y}")
        batch += _appointments_of(permanence, reasons, visitors, social_worker, by)
    added += len(Appointment.objects.bulk_create(batch))
    _settle_the_past(site, by)
    return added


def _account_at(site: Site, role: Role) -> str:
    return next(account.email for account in DEMO_ACCOUNTS if account.site_slug == site.slug and account.role == role)


def _reasons_by_partner() -> dict[tuple[int, str], list[Reason]]:
    found: dict[tuple[int, str], list[Reason]] = {}
    for reason in Reason.objects.prefetch_related("partners").order_by("slug"):
        for partner in reason.partners.all():
            found.setdefault((partner.pk, reason.audience), []).append(reason)
    return found


def _appointments_of(
    permanence: Permanence,
    reasons: dict[tuple[int, str], list[Reason]],
    visitors: list[Visitor],
    social_worker: User | None,
    by: User,
) -> Iterable[Appointment]:
    """Appointments of one permanence: nearly full in the past, thinner the further ahead."""
    offered = reasons.get((permanence.partner_id, permanence.audience))
    for_visitors = permanence.audience == Audience.PUBLIC
    if not offered or (not for_visitors and social_worker is None):
        return
    dice = random.Random(f"{permanence.site.slug} {permanence.partner.slug} {permanence.day} {permanence.during.lower}")
    days_ahead = (permanence.day - permanence.site.today()).days
    fullness = dice.uniform(0.6, 0.95) if days_ahead <= 0 else max(0.1, 0.75 - days_ahead / 35)
    cursor = permanence.during.lower
    people = dice.sample(visitors, k=min(len(visitors), 24))
    while True:
        reason = dice.choice(offered)
        window = Span(cursor, permanence.during.upper)
        duration = timedelta(minutes=reason.duration_minutes)
        time = next(free_spans(window, [], duration=duration, not_before=cursor), None)
        if time is None or not people:
            return
        cursor = time.end
        if dice.random() > fullness:
            continue
        yield Appointment(
            permanence=permanence,
            site_id=permanence.site_id,
            partner_id=permanence.partner_id,
            visitor=people.pop() if for_visitors else None,
            social_worker=None if for_visitors else social_worker,
            subject="" if for_visitors else "Dossier suivi par le CCAS",
            reason=reason,
            during=DateTimeTZRange(time.start, time.end, "[)"),
            booked_at=min(timezone.now(), time.start)
            - timedelta(days=dice.randrange(1, 21), minutes=dice.randrange(480)),
            booked_by=by if for_visitors else social_worker,
        )


@transaction.atomic
def _settle_the_past(site: Site, by: User) -> None:
    """Give each past date and appointment that has none yet an outcome."""
    now = timezone.now()
    Permanence.objects.filter(site=site, status=PermanenceStatus.PLANNED, during__endswith__lte=now).update(
        status=PermanenceStatus.HELD
    )
    past = list(Appointment.objects.filter(site=site, status=AppointmentStatus.BOOKED, during__endswith__lte=now))
    for appointment in past:
        dice = random.Random(f"outcome {appointment.during.lower} {appointment.visitor_id}")
        share = dice.random()
        if share < NO_SHOW_SHARE:
            appointment.status = AppointmentStatus.NO_SHOW
            appointment.absent_at, appointment.absent_by = appointment.during.upper, by
        elif share < NO_SHOW_SHARE + CANCELLED_SHARE:
            appointment.status = AppointmentStatus.CANCELLED
            appointment.cancelled_at = appointment.during.lower - timedelta(hours=dice.randrange(2, 48))
            appointment.cancelled_by = by
            appointment.cancelled_for = dice.choices(
                [CancelledBy.VISITOR, CancelledBy.PARTNER, CancelledBy.CCAS], weights=[7, 2, 1]
            )[0]
        else:
            _receive(appointment, dice, by)
    Appointment.objects.bulk_update(past, OUTCOME_FIELDS, batch_size=500)


def _receive(appointment: Appointment, dice: random.Random, by: User) -> None:
    """Arrived about on time, taken a little later, finished about at the end."""
    appointment.status = AppointmentStatus.HONOURED
    appointment.arrived_at = appointment.during.lower + timedelta(minutes=dice.randrange(-15, 6))
    appointment.started_at = max(appointment.arrived_at, appointment.during.lower) + timedelta(
        minutes=dice.randrange(0, 12)
    )
    appointment.finished_at = max(appointment.started_at, appointment.during.upper) + timedelta(
        minutes=dice.randrange(0, 6)
    )
    appointment.arrived_by = appointment.started_by = appointment.finished_by = by
