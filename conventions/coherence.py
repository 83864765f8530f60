"""The findings of conventions, from their rows; `findings.py` and `place_findings.py` say what they are."""

from collections.abc import Iterable, Mapping
from datetime import date

from django.db.models import Count, Exists, Max, Min, OuterRef, Q

from franceservices.dates import add_months, format_date_long
from partners.models import OpeningHours

from .due_dates import REMEMBERED_MONTHS
from .facts import ConventionFacts, facts_on
from .findings import Finding, FindingFacts, about, find
from .models import (
    Amendment,
    Audience,
    Convention,
    DeliberatingBody,
    NoticeReading,
    ObligationDue,
    OfficeAllocation,
    PermanenceSlot,
)
from .place_findings import (
    COMMITTEE,
    INSURANCE,
    MONTHLY_COUNT,
    DoubleLoan,
    LateDuty,
    OpeningSpan,
    PlaceFacts,
    WeeklyUse,
    find_in_place,
)
from .pricing import explain_fee_of
from .stages import Stage
from .terms import ConventionHistory, read_histories
from .terms_json import terms_from_json


def findings_of(convention: Convention, *, on: date | None = None) -> list[Finding]:
    """What a careful reader would remark of the text and the acts of `convention`, on the civil date `on`.

    Today at its space unless given. No query for a row that `search.with_stage_facts` brought.
    """
    return find(finding_facts(convention), on or convention.site.today())


def finding_facts(convention: Convention) -> FindingFacts:
    """What those findings are judged by, as the rows say."""
    act, fee = convention.deliberation, getattr(convention, "fee_terms", None)
    return FindingFacts(
        stages=convention.stage_facts,
        agreed_ends_on=convention.agreed_term_ends_on,
        by_ccas_board=act is None or act.body == DeliberatingBody.CCAS_BOARD,
        transmission_id=act.transmission_id if act else "",
        siren=convention.ccas.siren or "",
        insee_code=convention.ccas.insee_code,
        annual_amount=fee.annual_amount if fee else None,
        deliberated_amount=fee.deliberated_amount if fee else None,
        has_successor=hasattr(convention, "successor"),
        tacit_renewal=convention.tacit_renewal,
        notice_months=convention.notice_months,
        notice_article=convention.notice_article,
        notice_at_each_anniversary=convention.notice_reading == NoticeReading.ANNIVERSARY,
    )


def all_findings(
    conventions: Iterable[Convention],
    *,
    on: date | None = None,
    histories: Mapping[int, ConventionHistory] | None = None,
) -> dict[int, list[Finding]]:
    """Every finding of each of `conventions` by its key: text and acts first, then the place and what is owed.

    `on` is today at the space of each unless given; `histories` are those already read. A constant number of queries
    for conventions that `search.with_stage_facts` brought.
    """
    conventions = list(conventions)
    days = {convention.pk: on or convention.site.today() for convention in conventions}
    if histories is None:
        histories = read_histories(conventions)
    opening = _opening_by_site(conventions)
    late = _late_duties(days)
    loans = _double_loans(conventions, days)
    found = {}
    for convention in conventions:
        day, of_site = days[convention.pk], opening.get(convention.site_id, [])
        facts = facts_on(histories[convention.pk], on=day, opening_hours=of_site)
        stage = convention.stage_on(day)
        place = PlaceFacts(
            starts_on=convention.starts_on,
            ends_on=convention.ends_on,
            binds=stage != Stage.DRAFT and convention.ends_on >= add_months(day, -REMEMBERED_MONTHS),
            uses=tuple(_use(row) for row in histories[convention.pk].rows),
            opening=tuple(
                OpeningSpan(hours.weekday, hours.start_time, hours.end_time, hours.starts_on, hours.ends_on)
                for hours in of_site
            ),
            double_loans=tuple(loans.get(convention.pk, ())),
            late=tuple(late.get(convention.pk, ())),
            **_amounts(facts),
        )
        found[convention.pk] = [*findings_of(convention, on=day), *find_in_place(place, day)]
    return found


def _use(row: PermanenceSlot) -> WeeklyUse:
    return WeeklyUse(
        office=row.office.full_label,
        weekday=row.weekday,
        start=row.start_time,
        end=row.end_time,
        is_public=row.audience == Audience.PUBLIC,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )


def _amounts(facts: ConventionFacts) -> dict[str, object]:
    fee = explain_fee_of(facts)
    if fee is None:
        return {}
    return {"contractual_amount": fee.contractual_amount, "computed_amount": fee.computed_amount}


def _opening_by_site(conventions: Iterable[Convention]) -> dict[int, list[OpeningHours]]:
    by_site: dict[int, list[OpeningHours]] = {}
    for hours in OpeningHours.objects.filter(site__in={convention.site_id for convention in conventions}):
        by_site.setdefault(hours.site_id, []).append(hours)
    return by_site


def _late_duties(days: Mapping[int, date]) -> dict[int, list[LateDuty]]:
    """What is open and past on the day of each convention, obligation by obligation; one query."""
    # One day a query may not hold for spaces on both sides of the date line: one condition a day, two at most times.
    is_late = Q(pk__in=[])
    for day in set(days.values()):
        of_day = [key for key, found in days.items() if found == day]
        is_late |= Q(obligation__convention__in=of_day, due_on__lt=day)
    rows = (
        ObligationDue.objects.open()
        .filter(is_late, obligation__kind__in=[INSURANCE, MONTHLY_COUNT, COMMITTEE])
        .values(
            "obligation",
            "obligation__convention",
            "obligation__kind",
            "obligation__label",
            "obligation__article_number",
        )
        .annotate(count=Count("pk"), first=Min("due_on"), last=Max("due_on"))
        .order_by("obligation")
    )
    late: dict[int, list[LateDuty]] = {}
    for row in rows:
        late.setdefault(row["obligation__convention"], []).append(
            LateDuty(
                kind=row["obligation__kind"],
                label=row["obligation__label"],
                article=row["obligation__article_number"],
                count=row["count"],
                first_due_on=row["first"],
                last_due_on=row["last"],
            )
        )
    return late


def _double_loans(conventions: Iterable[Convention], days: Mapping[int, date]) -> dict[int, list[DoubleLoan]]:
    """The rooms that two conventions use at once although no constraint says so; three queries.

    PostgreSQL refuses two lines of a grid that meet. Left are a room lent without any line, that is for the whole time,
    beside another one, and a prepared avenant that would take hours that another convention has.
    """
    by_key = {convention.pk: convention for convention in conventions}
    loans: dict[int, list[DoubleLoan]] = {}
    for key, loan in [*_lent_whole(by_key, days), *_promised(by_key)]:
        loans.setdefault(key, []).append(loan)
    return loans


def _lent_whole(by_key: Mapping[int, Convention], days: Mapping[int, date]) -> list[tuple[int, DoubleLoan]]:
    own = OfficeAllocation.objects.filter(convention__in=by_key)
    lent = list(
        OfficeAllocation.objects.filter(office__in=own.values("office"))
        .select_related("office", "convention__partner", "convention__site")
        .annotate(has_hours=Exists(PermanenceSlot.objects.filter(allocation=OuterRef("pk"))))
        .order_by("pk")
    )
    at_office: dict[int, list[OfficeAllocation]] = {}
    for allocation in lent:
        at_office.setdefault(allocation.office_id, []).append(allocation)
    found = []
    for mine in lent:
        if mine.convention_id not in by_key:
            continue
        for other in at_office[mine.office_id]:
            if other.pk == mine.pk or (mine.has_hours and other.has_hours):
                continue
            first = max(mine.convention.starts_on, other.convention.starts_on, days[mine.convention_id])
            last = min(mine.convention.ends_on, other.convention.ends_on)
            if first > last:
                continue
            whole = "à cette convention" if not mine.has_hours else f"à {other.convention.partner.short_name}"
            how = (
                f"{whole} sans heures, donc tout le temps, et"
                f" {'à ' + other.convention.partner.short_name if not mine.has_hours else 'à cette convention'}"
                f" (convention {other.convention.reference}), jusqu’au {format_date_long(last)}"
            )
            key = about(mine.office_id, other.convention_id, mine.has_hours, other.has_hours, last)
            found.append((mine.convention_id, DoubleLoan(mine.office.full_label, how, key)))
    return found


def _promised(by_key: Mapping[int, Convention]) -> list[tuple[int, DoubleLoan]]:
    drafts = list(Amendment.objects.filter(convention__in=by_key, in_force_at=None).order_by("effective_on", "number"))
    if not drafts:
        return []
    proposed = {draft.pk: terms_from_json(draft.proposed) for draft in drafts}
    taken = list(
        PermanenceSlot.objects.filter(
            office__in={slot.office_id for terms in proposed.values() for slot in terms.slots},
            ends_on__gte=min(draft.effective_on for draft in drafts),
        ).select_related("office", "allocation__convention__partner")
    )
    found = []
    for draft in drafts:
        terms = proposed[draft.pk]
        for slot in terms.slots:
            for row in taken:
                other = row.allocation.convention
                if (
                    other.pk == draft.convention_id
                    or (row.office_id, row.weekday) != (slot.office_id, slot.weekday)
                    or row.ends_on < draft.effective_on
                    or row.starts_on > terms.ends_on
                    or row.start_time >= slot.end_time
                    or slot.start_time >= row.end_time
                ):
                    continue
                how = (
                    f"le projet d’avenant n°\u00a0{draft.number} le prend {_use(row).words}, heures de"
                    f" {other.partner.short_name} (convention {other.reference})"
                )
                key = about(draft.pk, row.pk, slot)
                found.append((draft.convention_id, DoubleLoan(row.office.full_label, how, key)))
    return found
