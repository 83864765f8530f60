"""`dump_convention` gives the same form back: load, dump, load is the identity."""

import datetime as dt
import string
from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conventions.agreements import (
    Agreement,
    agreement_of,
    demo_files,
    dump_agreement,
    load_agreement,
    load_file,
    parse_agreement,
    shipped_files,
    write_toml,
)
from conventions.agreements import form as f
from conventions.models import Article, Convention
from conventions.placeholders import PLACEHOLDERS
from tests.factories import ArticleFactory, ConventionFactory, FeeTermsFactory, slot_of

from .agreement_files import SMALL, nothing_written, undone, written

# --- agreements of every shape ---------------------------------------------------------------------------------

FIRST_DAY, LAST_DAY = dt.date(2025, 1, 1), dt.date(2029, 12, 31)
PUNCTUATION = "«»\u00a0’\"'\\{}#[]=-–\u202f€²"


def lines(longest: int = 60, *, least: int = 0):
    """One line as somebody might type it; nothing blank around it."""
    alphabet = st.sampled_from(string.ascii_letters + string.digits + "éÉœ " + PUNCTUATION) | st.characters(
        exclude_categories=["Cc", "Cs"]
    )
    return st.text(alphabet, max_size=longest).map(lambda found: found.strip() or "x" * least)


def texts():
    """Several lines, some of them empty, some of lists."""
    line = st.sampled_from(["", "- un point", "  - un sous-point", '"""', "'''", "\\", "[[slots]]", "a = 1"]) | lines()
    return st.lists(line, max_size=6).map(lambda found: "\n".join(found).strip())


def bodies():
    known = st.sampled_from([f"Voir {{{name}}}." for name in PLACEHOLDERS])
    plain = texts().map(lambda text: text.replace("{", "(").replace("}", ")"))
    return st.lists(known | plain, min_size=1, max_size=3).map(lambda found: "\n\n".join(found).strip() or "Texte.")


def slugs():
    return st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20)


def words(kind):
    return st.sampled_from(list(kind.values.values()))


def days(first: dt.date = FIRST_DAY, last: dt.date = LAST_DAY):
    return st.dates(first, last)


def amounts(whole: int = 99_999):
    return st.integers(1, whole * 100).map(lambda cents: Decimal(cents) / 100)


def votes():
    return st.none() | st.integers(0, 500)


def phones():
    return st.sampled_from(["", "3646", "+33381412121", "+594594393000", "+262262402000", "+41223179111"])


def spans(places: list[str | None], starts_on: dt.date, ends_on: dt.date):
    """Weekly spans that never meet: each takes a cell of a week of days and two-hour blocks, once."""
    cells = [(place, weekday, hour) for place in places for weekday in range(1, 8) for hour in range(7, 19, 2)]

    @st.composite
    def build(draw):
        found = []
        for place, weekday, hour in draw(st.lists(st.sampled_from(cells), unique=True, max_size=6)):
            minutes = draw(st.sampled_from([0, 15, 30]))
            first = draw(days(starts_on, ends_on))
            times = {"start_time": dt.time(hour, minutes), "end_time": dt.time(hour + 1, minutes)}
            dates = draw(st.sampled_from([(starts_on, ends_on), (first, ends_on), (starts_on, first)]))
            found.append((place, {"weekday": weekday, **times, "starts_on": dates[0], "ends_on": dates[1]}))
        return found

    return build()


@st.composite
def denunciations(draw, ends_on: dt.date) -> dict[str, object]:
    """The three keys of a denunciation that advanced the term to `ends_on`, or none of them."""
    if draw(st.booleans()):
        return {}
    return {
        "denounced_on": draw(days()),
        "denounced_by": draw(words(f.DENOUNCED_BY)),
        "agreed_ends_on": draw(days(ends_on)),
    }


@st.composite
def agreements(draw) -> Agreement:
    """Any agreement that the form can express, every shared fact said."""
    starts_on, ends_on = sorted([draw(days()), draw(days())])
    labels = draw(st.lists(lines(10, least=1), unique=True, max_size=3))
    numbers = draw(st.lists(lines(8, least=1), unique=True, max_size=4))
    hours = draw(spans([None], starts_on, ends_on))
    insee_code = draw(st.sampled_from(["25056", "97313", "2A004"]))
    no_fee, no_act = draw(st.booleans()), draw(st.booleans())
    slots = draw(spans(labels, starts_on, ends_on)) if labels else []
    duties = draw(st.lists(st.tuples(words(f.OBLIGATION_KIND), lines(60, least=1)), unique=True, max_size=4))
    return Agreement(
        convention=f.ConventionPart(
            reference=draw(slugs()),
            title=draw(lines(least=1)),
            starts_on=starts_on,
            ends_on=ends_on,
            notice_months=draw(st.none() | st.integers(0, 60)),
            notice_reading=draw(words(f.NOTICE_READING)),
            notice_article=draw(lines(10)),
            tacit_renewal=draw(st.booleans()),
            signed_on=draw(st.none() | days()),
            signed_at=draw(lines()),
            **draw(denunciations(ends_on)),
        ),
        ccas=f.CcasPart(
            name=draw(lines(least=1)),
            short_name=draw(lines(least=1)),
            siren=draw(st.sampled_from(["", "262500564"])),
            insee_code=insee_code,
            city=draw(lines(least=1)),
            address=draw(lines()),
        ),
        site=f.SitePart(
            slug=draw(slugs()),
            name=draw(lines(least=1)),
            short_name=draw(lines(least=1)),
            address=draw(lines()),
            postal_code=draw(st.sampled_from(["", "25000"])),
            city=draw(lines(least=1)),
            insee_code=insee_code,
            phone=draw(phones()),
            email=draw(st.sampled_from(["", "accueil@exemple.fr"])),
            time_zone=draw(words(f.TIME_ZONE)),
            holiday_calendar=draw(words(f.HOLIDAY_CALENDAR)),
            opening_hours=tuple(f.OpeningHoursPart(**span) for _, span in hours),
        ),
        partner=f.PartnerPart(
            slug=draw(slugs()),
            name=draw(lines(least=1)),
            short_name=draw(lines(20, least=1)),
            siren=draw(st.sampled_from(["", "200023372"])),
            address=draw(lines()),
            colour=draw(words(f.COLOUR)),
            is_fictional=draw(st.booleans()),
            contacts=tuple(
                f.ContactPart(name=draw(lines(least=1)), job_title=draw(lines()), phone=draw(phones()))
                for _ in range(draw(st.integers(0, 3)))
            ),
        ),
        deliberation=None
        if no_act
        else f.DeliberationPart(
            body=draw(words(f.BODY)),
            session_on=draw(days()),
            number=draw(lines(least=1)),
            subject=draw(lines(least=1)),
            members_in_office=draw(votes()),
            votes_for=draw(votes()),
            votes_against=draw(votes()),
            is_unanimous=draw(st.booleans()),
            published_on=draw(st.none() | days()),
            transmission_id=draw(st.sampled_from(["", "025-262500564-20250219-D00191110-DE"])),
        ),
        signatories=f.SignatoriesPart(ccas_name=draw(lines()), partner_title=draw(lines())),
        offices=tuple(
            f.OfficePart(label=label, area_m2=draw(st.none() | amounts()), floor=draw(lines(20))) for label in labels
        ),
        slots=tuple(
            f.SlotPart(office=place, audience=draw(words(f.AUDIENCE)), mode=draw(words(f.MODE)), **span)
            for place, span in slots
        ),
        fee=None
        if no_fee
        else f.FeePart(
            annual_amount=draw(amounts()),
            deliberated_amount=draw(st.none() | amounts()),
            rate_per_m2=draw(st.none() | amounts()),
            basis=draw(words(f.BASIS)),
            ratio=draw(st.sampled_from([(2, 5), (4, 10), (0, 1), (1, 1)])),
            counts_social_worker_slots=draw(st.booleans()),
            area_rounding=draw(words(f.AREA_ROUNDING)),
            amount_rounding=draw(words(f.AMOUNT_ROUNDING)),
        ),
        obligations=tuple(
            f.ObligationPart(kind=kind, label=label, owed_by=draw(words(f.PARTY)), frequency=draw(words(f.FREQUENCY)))
            for kind, label in duties
        ),
        texts=f.TextsPart(parties_text=draw(texts()), preamble=draw(texts()), annex=draw(texts())),
        articles=tuple(
            f.ArticlePart(number=number, title=draw(lines(least=1)), body=draw(bodies())) for number in numbers
        ),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(agreements())
def test_what_is_written_is_read_again(agreement):
    assert parse_agreement(write_toml(agreement)) == agreement.normalised()


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(agreements())
def test_load_dump_load_is_the_identity(agreement):
    with undone():
        convention = load_agreement(agreement=agreement).convention
        stored = Convention.objects.with_parties().get(pk=convention.pk)
        text = dump_agreement(convention=stored)
        assert parse_agreement(text) == agreement.normalised()
        with nothing_written():
            load_agreement(agreement=parse_agreement(text))


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(agreements(), agreements())
def test_any_agreement_may_become_any_other_of_the_same_parties(before, after):
    with undone():
        load_agreement(agreement=before)
        # The same convention, space and partner; all the rest is another's.
        after = parse_agreement(write_toml(as_of(before, after)))
        load_agreement(agreement=after)
        with nothing_written():
            load_agreement(agreement=after)
        stored = Convention.objects.with_parties().get(reference=after.convention.reference)
        assert without_order(agreement_of(stored)) == without_order(after.normalised())


def as_of(before: Agreement, after: Agreement) -> Agreement:
    """`after`, bearing the names by which `before` is found."""
    return replace(
        after,
        convention=replace(after.convention, reference=before.convention.reference),
        ccas=replace(after.ccas, name=before.ccas.name, siren=before.ccas.siren),
        site=replace(after.site, slug=before.site.slug),
        partner=replace(after.partner, slug=before.partner.slug),
    )


def without_order(agreement: Agreement) -> Agreement:
    """Offices and duties keep the order in which they came, which is not that of a later file."""
    offices = tuple(sorted(agreement.offices, key=lambda office: office.label))
    duties = tuple(sorted(agreement.obligations, key=repr))
    slots = tuple(sorted(agreement.slots, key=repr))
    # An area that the later file leaves out stays as it was.
    offices = tuple(replace(office, area_m2=None) for office in offices)
    return replace(agreement, offices=offices, obligations=duties, slots=slots)


# --- the shipped agreements and the command --------------------------------------------------------------------


def dumped(*arguments: str) -> str:
    out = StringIO()
    call_command("dump_convention", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_shipped_agreements_come_back_and_load_again(tmp_path):
    for path in (*shipped_files(), *demo_files()):
        load_file(path=path)
    for reference in Convention.objects.values_list("reference", flat=True):
        text = dumped(reference)
        with nothing_written():
            load_file(path=written(tmp_path, text))
        assert dumped(reference) == text
    text = dumped("besancon-cpam-2025")
    assert 'area_m2 = "15.64"' in text
    assert 'basis = "jours"' in text
    assert "{grille_usagers}" in text


@pytest.mark.django_db
def test_a_convention_made_in_the_pages_comes_out_and_loads(tmp_path):
    convention = ConventionFactory()
    slot_of(convention, 2, "08:30", "10:00")
    FeeTermsFactory(convention=convention)
    ArticleFactory(convention=convention, body="Première ligne.\r\n\r\n- un point\r\n")
    text = dump_agreement(convention=convention)
    with nothing_written():
        load_agreement(agreement=parse_agreement(text))
    assert "Première ligne.\n\n- un point\n" in text


@pytest.mark.django_db
def test_it_writes_to_a_file(tmp_path):
    load_agreement(agreement=parse_agreement(SMALL))
    target = tmp_path / "copie.toml"
    assert "écrit" in dumped("essai-2026", "--output", str(target))
    with nothing_written():
        load_file(path=target)
    with pytest.raises(CommandError, match="ne peut pas être écrit"):
        dumped("essai-2026", "--output", str(tmp_path))


@pytest.mark.django_db
def test_an_unknown_reference_is_answered_with_the_known_ones():
    with pytest.raises(CommandError, match=r"essai-2027.*Aucune n’est enregistrée"):
        dumped("essai-2027")
    load_agreement(agreement=parse_agreement(SMALL))
    with pytest.raises(CommandError, match=r"Vouliez-vous dire «.essai-2026.»"):
        dumped("essai-2027")


@pytest.mark.django_db
def test_what_the_form_does_not_allow_is_written_and_said():
    convention = load_agreement(agreement=parse_agreement(SMALL)).convention
    Article.objects.create(convention=convention, position=9, number="1", title="Double", body="Double.")
    out, errors = StringIO(), StringIO()
    call_command("dump_convention", "essai-2026", stdout=out, stderr=errors)
    assert 'title = "Double"' in out.getvalue()
    assert "déjà pris par articles[1]" in errors.getvalue()


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_convention():
    convention = load_agreement(agreement=parse_agreement(SMALL)).convention

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            dump_agreement(convention=Convention.objects.with_parties().get(pk=convention.pk))
        return len(captured)

    before = queries()
    for position in range(10, 30):
        ArticleFactory(convention=convention, position=position, number=str(position))
    for hour in range(10, 18):
        slot_of(convention, 5, f"{hour}:00", f"{hour}:45")
    assert queries() == before
