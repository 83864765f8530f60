from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from franceservices.identifiers import (
    TransmissionId,
    format_siren,
    parse_transmission_id,
    siren_is_valid,
    siret_is_valid,
)


@pytest.mark.parametrize("siren", ["262500564", "356000000", "732829320"])
def test_valid_siren(siren):
    assert siren_is_valid(siren)


@pytest.mark.parametrize("siren", ["262500565", "000000000", "", "26250056", "2625005640", "262 500 564", "26250056A"])
def test_invalid_siren(siren):
    assert not siren_is_valid(siren)


def test_other_digits_are_not_digits():
    assert not siren_is_valid("٢٦٢٥٠٠٥٦٤")


@given(position=st.integers(0, 8), digit=st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_found(position, digit):
    typed = "262500564"
    changed = typed[:position] + digit + typed[position + 1 :]
    assert siren_is_valid(changed) == (changed == typed)


def test_siret():
    assert siret_is_valid("73282932000074")
    assert not siret_is_valid("73282932000075")
    assert not siret_is_valid("7328293200007")
    assert not siret_is_valid("26250056500000")


def test_siret_of_la_poste_may_fail_luhn():
    assert siret_is_valid("35600000000048")
    assert siret_is_valid("35600000049837")
    assert not siret_is_valid("35600000049838")


def test_format_siren():
    assert format_siren("262500564") == "262\u00a0500\u00a0564"
    assert format_siren("inconnu") == "inconnu"


def test_golden_transmission_id():
    parsed = parse_transmission_id("025-262500564-20250219-D00191110-DE")
    assert parsed == TransmissionId(
        department="025", siren="262500564", session_on=date(2025, 2, 19), act="D00191110", kind="DE"
    )
    assert str(parsed) == "025-262500564-20250219-D00191110-DE"


@pytest.mark.parametrize("department", ["02A", "02B", "075", "973"])
def test_departments(department):
    assert parse_transmission_id(f" {department}-262500564-20250219-1-AR ").department == department


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "forme attendue"),
        ("14/2017/MT", "forme attendue"),
        ("25-262500564-20250219-D00191110-DE", "forme attendue"),
        ("025-262500564-20250219-D00191110-XX", "forme attendue"),
        ("025-262500564-20250219-D001911100000000-DE", "forme attendue"),
        ("025-262500564-20250219-d00191110-DE", "forme attendue"),
        ("025-262500564-20250219-D00191110-DE\nx", "forme attendue"),
        ("025-262500564-20250230-D00191110-DE", "date qui n’existe pas\u00a0: 30/02/2025"),
        ("025-262500565-20250219-D00191110-DE", "SIREN invalide"),
    ],
)
def test_wrong_transmission_id_is_explained(text, sentence):
    with pytest.raises(ValueError, match=sentence):
        parse_transmission_id(text)
