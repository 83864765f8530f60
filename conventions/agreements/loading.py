"""Writes an agreement into the database: all of it or nothing, and only what is not already so.

What the agreement owns (its term, offices lent, slots, fee, duties, articles) becomes what the file says; what it
shares with others (CCAS, space, partner, the facts of an office) takes what the file says and keeps the rest. Nothing
that the file does not name is touched. See `docs/conventions-toml.md`.
"""

from operator import attrgetter
from pathlib import Path as FilePath

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.db import IntegrityError, connection, models, transaction

from conventions.grid import grid_changed
from conventions.models import Article, Convention, FeeTerms, Obligation
from conventions.occurrences import refresh_occurrences
from franceservices.db import violated_constraint
from partners.models import Contact, Office, OpeningHours, User

from .amended import amended_history
from .checks import form_warnings, span_text
from .files import read_file
from .form import Agreement
from .grids import write_allocations, write_spans
from .pairing import pair
from .problems import AgreementRefused, Problem
from .reading import Reading, read_text
from .report import LoadReport
from .resolving import Rows, database_problems, find_rows
from .rows import RowWriter
from .schema import Part

HISTORY_KEPT = (
    "L’obligation «\u00a0{}\u00a0» n’est plus dans le fichier, mais des échéances en sont remplies ou dispensées."
    " Laissez-la, ou reprenez d’abord ces échéances."
)
_CLOCK_FIELDS = {"time_zone", "holiday_calendar"}


def load_file(*, path: str | FilePath, by: User | None = None) -> LoadReport:
    """Load the agreement of one file, or of one that ships with the project, by its bare name.

    Raises AgreementRefused with every error at once: those of the text and those that only the database knows.
    """
    return _load_reading(read_file(path), by=by)


def load_text(*, text: str, by: User | None = None) -> LoadReport:
    """Load the agreement that `text` describes; raises as `load_file` does."""
    return _load_reading(read_text(text), by=by)


def _load_reading(reading: Reading, *, by: User | None) -> LoadReport:
    problems = list(reading.problems)
    if reading.agreement is not None:
        unread = {problem.path for problem in problems}
        rows = find_rows(reading.agreement)
        problems += database_problems(reading.agreement, rows, unread=unread, by=by)
    reading.refuse_if(problems)
    try:
        return load_agreement(agreement=reading.agreement, by=by)
    except AgreementRefused as refusal:
        reading.refuse_if(refusal.problems)
        raise


@transaction.atomic
def load_agreement(*, agreement: Agreement, by: User | None = None) -> LoadReport:
    """Make the database say what `agreement` says; loading it again writes nothing.

    `by` is the person who asks (for her own CCAS only), None the command line. The floors above are told last, in the
    same transaction, and only when the weekly grid, an office, the term or the site's clock changed. Raises
    AgreementRefused, with nothing kept.
    """
    rows = find_rows(agreement)
    problems = database_problems(agreement, rows, by=by)
    if problems:
        raise AgreementRefused(problems)
    is_new = rows.convention.pk is None
    try:
        with transaction.atomic():
            report = _Loader(agreement, rows).load()
            # Deferred constraints speak now, while the refusal can still be said.
            connection.check_constraints()
    except IntegrityError as error:
        # Everything was checked a moment ago: somebody else wrote in between.
        constraint = violated_constraint(error) or "sans nom"
        sentence = f"Quelqu’un a écrit au même moment ce que ce fichier demande (contrainte {constraint}). Recommencez."
        raise AgreementRefused([Problem((), sentence)]) from error
    if by is not None and not report.is_unchanged:
        LogEntry.objects.log_actions(
            user_id=by.pk,
            queryset=[report.convention],
            action_flag=ADDITION if is_new else CHANGE,
            change_message="Chargée depuis un fichier.",
            single_object=True,
        )
    return report


class _Loader:
    """One load: the rows, what is done to them, and whether the floors above are to be told."""

    def __init__(self, agreement: Agreement, rows: Rows) -> None:
        self.agreement = agreement
        self.rows = rows
        self.report = LoadReport(convention=rows.convention)
        self.writer = RowWriter(self.report)
        # Its offices, its grid and its last day are then those of its avenants (see `amended.py`).
        self.is_amended = amended_history(rows.convention) is not None

    def load(self) -> LoadReport:
        self._lock_offices()
        self._shared("ccas", Convention.objects.filter(site__ccas=self.rows.ccas.pk))
        clock_changed = self._site()
        self._partner()
        for number in range(1, len(self.agreement.offices) + 1):
            self._office(number)
        self._deliberation()
        term_changed = self._convention()
        grid_written = not self.is_amended and write_allocations(self.writer, self.agreement, self.rows)
        self._fee()
        self._obligations()
        self._articles()
        self.report.warnings += form_warnings(self.agreement, siren=self.rows.ccas.siren)
        if clock_changed:
            running = self.rows.site.conventions.filter(ends_on__gte=self.rows.site.today())
            for other in running.exclude(pk=self.rows.convention.pk).order_by("pk"):
                self.report.answers += grid_changed(convention=other)
        refresh_occurrences(convention=self.rows.convention)
        if term_changed or grid_written or clock_changed:
            self.report.answers += grid_changed(convention=self.rows.convention)
        return self.report

    def _lock_offices(self) -> None:
        """In the order in which the generation of permanences locks them, so that the two never wait for each other."""
        named = [office.pk for office in self.rows.offices.values() if office.pk]
        lent = models.Q(allocations__convention=self.rows.convention.pk) if self.rows.convention.pk else models.Q()
        here = models.Q(site=self.rows.site.pk) if self.rows.site.pk else models.Q()
        if not named and not lent and not here:
            return
        keys = Office.objects.filter(models.Q(pk__in=named) | lent | here).values("pk")
        Office.objects.filter(pk__in=keys).hold()

    def _shared(self, name: str, conventions: models.QuerySet) -> set[str]:
        """Write what the file says of the CCAS, space or partner; warn when it changes what `conventions` say."""
        part: Part = getattr(self.agreement, name)
        row = getattr(self.rows, name)
        was_stored = row.pk is not None
        facts = part.facts()
        what = {"ccas": "CCAS", "site": "espace", "partner": "partenaire"}[name]
        known_as = facts.get("slug") or facts.get("name") or row.name
        written = self.writer.save(row, facts, what=f"{what} {known_as}", path=(name,))
        if was_stored and written:
            others = conventions.exclude(pk=self.rows.convention.pk).count()
            if others:
                self.report.warnings.append(
                    f"[{name}]\u00a0: la fiche de {known_as} ({', '.join(sorted(written))}) change aussi pour "
                    f"{others} autre{'s' if others > 1 else ''} convention{'s' if others > 1 else ''}."
                )
        return written if was_stored else set()

    def _site(self) -> bool:
        """Write the space; True when its clock or its public holidays changed, so that dates move with it."""
        part, site = self.agreement.site, self.rows.site
        if site.pk is None:
            site.ccas = self.rows.ccas
        written = self._shared("site", Convention.objects.filter(site=site.pk))
        if not site.is_active:
            self.report.warnings.append(f"site.slug\u00a0: l’espace {site.slug} est hors service.")
        if part.opening_hours is not None:
            write_spans(
                self.writer,
                stored=list(site.opening_hours.all()),
                wanted=part.opening_hours,
                make=lambda: OpeningHours(site=site),
                what=lambda hours: f"horaire d’ouverture {span_text(hours)}",
                path_of=lambda hours: ("site", "opening_hours", part.opening_hours.index(hours) + 1),
            )
        return bool(written & _CLOCK_FIELDS)

    def _partner(self) -> None:
        partner = self.rows.partner
        self._shared("partner", Convention.objects.filter(partner=partner.pk))
        contacts = self.agreement.partner.contacts
        if contacts is None:
            return
        whole = attrgetter("name", "job_title", "phone", "email", "is_referent")
        pairing = pair(list(partner.contacts.order_by("pk")), contacts, by=[whole, attrgetter("name")])
        for contact in pairing.gone:
            self.writer.delete(contact, f"contact {contact.name}")
        for contact, part in [*pairing.pairs, *((Contact(partner=partner), part) for part in pairing.new)]:
            path = ("partner", "contacts", contacts.index(part) + 1)
            self.writer.save(contact, part.facts(), what=f"contact {part.name}", path=path)

    def _office(self, number: int) -> None:
        part = self.agreement.offices[number - 1]
        office = self.rows.offices[part.label]
        if office.pk is None:
            office.site = self.rows.site
        self.writer.save(office, part.facts(), what=f"bureau {part.label}", path=("offices", number))
        if not office.is_active:
            self.report.warnings.append(f"offices[{number}]\u00a0: le {office.full_label} est hors service.")

    def _deliberation(self) -> None:
        act, part = self.rows.deliberation, self.agreement.deliberation
        if act is None:
            return
        if act.pk is None:
            act.ccas = self.rows.ccas
        self.writer.save(act, part.facts(), what=f"délibération {part.number}", path=("deliberation",))

    def _convention(self) -> bool:
        """Write the convention's own row; True when it is new or its term changed."""
        convention = self.rows.convention
        # The very rows of this load, stored or just written, so that what follows reads what was written.
        convention.site, convention.partner = self.rows.site, self.rows.partner
        facts = self.agreement.convention_facts()
        facts |= {"deliberation": self.rows.deliberation, "predecessor": self.rows.predecessor}
        if self.is_amended:
            del facts["ends_on"]
        what = f"convention {self.agreement.convention.reference}"
        written = self.writer.save(convention, facts, what=what, path=("convention",))
        return bool(written & {"starts_on", "ends_on"})

    def _fee(self) -> None:
        part, convention = self.agreement.fee, self.rows.convention
        terms = FeeTerms.objects.filter(convention=convention).first()
        if part is not None:
            terms = terms or FeeTerms(convention=convention)
            self.writer.save(terms, part.facts(), what="conditions financières", path=("fee",))
        elif terms is not None:
            self.writer.delete(terms, "conditions financières")

    def _obligations(self) -> None:
        parts = self.agreement.obligations
        stored = list(self.rows.convention.obligations.order_by("pk"))
        pairing = pair(stored, parts, by=[attrgetter("kind", "label"), attrgetter("kind", "article_number")])
        for duty in pairing.gone:
            if duty.has_history:
                raise AgreementRefused([Problem(("obligations",), HISTORY_KEPT.format(duty.label))])
            self.writer.delete(duty, f"obligation {duty.label}")
        new = [(Obligation(convention=self.rows.convention), part) for part in pairing.new]
        for duty, part in [*pairing.pairs, *new]:
            path = ("obligations", parts.index(part) + 1)
            self.writer.save(duty, part.facts(), what=f"obligation {part.label}", path=path)

    def _articles(self) -> None:
        parts = self.agreement.articles
        pairing = pair(list(self.rows.convention.articles.order_by("position")), parts, by=[attrgetter("number")])
        for article in pairing.gone:
            self.writer.delete(article, f"article {article.number}")
        row_of = {part.number: article for article, part in pairing.pairs}
        stored = [row_of[part.number].position for part in parts if part.number in row_of]
        # Ranks that already follow the order of the file stay, whatever their numbers.
        in_order = not pairing.new and stored == sorted(stored)
        for rank, part in enumerate(parts, 1):
            article = row_of.get(part.number) or Article(convention=self.rows.convention)
            facts = part.facts() | {"position": article.position if in_order else rank}
            self.writer.save(article, facts, what=f"article {part.number}", path=("articles", rank))
