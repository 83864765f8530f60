import pytest

from franceservices.phones import format_phone, normalise_phone


@pytest.mark.parametrize(
    ("typed", "e164", "written"),
    [
        ("03 81 41 21 21", "+33381412121", "03 81 41 21 21"),
        ("0381412121", "+33381412121", "03 81 41 21 21"),
        ("06.12.34.56.78", "+33612345678", "06 12 34 56 78"),
        ("06-12-34-56-78", "+33612345678", "06 12 34 56 78"),
        ("+33 (0)3 81 41 21 21", "+33381412121", "03 81 41 21 21"),
        ("0033 3 81 41 21 21", "+33381412121", "03 81 41 21 21"),
        ("03\u00a081\u202f41 21 21", "+33381412121", "03 81 41 21 21"),
        ("09 70 80 90 10", "+33970809010", "09 70 80 90 10"),
        ("0594 39 30 00", "+594594393000", "0594 39 30 00"),
        ("0694 20 20 20", "+594694202020", "0694 20 20 20"),
        ("0590 81 00 00", "+590590810000", "0590 81 00 00"),
        ("0596 60 60 60", "+596596606060", "0596 60 60 60"),
        ("0262 90 00 00", "+262262900000", "0262 90 00 00"),
        ("0692 12 34 56", "+262692123456", "0692 12 34 56"),
        ("0269 61 00 00", "+262269610000", "0269 61 00 00"),
        ("0508 41 12 34", "+508411234", "0508 41 12 34"),
        ("+41 22 317 91 11", "+41223179111", "+41 22 317 91 11"),
    ],
)
def test_numbers_of_the_mainland_overseas_and_abroad(typed, e164, written):
    assert normalise_phone(typed) == e164
    assert normalise_phone(e164) == e164
    assert format_phone(e164) == written


@pytest.mark.parametrize(
    "typed",
    [
        *("", "   ", "3646", "41 12 34", "03 81 41 21", "03 81 41 21 21 21", "abc", "O381412121", "+", "9" * 5000),
        "<script>",
        "📞",
        "00 00 00 00 00",
        "03 81 41 21 21 poste 12",
    ],
)
def test_the_rest_is_refused_with_a_sentence(typed):
    with pytest.raises(ValueError, match="n’est pas un numéro de téléphone valide") as refusal:
        normalise_phone(typed)
    assert len(str(refusal.value)) < 250


def test_what_is_no_number_is_shown_as_stored():
    assert format_phone("inconnu") == "inconnu"
