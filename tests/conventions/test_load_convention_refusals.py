"""`load_convention` refuses a bad file whole: every error at once, each with its key and what was expected."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from conventions.agreements import AgreementRefused, form, load_agreement, load_file, load_text, parse_agreement
from conventions.agreements.files import LARGEST_BYTES
from conventions.agreements.reading import read_text
from conventions.agreements.schema import Part
from conventions.models import (
    Audience,
    BookingMode,
    Convention,
    DeliberatingBody,
    Frequency,
    ObligationKind,
    Party,
)
from conventions.models.fee_terms import AmountRounding, AreaRounding, ProrationBasis
from conventions.placeholders import PLACEHOLDERS
from partners.models import Ccas, HolidayCalendar, PartnerColour, Site, SiteTimeZone, Weekday
from tests.factories import ConventionFactory, PartnerFactory, SiteFactory, slot_of

from .agreement_files import SMALL, edited, nothing_written, undone, written

SLOT_3 = 'weekday = "jeudi"\nstart_time = "13:30"\nend_time = "16:30"'


def cases(name: str) -> list[tuple[list[tuple[str, str]], str, str]]:
    """`(changes, path, said)` of each block of a table beside this file."""
    table = (Path(__file__).parent / name).read_text(encoding="utf-8")
    blocks = [block.split("\n") for block in table.strip().split("\n\n")[1:]]
    found = []
    for path, *lines in blocks:
        texts = [(line[2:3], line[4:].replace("⏎", "\n")) for line in lines]
        gone, come, said = ([text for sign, text in texts if sign == wanted] for wanted in "-+=")
        found.append((list(zip(gone, come, strict=True)), path, said[0]))
    return found


def by_path(refusal: AgreementRefused) -> dict[str, str]:
    """The problems by key path, with ordinary spaces."""
    said = [str(problem).replace("\u00a0", " ") for problem in refusal.problems]
    return {problem.split(" ")[0]: problem for problem in said}


def refused(text: str) -> dict[str, str]:
    """What is refused in `text`, by key path."""
    with pytest.raises(AgreementRefused) as refusal:
        parse_agreement(text)
    return by_path(refusal.value)


@pytest.mark.parametrize(("changes", "path", "said"), cases("form_errors.txt"))
def test_each_error_is_said_at_its_key(changes, path, said):
    problems = refused(edited(*changes))
    assert path in problems, problems
    assert said in problems[path]


@pytest.mark.parametrize(
    ("old", "new", "path", "said"),
    [
        ("Convention d’essai", "x" * 5000, "convention.title", "au plus 300 caractères"),
        ("= 3", f"= 0x{'f' * 6000}", "convention.notice_months", "démesuré"),
    ],
)
def test_what_is_too_long_is_cut_short_in_the_sentence(old, new, path, said):
    problem = refused(edited((old, new)))[path]
    assert said in problem
    assert len(problem) < 250


def test_the_line_of_each_error_is_said():
    text = edited(('"jeudi"', '"jedui"'), ('"12.40"', '"12,40"'), ('number = "2"\ntitle', 'number = "1"\ntitle'))
    lines = text.split("\n")
    for path, wanted in [
        ("slots[3].weekday", 'weekday = "jedui"'),
        ("offices[1].area_m2", 'area_m2 = "12,40"'),
        ("articles[2].number", 'number = "1"'),
    ]:
        line = int(re.search(r"\(ligne (\d+)\)", refused(text)[path])[1])
        assert lines[line - 1] == wanted
    # A text of several lines that looks like TOML is not taken for it.
    text = edited(
        ("- les rendez-vous,", '[[slots]]\nweekday = "jedui"'), ('frequency = "chaque mois"', "frequency = 1")
    )
    text += '\n[[obligations]]\nkind = "autre"\n'
    lines = text.split("\n")
    line = int(re.search(r"\(ligne (\d+)\)", refused(text)["obligations[2].label"])[1])
    assert lines[line - 1] == "[[obligations]]"
    assert line > lines.index("frequency = 1")


def test_every_error_of_a_file_is_said_at_once():
    text = edited(
        ("262500564", "262500565"),
        ("ends_on = 2028-12-31", "ends_on = 2025-12-31"),
        ('"12.40"', "12.40"),
        ('"jeudi"', '"jedui"'),
        ('audience = "travailleurs sociaux"', 'public = "usagers"'),
        ("{bureau}", "{buro}"),
        ('owed_by = "partenaire"\n', ""),
    )
    assert set(refused(text)) == {
        "ccas.siren",
        "convention.ends_on",
        "offices[1].area_m2",
        "slots[3].weekday",
        "slots[1].public",
        "articles[1].body",
        "obligations[1].owed_by",
    }


def test_what_could_not_be_read_is_not_said_to_be_missing_too():
    assert set(refused(edited((f'office = "12"\n{SLOT_3}', f"office = 12\n{SLOT_3}")))) == {"slots[3].office"}
    assert set(refused(edited(('"209.00"', '"209.00"\nbasis = "fixe"\nratio = 0.4')))) == {"fee.ratio"}


# --- files that cannot be read ---------------------------------------------------------------------------------


def refused_file(path: object) -> str:
    with pytest.raises(CommandError) as refusal:
        call_command("load_convention", str(path), stdout=StringIO())
    return str(refusal.value)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (SMALL.encode("latin-1", errors="replace"), "trouvé l’octet 0x"),
        (SMALL.encode("utf-16"), "n’est pas en UTF-8"),
        (b"#" * (LARGEST_BYTES * 5), "1 Mo au plus"),
        (b"", "Table obligatoire, absente\u00a0: ajoutez [convention]"),
        (b'titre "x"\n', 'trouvé «\u00a0titre "x"\u00a0». Ce n’est pas du TOML (colonne 7). Il manque le signe ='),
        (b"a = 1\n\n[x]\nb = \n", "(ligne 4)"),
        (b'a = """\n', "n’est pas refermé"),
        (b"a = 1\na = 2\n", "déjà donnée plus haut"),
        (b"[x]\n[x]\n", "déjà donnée plus haut"),
        (b"a = 2026-02-30\n", "Cette date n’existe pas"),
        (b"a = [1, 2\n", "n’est pas refermée"),
        (b"a = " + b"9" * 5000, "démesuré"),
        (b"a = " + b"[" * 100_000, "emboîtés"),
        (b"\x00", "(ligne 1)"),
        (b"<html>", "pas du TOML"),
    ],
)
def test_a_file_that_is_no_agreement_is_refused_with_a_sentence(tmp_path, content, said):
    path = tmp_path / "essai.toml"
    path.write_bytes(content)
    message = refused_file(path)
    assert said in message
    assert "Rien n’a été enregistré." in message


@pytest.mark.django_db
def test_a_path_that_is_no_file_is_refused_with_a_sentence(tmp_path):
    assert "C’est un dossier" in refused_file(tmp_path)
    missing = refused_file("besancon-cpam-2026")
    assert "n’existe pas" in missing
    assert "Vouliez-vous dire «\u00a0besancon-cpam-2025\u00a0»" in missing
    assert "ordinaire" in refused_file("/dev/null")
    assert "ne peut pas être lu" in refused_file("x" * 5000)


# --- what only the database knows ------------------------------------------------------------------------------


@pytest.fixture
def loaded(db) -> Convention:
    return load_agreement(agreement=parse_agreement(SMALL)).convention


def refused_load(text: str, tmp_path: Path) -> dict[str, str]:
    with nothing_written(), pytest.raises(AgreementRefused) as refusal:
        load_file(path=written(tmp_path, text))
    return by_path(refusal.value)


@pytest.mark.parametrize(("changes", "path", "said"), cases("database_errors.txt"))
def test_what_contradicts_the_database_is_refused(loaded, tmp_path, changes, path, said):
    problems = refused_load(edited(*changes), tmp_path)
    assert path in problems, problems
    assert said in problems[path]


def test_a_siren_of_another_partner_is_refused(loaded, tmp_path):
    PartnerFactory(siren="262500564")
    text = edited(('short_name = "Caisse"', 'short_name = "Caisse"\nsiren = "262500564"'))
    assert "Un partenaire porte déjà ce SIREN." in refused_load(text, tmp_path)["partner"]


def test_errors_of_the_text_and_of_the_database_are_said_together(loaded, tmp_path):
    text = edited(("essai-2026", "autre"), ('"12.40"', '"12,40"'), ("notice_months = 3", 'predecessor = "inconnue"'))
    assert {"offices[1].area_m2", "convention.predecessor", "slots[1]", "slots[2]", "slots[3]"} == set(
        refused_load(text, tmp_path)
    )


def test_a_room_is_refused_only_when_times_and_dates_both_meet(loaded, tmp_path):
    other = edited(
        ("essai-2026", "autre"),
        ('slug = "caisse"\nname = "Caisse d’essai"', 'slug = "mutuelle"\nname = "Mutuelle"'),
        ("starts_on = 2026-01-01", "starts_on = 2029-01-01"),
        ("ends_on = 2028-12-31", "ends_on = 2030-12-31"),
    )
    load_file(path=written(tmp_path, other))
    assert Convention.objects.count() == 2


def test_an_empty_database_refuses_a_file_that_leaves_the_space_to_another(db, tmp_path):
    with pytest.raises(AgreementRefused) as refusal:
        load_file(path="planoise-caf-fictive")
    assert {str(problem).split(" ")[0] for problem in refusal.value.problems} == {"ccas.siren", "site.slug"}
    assert not Ccas.objects.exists()
    assert not Site.objects.exists()


def test_a_slot_of_another_convention_is_named(db, tmp_path):
    site = SiteFactory(slug="essai", ccas__name="CCAS d’Essai", ccas__siren="262500564")
    other = ConventionFactory(site=site, reference="deja-la")
    slot_of(other, 4, "15:00", "17:00", office=site.offices.create(label="12"))
    assert "« deja-la »" in refused_load(SMALL, tmp_path)["slots[3]"]


# --- nothing makes it fall ------------------------------------------------------------------------------------


@given(st.text(max_size=400))
def test_any_text_is_an_agreement_or_a_list_of_problems(text):
    assert read_text(text).problems


SCALARS = ['""', '"lundi"', '"2/5"', '"12:00"', '"{x}"', "1", "-1", "1.5", "nan", "true", "2026-01-01", "10:00:00"]
NAMES = ["label", "weekday", "number", "x"]


def as_table(items: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name} = {value}" for name, value in items.items()) + "}"


TOML_VALUES = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=3).map(as_table),
    ),
    max_leaves=5,
)


@pytest.mark.django_db
@hypothesis_settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_value_at_any_key_is_loaded_or_refused(data):
    lines = SMALL.split("\n")
    keys = [number for number, line in enumerate(lines) if re.match(r'\w+ = (?!""")', line)]
    for number in data.draw(st.lists(st.sampled_from(keys), min_size=1, max_size=3)):
        lines[number] = f"{lines[number].partition(' =')[0]} = {data.draw(TOML_VALUES)}"
    with undone():
        load_agreement(agreement=parse_agreement(SMALL))
        problems = []
        try:
            load_text(text="\n".join(lines))
        except AgreementRefused as refusal:
            problems = refusal.problems
    assert all(problem.path and problem.line for problem in problems)


# --- the form and its description ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "choices"),
    [
        (form.WEEKDAY, Weekday),
        (form.AUDIENCE, Audience),
        (form.MODE, BookingMode),
        (form.BODY, DeliberatingBody),
        (form.BASIS, ProrationBasis),
        (form.AREA_ROUNDING, AreaRounding),
        (form.AMOUNT_ROUNDING, AmountRounding),
        (form.OBLIGATION_KIND, ObligationKind),
        (form.PARTY, Party),
        (form.FREQUENCY, Frequency),
        (form.COLOUR, PartnerColour),
        (form.TIME_ZONE, SiteTimeZone),
        (form.HOLIDAY_CALENDAR, HolidayCalendar),
    ],
)
def test_every_choice_of_the_models_has_its_word(words, choices):
    assert set(words.values.values()) == {choice.value for choice in choices}


def parts(part: type[Part]) -> list[type[Part]]:
    inner = [key.part for key in part.keys().values() if key.part]
    return [part, *(found for child in inner for found in parts(child))]


def test_the_description_names_every_key_word_and_placeholder():
    text = (Path(settings.BASE_DIR) / "docs" / "conventions-toml.md").read_text(encoding="utf-8")
    for part in parts(form.Agreement):
        for name, key in part.keys().items():
            assert f"`{name}`" in text or f"[{name}]" in text or f"{name}]" in text, name
            if hasattr(key.kind, "values") and key.kind is not form.WEEKDAY:
                for word in key.kind.values:
                    assert f'`"{word}"`' in text, word
    for name in PLACEHOLDERS:
        assert f"`{{{name}}}`" in text
