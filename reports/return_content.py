"""What a monthly return says: the figures of one partner at one space in one month, as plain values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils import timezone

from conventions.models import Convention
from franceservices.dates import format_date_long, format_month
from franceservices.identifiers import format_siren
from partners.models import Partner, Site

from . import figures
from .figures import Figure, appointments, case_files, desk_visits, hours
from .frozen_figures import Gap, digest, gaps, kept_figure, kept_gap
from .periods import Period
from .scopes import Scope

TEMPLATE = "reports/documents/monthly_return.html"
"""Kept in each return: a later form of the document gets another template and leaves the old ones as they were."""

# What a month of a partner is told by. Outcomes of files come months later: they are the yearly report's.
GROUPS: Sequence[tuple[str, Sequence[Figure]]] = (
    (
        "Rendez-vous",
        (
            appointments.BOOKED,
            appointments.HELD,
            appointments.ABSENT,
            appointments.ABSENCE_RATE,
            appointments.EXCUSED,
            appointments.CANCELLED_BY_PARTNER,
            appointments.CANCELLED_BY_CCAS,
            appointments.UNSETTLED,
            appointments.DISTINCT_PEOPLE,
            appointments.WAITING_MEAN,
            appointments.LEAD_MEAN,
        ),
    ),
    ("Heures de permanence", (hours.CONTRACTUAL, hours.DELIVERED, hours.CANCELLED)),
    ("Accueil et point numérique", desk_visits.FIGURES),
    ("Dossiers", (case_files.SENT,)),
)
MAIN = (appointments.HELD, appointments.ABSENT, hours.DELIVERED, desk_visits.COMPUTER_PEOPLE)
# Each table tells the figures of one source apart by reason.
TABLES: Sequence[tuple[str, Sequence[Figure]]] = (
    ("Rendez-vous par motif", (appointments.HELD, appointments.ABSENT, appointments.BOOKED)),
    ("Point numérique par motif", (desk_visits.COMPUTER_PEOPLE, desk_visits.COMPUTER_SESSIONS)),
)
# Always told, even when there were none: it is what the agreements ask for.
ALWAYS_TOLD = appointments.SOURCE


@dataclass(frozen=True)
class ReturnAbout:
    """One partner at one space in one civil month; `convention` is the one that ran in it, if one did."""

    site: Site
    partner: Partner
    period: Period
    convention: Convention | None

    @property
    def scope(self) -> Scope:
        """The question of its figures, asked now."""
        return Scope(period=self.period, sites=(self.site,), partner=self.partner)


def about(*, site: Site, partner: Partner, period: Period) -> ReturnAbout:
    """The month with its convention: the one in force on its last day or, if it ended before, the last that ran."""
    running = Convention.objects.filter(
        site=site, partner=partner, starts_on__lte=period.last, ends_on__gte=period.first
    )
    return ReturnAbout(site, partner, period, running.order_by("-ends_on", "-pk").first())


def return_content(subject: ReturnAbout, *, comment: str) -> dict[str, object]:
    """Everything that the return will print for good; a constant number of queries."""
    ccas, partner, site, convention = subject.site.ccas, subject.partner, subject.site, subject.convention
    told = return_figures(subject)
    return {
        "template": TEMPLATE,
        "is_demonstration": settings.DEMO,
        "organisation": ccas.name,
        "organisation_siren": format_siren(ccas.siren) if ccas.siren else "",
        "organisation_address": ccas.address,
        "city": ccas.city,
        "site": site.name,
        "partner": partner.name,
        "partner_short_name": partner.short_name,
        "partner_siren": format_siren(partner.siren) if partner.siren else "",
        "partner_address": partner.address,
        "convention": f"{convention.title}, {convention.term_sentence}" if convention else "",
        "month": format_month(subject.period.first),
        "first": subject.period.first.isoformat(),
        "last": subject.period.last.isoformat(),
        "counted_at": timezone.now().astimezone(site.zone).isoformat(timespec="seconds"),
        "comment": comment,
        **told,
    }


def return_figures(subject: ReturnAbout) -> dict[str, object]:
    """`main`, `groups`, `tables` and their `digest`, read now."""
    scope = subject.scope
    values = figures.values([figure for _, wanted in GROUPS for figure in wanted], scope)
    groups = []
    for label, wanted in GROUPS:
        told = [figure for figure in wanted if figure.slug in values]
        if told and (told[0].source is ALWAYS_TOLD or any(values[figure.slug] for figure in told)):
            groups.append({"label": label, "figures": [kept_figure(figure, values[figure.slug]) for figure in told]})
    tables = [table for label, wanted in TABLES if (table := _table(label, wanted, scope))]
    return {
        "main": [
            kept_figure(figure, values[figure.slug])
            for figure in MAIN
            if figure is appointments.HELD or values.get(figure.slug)
        ],
        "groups": groups,
        "tables": tables,
        "digest": digest(groups, tables),
    }


def _table(label: str, wanted: Sequence[Figure], scope: Scope) -> dict[str, object] | None:
    """The figures by reason, those of nobody left out."""
    parts = [part for part in figures.parts(wanted, "motif", scope) if any(part.values.values())]
    if not parts:
        return None
    return {
        "label": label,
        "head": ["Motif", *(figure.label for figure in wanted)],
        "rows": [[part.label, *(figure.unit.short(part.values[figure.slug]) for figure in wanted)] for part in parts],
    }


def told_figures(content: Mapping[str, object]) -> list[dict[str, object]]:
    """All figures of a content, in the order in which they are read."""
    return [figure for group in content["groups"] for figure in group["figures"]]


def content_gaps(before: Mapping[str, object], after: Mapping[str, object]) -> list[Gap]:
    """What differs between two contents, or a content and what `return_figures` reads now: figures, then tables.

    A group that is left out because all of it is zero is told as such: 0, not « unknown ».
    """
    found = gaps(_with_nothing(before, after), _with_nothing(after, before))
    return found + list(_table_gaps(before["tables"], after["tables"]))


def _table_gaps(before: Sequence[Mapping], after: Sequence[Mapping]) -> Iterator[Gap]:
    """The cells of the tables that differ; a line that one of the two does not have is nothing there."""
    old, new = _cells(before), _cells(after)
    for key in [*old, *(key for key in new if key not in old)]:
        was, now = old.get(key, "0"), new.get(key, "0")
        if was != now:
            table, row, column = key
            yield Gap("", f"{table}\u00a0: {row}, {column[:1].lower()}{column[1:]}", was, now, "")


def _cells(tables: Sequence[Mapping]) -> dict[tuple[str, str, str], str]:
    return {
        (table["label"], row[0], column): cell
        for table in tables
        for row in table["rows"]
        for column, cell in zip(table["head"][1:], row[1:], strict=True)
    }


def _with_nothing(content: Mapping[str, object], other: Mapping[str, object]) -> list[dict[str, object]]:
    told = told_figures(content)
    slugs = {figure["slug"] for figure in told}
    for figure in told_figures(other):
        known = figures.BY_SLUG.get(figure["slug"])
        if figure["slug"] not in slugs and known is not None:
            told.append(kept_figure(known, known.source.nothing(known)))
    return told


def corrected_content(
    content: dict[str, object], *, old: Mapping[str, object], label: str, issued_on: date, reason: str
) -> dict[str, object]:
    """`content` of a new version that replaces the return `label`: what differs, figure by figure, and why."""
    return content | {
        "correction": {
            "number": label,
            "issued_on": format_date_long(issued_on),
            "reason": reason,
            "gaps": [kept_gap(gap) for gap in content_gaps(old, content)],
        }
    }
