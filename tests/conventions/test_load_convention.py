"""`load_convention`: the shipped agreements, loading again, loading a changed file."""

import datetime as dt
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command

from bookings.models import Permanence
from conventions.agreements import (
    Action,
    AgreementRefused,
    demo_files,
    load_agreement,
    load_file,
    loading,
    parse_agreement,
    shipped_files,
)
from conventions.models import Article, Audience, Convention, Deliberation, Obligation, OfficeAllocation, PermanenceSlot
from partners.models import Contact, Office, OpeningHours, Partner, Site, SiteTimeZone
from tests.factories import ConventionFactory, OfficeFactory, UserFactory, slot_of

from .agreement_files import SMALL, edited, nothing_written, rows, written

pytestmark = pytest.mark.django_db


def load(text: str = SMALL, **options):
    return load_agreement(agreement=parse_agreement(text), **options)


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("load_convention", *arguments, stdout=out)
    return out.getvalue()


def grid() -> list[tuple]:
    slots = PermanenceSlot.objects.order_by("weekday", "start_time")
    return [(slot.weekday, f"{slot.start_time:%H:%M}", f"{slot.end_time:%H:%M}", slot.audience) for slot in slots]


# --- the shipped agreements ------------------------------------------------------------------------------------


def test_besancon_is_what_the_two_parties_agreed():
    load_file(path="besancon-cpam-2025")
    convention = Convention.objects.get(reference="besancon-cpam-2025")
    assert (convention.starts_on, convention.ends_on) == (dt.date(2025, 4, 1), dt.date(2028, 3, 31))
    assert (convention.notice_months, convention.tacit_renewal, convention.signed_on) == (3, False, None)
    assert convention.site.slug == "planoise"
    assert convention.ccas.siren == "262500564"
    assert (convention.partner.slug, convention.partner.colour) == ("cpam-doubs", "bleu")
    assert str(convention.deliberation.transmission_id) == "025-262500564-20250219-D00191110-DE"
    assert convention.deliberation.transmitted_on == dt.date(2025, 2, 24)
    office = Office.objects.get(site__slug="planoise", label="27")
    assert office.area_m2 == Decimal("15.64")
    assert grid() == [
        (2, "08:30", "10:00", Audience.SOCIAL_WORKERS),
        (2, "10:00", "12:30", Audience.PUBLIC),
        (2, "13:30", "16:30", Audience.PUBLIC),
        (4, "08:30", "12:30", Audience.PUBLIC),
        (4, "13:30", "16:30", Audience.PUBLIC),
    ]
    terms = convention.fee_terms
    assert (terms.annual_amount, terms.deliberated_amount) == (Decimal("1254.00"), Decimal("1564.00"))
    assert (terms.rate_per_m2, terms.basis, terms.area_rounding) == (Decimal("209.00"), "days", "down")
    assert [article.number for article in convention.articles.all()] == [str(number) for number in range(1, 13)]
    minutes = sum(
        (hours.end_time.hour - hours.start_time.hour) * 60 + hours.end_time.minute - hours.start_time.minute
        for hours in OpeningHours.objects.all()
    )
    assert minutes == 36 * 60


def test_montsinery_has_neither_office_nor_fee_and_its_order_is_only_a_warning():
    report = load_file(path="montsinery-cgss-2016")
    convention = report.convention
    assert (convention.starts_on, convention.ends_on) == (dt.date(2016, 8, 9), dt.date(2019, 8, 8))
    assert convention.site.time_zone == SiteTimeZone.CAYENNE
    assert convention.site.holiday_calendar == "973"
    assert (convention.ccas.siren, convention.ccas.insee_code) == ("", "97313")
    assert not convention.allocations.exists()
    assert not hasattr(convention, "fee_terms")
    assert convention.deliberation.body == "municipal_council"
    assert convention.deliberation.transmitted_on is None
    assert "numérique" in convention.annex
    assert [article.number for article in convention.articles.all()] == ["I", "II", "III", "IV", "V", "VI"]
    assert report.warnings == [
        "convention.signed_on\u00a0: signée le 9 août 2016, avant que la délibération soit exécutoire "
        "(au plus tôt le 2 mai 2017)."
    ]


def test_all_shipped_agreements_load_together_and_a_second_time_write_nothing():
    files = [str(path) for path in (*shipped_files(), *demo_files())]
    assert len(files) == 8
    command(*files)
    assert Convention.objects.count() == 8
    assert set(Partner.objects.filter(is_fictional=False).values_list("slug", flat=True)) == {
        "cpam-doubs",
        "cgss-guyane",
    }
    assert Site.objects.count() == 2
    for convention in Convention.objects.exclude(reference__in=["besancon-cpam-2025", "montsinery-cgss-2016"]):
        assert "ficti" in convention.title
        assert (convention.starts_on.year, convention.ends_on.year) == (2025, 2028)
    assert Permanence.objects.filter(partner__slug="cpam-doubs").exists()
    with nothing_written():
        said = command(*files)
    assert said.count("rien à changer") == 8


def test_the_demo_files_take_their_space_as_it_is():
    load_file(path="besancon-cpam-2025")
    Site.objects.update(phone="+33381412121")
    load_file(path="planoise-caf-fictive")
    assert Site.objects.get().phone == "+33381412121"
    assert OpeningHours.objects.count() == 10


# --- loading again -----------------------------------------------------------------------------------------------


def test_loading_twice_writes_nothing_and_tells_nobody(monkeypatch):
    load()
    told = []
    monkeypatch.setattr(loading, "grid_changed", lambda *, convention: told.append(convention) or [])
    with nothing_written():
        report = load()
    assert report.is_unchanged
    assert told == []


SITE_END = 'insee_code = "25056"\n\n[[site'
OTHER_OFFICE = edited(('label = "12"', 'label = "14"')).replace('office = "12"', 'office = "14"')
OTHER_CLOCK = edited((SITE_END, SITE_END.replace("\n\n", '\ntime_zone = "America/Cayenne"\n\n')))


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        (edited(('end_time = "16:30"', 'end_time = "16:00"')), True),
        (edited(("ends_on = 2028-12-31", "ends_on = 2028-11-30")), True),
        (OTHER_OFFICE, True),
        (OTHER_CLOCK, True),
        (edited(('"627.00"', '"630.00"')), False),
        (edited(('area_m2 = "12.40"', 'area_m2 = "12.50"')), False),
        (edited(('title = "Objet"', 'title = "Objet de la convention"')), False),
        (edited(('end_time = "12:30"\nstarts_on', 'end_time = "12:00"\nstarts_on')), False),
    ],
)
def test_the_floors_above_are_told_only_of_what_moves_dates(monkeypatch, text, is_told):
    load()
    told = []
    monkeypatch.setattr(loading, "grid_changed", lambda *, convention: told.append(convention) or [])
    assert not load(text).is_unchanged
    assert bool(told) is is_told


def test_a_new_clock_moves_the_dates_of_every_convention_of_the_space():
    load()
    other = edited(
        ("essai-2026", "autre-2026"), ('slug = "caisse"\nname = "Caisse', 'slug = "autre"\nname = "Autre caisse')
    )
    load(other.replace('"12"', '"13"'))
    report = load(OTHER_CLOCK)
    assert len(report.answers) == 2
    assert any("1 autre convention" in warning for warning in report.warnings)


# --- loading a changed file ------------------------------------------------------------------------------------


def test_a_changed_slot_keeps_its_row_and_the_others_are_not_touched():
    load()
    before = {(slot.weekday, slot.start_time): slot.pk for slot in PermanenceSlot.objects.all()}
    report = load(edited(('end_time = "16:30"', 'end_time = "16:00"')))
    assert [(change.action, change.what) for change in report.changes] == [
        (Action.UPDATED, "créneau jeudi 13h30–16h30 (bureau 12)")
    ]
    assert {(slot.weekday, slot.start_time): slot.pk for slot in PermanenceSlot.objects.all()} == before


def test_a_slot_that_left_the_file_goes_and_a_new_one_comes():
    load()
    kept = PermanenceSlot.objects.get(weekday=4).pk
    report = load(edited(('weekday = "lundi"\nstart_time = "10:00"', 'weekday = "mardi"\nstart_time = "10:00"')))
    assert {change.action for change in report.changes} == {Action.CREATED, Action.DELETED}
    assert PermanenceSlot.objects.get(weekday=4).pk == kept
    assert grid()[1] == (2, "10:00", "12:30", Audience.PUBLIC)


# The second slot begins where the first ends; one of them grows over the time that the other leaves.
@pytest.mark.parametrize("boundary", ["11:00", "09:00"])
def test_neighbours_may_take_each_other_s_time(boundary):
    load()
    keys = set(PermanenceSlot.objects.values_list("pk", flat=True))
    text = edited(
        ('end_time = "10:00"', f'end_time = "{boundary}"'), ('start_time = "10:00"', f'start_time = "{boundary}"')
    )
    load(text)
    assert set(PermanenceSlot.objects.values_list("pk", flat=True)) == keys
    with nothing_written():
        load(text)


def test_slots_that_exchange_their_times_are_exchanged():
    first, second = "starts_on = 2026-01-01\nends_on = 2026-06-30\n", "starts_on = 2026-07-01\nends_on = 2028-12-31\n"

    def overlapping(early: str, late: str) -> str:
        """Two slots whose hours overlap, one before the summer and one after it."""
        return edited(
            ('end_time = "10:00"\n', f'end_time = "12:00"\n{early}'),
            ('start_time = "10:00"\nend_time = "12:30"\n', f'start_time = "09:00"\nend_time = "12:30"\n{late}'),
        )

    load(overlapping(first, second))
    load(overlapping(second, first))
    with nothing_written():
        load(overlapping(second, first))


def test_another_office_takes_the_slots_along():
    load()
    keys = list(PermanenceSlot.objects.order_by("pk").values_list("pk", flat=True))
    load(edited(('label = "12"', 'label = "14"')).replace('office = "12"', 'office = "14"'))
    assert list(PermanenceSlot.objects.order_by("pk").values_list("pk", flat=True)) == keys
    assert set(PermanenceSlot.objects.values_list("office__label", flat=True)) == {"14"}
    assert Office.objects.filter(label="12").exists(), "le bureau lui-même n’est pas à la convention"


def test_slots_that_would_meet_another_use_on_the_way_are_made_anew():
    load()
    site = Site.objects.get()
    slot_of(ConventionFactory(site=site), 4, "13:30", "16:30", office=OfficeFactory(site=site, label="14"))
    text = OTHER_OFFICE.replace('"13:30"', '"08:30"').replace('end_time = "16:30"', 'end_time = "11:30"')
    load(text)
    assert grid()[2] == (4, "08:30", "11:30", Audience.PUBLIC)
    assert OfficeAllocation.objects.filter(office__label="14").count() == 2
    with nothing_written():
        load(text)


def test_what_the_file_does_not_name_is_left_alone():
    load()
    site = Site.objects.get()
    other = ConventionFactory(site=site)
    slot_of(other, 1, "08:30", "12:30", office=OfficeFactory(site=site, label="99"))
    load(edited(('end_time = "16:30"', 'end_time = "16:00"'), ('"627.00"', '"630.00"')))
    assert other.allocations.get().slots.count() == 1
    assert Office.objects.filter(label="99").exists()


def test_shared_facts_that_the_file_does_not_give_stay_and_the_others_follow_it():
    load()
    Site.objects.update(address="1 place de la Paix", phone="+33381412121")
    load()
    site = Site.objects.get()
    assert (site.address, site.phone) == ("1 place de la Paix", "+33381412121")
    other = ConventionFactory(site=site)
    report = load(edited(('short_name = "Essai"', 'short_name = "L’essai"\naddress = ""')))
    site.refresh_from_db()
    assert (site.address, site.short_name) == ("", "L’essai")
    assert report.warnings == [
        "[site]\u00a0: la fiche de essai (address, short_name) change aussi pour 1 autre convention."
    ]
    assert other.site == site


def test_lists_of_the_space_and_the_partner_stay_unless_given_then_they_are_the_whole_list():
    load()
    hours = (
        '[[site.opening_hours]]\nweekday = "lundi"\nstart_time = "08:30"\nend_time = "12:30"\nstarts_on = 2026-01-01\n'
    )
    contacts = '[[partner.contacts]]\nname = "Accueil"\nphone = "03 81 41 21 21"\n'
    load(edited((hours, ""), (contacts, "")))
    assert (OpeningHours.objects.count(), Contact.objects.get().phone) == (1, "+33381412121")
    load(edited((hours, ""), ('slug = "essai"', 'slug = "essai"\nopening_hours = []'), ('"Accueil"', '"Standard"')))
    assert not OpeningHours.objects.exists()
    assert Contact.objects.get().name == "Standard"


def test_articles_change_place_come_and_go_without_losing_their_rows():
    load()
    keys = dict(Article.objects.values_list("number", "pk"))
    first = (
        '[[articles]]\nnumber = "1"\ntitle = "Objet"\nbody = "Permanences de {partenaire_court} dans le {bureau}."\n'
    )
    load(edited((first, "")) + '\n[[articles]]\nnumber = "3"\ntitle = "Fin"\nbody = "Fin."\n\n' + first)
    articles = Article.objects.order_by("position")
    assert [article.number for article in articles] == ["2", "3", "1"]
    assert {article.number: article.pk for article in articles if article.number != "3"} == keys
    load()
    assert dict(Article.objects.values_list("number", "pk")) == keys


def test_ranks_typed_in_the_admin_stay():
    load()
    for article in Article.objects.all():
        article.position *= 10
        article.save()
    with nothing_written():
        load()


def test_line_ends_of_a_browser_are_no_change():
    load()
    article = Article.objects.get(number="2")
    article.body = article.body.replace("\n", "\r\n") + "\r\n"
    article.save()
    with nothing_written():
        load()


def test_a_duty_reworded_keeps_its_row_and_a_fee_that_left_the_file_goes():
    load()
    duty = Obligation.objects.get()
    fee = '[fee]\nannual_amount = "627.00"\nrate_per_m2 = "209.00"\n'
    load(edited(("Transmettre le nombre", "Donner le nombre"), (fee, "")))
    assert Obligation.objects.get().pk == duty.pk
    assert not hasattr(Convention.objects.get(), "fee_terms")


def test_a_deliberation_corrected_keeps_its_row_and_one_that_serves_another_convention_is_not_touched():
    load()
    act = Deliberation.objects.get()
    load(edited(('number = "n° 1"', 'number = "n° 2"')))
    assert Deliberation.objects.get().pk == act.pk
    ConventionFactory(site=Site.objects.get(), deliberation=act)
    load(edited(('number = "n° 1"', 'number = "n° 3"')))
    assert set(Deliberation.objects.values_list("number", flat=True)) == {"n° 2", "n° 3"}


def test_one_convention_succeeds_another():
    load()
    second = edited(
        ("essai-2026", "essai-2029"),
        ("starts_on = 2026-01-01", 'predecessor = "essai-2026"\nstarts_on = 2029-01-01'),
        ("ends_on = 2028-12-31", "ends_on = 2031-12-31"),
    )
    report = load(second)
    assert report.convention.predecessor.reference == "essai-2026"
    with nothing_written():
        load(second)


# --- the command -------------------------------------------------------------------------------------------------


def test_a_dry_run_says_all_and_keeps_nothing(tmp_path):
    path = written(tmp_path, SMALL)
    before = rows()
    said = command(path, "--dry-run")
    assert "création\u00a0: convention essai-2026" in said
    assert "annual_amount\u00a0: 627,00" in said
    assert "permanences créées" in said
    assert "rien n’a été enregistré" in said
    assert rows() == before
    command(path)
    before = rows()
    said = command(written(tmp_path, edited(('"627.00"', '"630.00"'))), "--dry-run")
    assert "annual_amount\u00a0: 627,00 → 630,00" in said
    assert rows() == before


def test_the_change_of_a_long_text_is_shown_where_it_is():
    long = "Le partenaire tient ses permanences dans les locaux que le CCAS met à sa disposition"
    load(edited(("Permanences de", f"{long} gratuitement. Permanences de")))
    report = load(edited(("Permanences de", f"{long} contre redevance. Permanences de")))
    assert "sa disposition gratuitement" in str(report.changes[0].fields[0])
    assert "sa disposition contre redevance" in str(report.changes[0].fields[0])


def test_one_bad_file_refuses_them_all(tmp_path):
    good = written(tmp_path, SMALL, "bonne.toml")
    bad = written(tmp_path, edited(("essai-2026", "essai-2027"), ('"jeudi"', '"jedui"')), "mauvaise.toml")
    with pytest.raises(CommandError, match=r"mauvaise\.toml.: 3 erreurs") as refusal:
        command(good, bad)
    assert "Rien n’a été enregistré." in str(refusal.value)
    assert not Convention.objects.exists()


def test_files_of_windows_editors_are_read(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert "création" in command(str(path))
    with nothing_written():
        load()


# --- who loads ---------------------------------------------------------------------------------------------------


def test_a_person_loads_for_her_own_ccas_and_the_admin_remembers_it():
    load()
    stranger = UserFactory()
    with pytest.raises(AgreementRefused, match="votre CCAS"):
        load(by=stranger)
    manager = UserFactory(ccas=Convention.objects.get().ccas)
    load(by=manager)
    assert not LogEntry.objects.exists()
    load(edited(('"627.00"', '"630.00"')), by=manager)
    assert LogEntry.objects.get().user == manager


def test_a_write_in_between_is_a_refusal_not_a_failure(monkeypatch):
    load()
    slot_of(ConventionFactory(site=Site.objects.get()), 3, "09:00", "12:00", office=Office.objects.get())
    monkeypatch.setattr(loading, "database_problems", lambda *arguments, **options: [])
    before = rows()
    with pytest.raises(AgreementRefused, match="slot_no_overlap"):
        load(edited(('weekday = "jeudi"\nstart_time = "13:30"', 'weekday = "mercredi"\nstart_time = "11:00"')))
    assert rows() == before
