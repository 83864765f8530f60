"""Which rows of the database an agreement speaks of, and what it asks that they do not allow. Reads only."""

import copy
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model

from conventions.models import Convention, Deliberation, PermanenceSlot
from franceservices.dates import format_date_long
from partners.models import Ccas, Office, Partner, Site, User

from .amended import amended_problems
from .checks import overlap, span_text
from .form import Agreement, CcasPart
from .problems import Path, Problem, quoted, suggestion
from .schema import Part


@dataclass
class Rows:
    """The rows, stored or new (then without a key), as they are before the agreement is written into them."""

    ccas: Ccas
    site: Site
    partner: Partner
    convention: Convention
    deliberation: Deliberation | None
    predecessor: Convention | None
    offices: dict[str, Office]


def find_rows(agreement: Agreement) -> Rows:
    """The rows that the agreement names; those that are not stored yet are new ones."""
    ccas = _find_ccas(agreement.ccas)
    site = Site.objects.select_related("ccas").filter(slug=agreement.site.slug).first() or Site()
    partner = Partner.objects.filter(slug=agreement.partner.slug).first() or Partner()
    parties = Convention.objects.select_related("site__ccas", "partner", "deliberation", "predecessor", "fee_terms")
    term = agreement.convention
    convention = parties.filter(reference=term.reference).first() or Convention()
    predecessor = parties.filter(reference=term.predecessor).first() if term.predecessor else None
    labels = [office.label for office in agreement.offices if office.label is not None]
    stored = Office.objects.filter(site=site, label__in=labels) if site.pk and labels else []
    offices = {label: Office() for label in labels} | {office.label: office for office in stored}
    deliberation = _find_deliberation(agreement, ccas, convention)
    return Rows(ccas, site, partner, convention, deliberation, predecessor, offices)


def database_problems(
    agreement: Agreement, rows: Rows, *, unread: Collection[Path] = (), by: User | None = None
) -> list[Problem]:
    """What the database does not allow. `unread` are the keys that could not be read, of which nothing more is said.

    `by` is the person who loads; None is the command line, which may load any CCAS's agreements.
    """
    problems = [
        *_perimeter(rows, by),
        *_identity(agreement, rows),
        *_unknown(agreement, rows),
        *amended_problems(agreement, rows.convention),
        *_conflicts(agreement, rows),
        *_validated(agreement, rows),
    ]
    return [problem for problem in problems if problem.path not in unread and problem.path[:1] not in unread]


def _find_ccas(part: CcasPart) -> Ccas:
    found = Ccas.objects.filter(siren=part.siren).first() if part.siren else None
    if found is None and part.name:
        found = Ccas.objects.filter(name=part.name).first()
    return found or Ccas()


def _find_deliberation(agreement: Agreement, ccas: Ccas, convention: Convention) -> Deliberation | None:
    """The act of that session and number; else the convention's own, if no other rests on it; else a new one."""
    part = agreement.deliberation
    if part is None:
        return None
    if ccas.pk and part.session_on and part.number:
        found = Deliberation.objects.filter(ccas=ccas, session_on=part.session_on, number=part.number).first()
        if found is not None:
            return found
    current = convention.deliberation
    if current is not None and not current.conventions.exclude(pk=convention.pk).exists():
        return current
    return Deliberation()


def _perimeter(rows: Rows, by: User | None) -> Iterator[Problem]:
    if by is not None and not by.is_superuser and (rows.ccas.pk is None or rows.ccas.pk != by.ccas_id):
        yield Problem(("ccas",), "Vous ne chargez que les conventions de votre CCAS.")


def _identity(agreement: Agreement, rows: Rows) -> Iterator[Problem]:
    """An agreement keeps its space and its partner, a space its CCAS; another one needs another reference."""
    site, convention = rows.site, rows.convention
    if site.pk and rows.ccas.pk != site.ccas_id:
        yield Problem(
            ("site", "slug"),
            f"Cet espace est celui de {quoted([site.ccas.name])}\u00a0: donnez-en un autre, ou ce CCAS.",
            quoted([site.slug]),
        )
    if convention.pk is None:
        return
    kept = [
        ("de l’espace", convention.site, site, agreement.site.slug),
        ("avec", convention.partner, rows.partner, agreement.partner.slug),
    ]
    for link, stored, asked, slug in kept:
        if stored.pk != asked.pk and slug is not None:
            yield Problem(
                ("convention", "reference"),
                f"C’est déjà celle d’une convention {link} {quoted([stored.slug])}\u00a0: donnez-en une autre.",
                quoted([convention.reference]),
            )


def _unknown(agreement: Agreement, rows: Rows) -> Iterator[Problem]:
    """What is not stored yet, and of which the file does not say enough to store it."""
    if not agreement.ccas.siren and not agreement.ccas.name:
        yield Problem(("ccas", "siren"), "Attendu\u00a0: le SIREN du CCAS ou, à défaut, son nom (name).")
    else:
        named = ("ccas", "siren" if agreement.ccas.siren else "name")
        yield from _incomplete(agreement.ccas, rows.ccas, named, "Ce CCAS", "name")
    for part, row, what in (
        (agreement.site, rows.site, "Cet espace"),
        (agreement.partner, rows.partner, "Ce partenaire"),
    ):
        if part.slug is not None:
            yield from _incomplete(part, row, ("site" if row is rows.site else "partner", "slug"), what, "slug")
    reference = agreement.convention.predecessor
    if reference and rows.predecessor is None:
        known = Convention.objects.values_list("reference", flat=True) if rows.site.pk else []
        yield Problem(
            ("convention", "predecessor"),
            "Aucune convention enregistrée ne porte cette référence\u00a0: chargez-la d’abord, ou retirez cette clé."
            + suggestion(reference, known),
            quoted([reference]),
        )


def _incomplete(part: Part, row: Model, path: Path, what: str, known_by: str) -> Iterator[Problem]:
    missing = [name for name, key in part.keys().items() if key.when_new and getattr(part, name) is None]
    if row.pk is None and missing:
        typed = getattr(part, path[-1])
        hint = suggestion(typed, type(row).objects.values_list(known_by, flat=True)) if path[-1] == known_by else ""
        yield Problem(
            path,
            f"{what} n’est pas encore enregistré.{hint} Pour l’enregistrer, donnez aussi\u00a0: {', '.join(missing)}.",
            quoted([typed]),
        )


def _conflicts(agreement: Agreement, rows: Rows) -> Iterator[Problem]:
    """Slots at which the office is already promised by another convention."""
    stored = [office for office in rows.offices.values() if office.pk]
    if not stored:
        return
    taken = PermanenceSlot.objects.filter(office__in=stored).exclude(allocation__convention=rows.convention.pk)
    taken = list(taken.select_related("office", "allocation__convention__partner", "allocation__convention__site"))
    for number, slot in enumerate(agreement.slots, 1):
        office = rows.offices.get(slot.office)
        if office is None or None in (slot.weekday, slot.start_time, slot.end_time, slot.starts_on, slot.ends_on):
            continue
        for other in taken:
            if other.office_id == office.pk and overlap(slot, other):
                convention = other.allocation.convention
                yield Problem(
                    ("slots", number),
                    f"Le {other.office.full_label} est déjà pris {span_text(other)} par la convention "
                    f"{quoted([convention.reference])} ({convention}), "
                    f"du {format_date_long(other.starts_on)} au {format_date_long(other.ends_on)}.",
                    quoted([span_text(slot)]),
                )


def _validated(agreement: Agreement, rows: Rows) -> Iterator[Problem]:
    """What the models themselves refuse: names and numbers already borne by another row, rules of their `clean`."""
    yield from validation_problems(rows.ccas, agreement.ccas.facts(), ("ccas",), agreement.ccas)
    in_ccas = {"ccas": rows.ccas} if rows.ccas.pk else {}
    yield from validation_problems(rows.site, agreement.site.facts() | in_ccas, ("site",), agreement.site)
    yield from validation_problems(rows.partner, agreement.partner.facts(), ("partner",), agreement.partner)
    if agreement.deliberation is not None:
        facts = agreement.deliberation.facts() | in_ccas
        yield from validation_problems(rows.deliberation, facts, ("deliberation",), agreement.deliberation)
    facts = agreement.convention_facts()
    if rows.predecessor is not None and rows.predecessor.reference != agreement.convention.reference:
        facts["predecessor"] = rows.predecessor
    yield from validation_problems(rows.convention, facts, ("convention",), agreement.convention, has_constraints=False)


def validation_problems(
    row: Model, facts: Mapping[str, object], path: Path, part: Part, *, has_constraints: bool = True
) -> Iterator[Problem]:
    """What `full_clean` refuses of `row` with `facts` written into it, each at its key. `row` itself stays as it is."""
    asked = copy.copy(row)
    holes = {field.name for field in row._meta.fields if facts.get(field.name, "") is None and not field.null}
    for name, value in facts.items():
        if name not in holes:
            setattr(asked, name, value)
    unsaid = {field.name for field in row._meta.fields if field.name not in facts}
    try:
        asked.full_clean(exclude=holes | unsaid, validate_constraints=has_constraints)
    except ValidationError as refusal:
        key_of = {key.field: name for name, key in part.keys().items() if key.field}
        for field, messages in refusal.message_dict.items():
            at = path if field == NON_FIELD_ERRORS else (*path, key_of.get(field, field))
            for message in messages:
                yield Problem(at, message)
