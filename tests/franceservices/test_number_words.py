"""Amounts in words: the traps of French numbers as a table."""

from decimal import Decimal

import pytest

from franceservices.number_words import euros_in_words, number_in_words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zéro"),
        (1, "un"),
        (16, "seize"),
        (17, "dix-sept"),
        (21, "vingt et un"),
        (22, "vingt-deux"),
        (61, "soixante et un"),
        (70, "soixante-dix"),
        (71, "soixante et onze"),
        (72, "soixante-douze"),
        (80, "quatre-vingts"),
        (81, "quatre-vingt-un"),
        (90, "quatre-vingt-dix"),
        (91, "quatre-vingt-onze"),
        (99, "quatre-vingt-dix-neuf"),
        (100, "cent"),
        (101, "cent un"),
        (200, "deux cents"),
        (201, "deux cent un"),
        (280, "deux cent quatre-vingts"),
        (1000, "mille"),
        (1254, "mille deux cent cinquante-quatre"),
        (1564, "mille cinq cent soixante-quatre"),
        (2000, "deux mille"),
        (21_500, "vingt et un mille cinq cents"),
        (80_000, "quatre-vingt mille"),
        (200_000, "deux cent mille"),
        (280_080, "deux cent quatre-vingt mille quatre-vingts"),
        (1_000_000, "un million"),
        (80_000_000, "quatre-vingts millions"),
        (200_000_000, "deux cents millions"),
        (
            999_999_999,
            "neuf cent quatre-vingt-dix-neuf millions neuf cent quatre-vingt-dix-neuf mille neuf cent quatre-"
            "vingt-dix-neuf",
        ),
    ],
)
def test_numbers(number, words):
    assert number_in_words(number) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("1254.00", "mille deux cent cinquante-quatre euros"),
        ("940.50", "neuf cent quarante euros et cinquante centimes"),
        ("1.00", "un euro"),
        ("1.01", "un euro et un centime"),
        ("0.01", "un centime"),
        ("0.00", "zéro euro"),
        ("80.00", "quatre-vingts euros"),
        ("1000000.00", "un million d’euros"),
        ("2000100.00", "deux millions cent euros"),
    ],
)
def test_euros(amount, words):
    assert euros_in_words(Decimal(amount)) == words


@pytest.mark.parametrize("number", [-1, 1_000_000_000])
def test_out_of_reach(number):
    with pytest.raises(ValueError):
        number_in_words(number)


@pytest.mark.parametrize(("amount", "error"), [(Decimal("1.001"), ValueError), (1.5, TypeError)])
def test_amounts_that_are_none(amount, error):
    with pytest.raises(error):
        euros_in_words(amount)
