"""Amounts in words, as a French accounting document closes: « mille deux cent cinquante-quatre euros ».

Written here because the one library that does it (num2words) needs `docopt`, which has had no release since 2014 and
none that installs without being built. Hyphens join the words of numbers below a hundred only: the spelling of public
accounting, which the reform of 1990 lets stand beside its own.
"""

from decimal import Decimal

from .money import as_fraction, to_cents

_UNITS = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze"),
    *("treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf"),
)
_TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante", 8: "quatre-vingt"}
LARGEST = 999_999_999


def number_in_words(number: int) -> str:
    """`1254` as « mille deux cent cinquante-quatre ». Raises `ValueError` outside [0, 999 999 999]."""
    if not 0 <= number <= LARGEST:
        raise ValueError(f"Un nombre entre 0 et {LARGEST} est attendu.")
    if not number:
        return _UNITS[0]
    millions, rest = divmod(number, 1_000_000)
    thousands, below = divmod(rest, 1_000)
    words = []
    if millions:
        words.append(f"{_below_thousand(millions, is_last=True)} million{'s' if millions > 1 else ''}")
    if thousands:
        # « mille » takes no « un » before it and no mark of the plural: neither do the hundreds that count it.
        words.append("mille" if thousands == 1 else f"{_below_thousand(thousands, is_last=False)} mille")
    if below:
        words.append(_below_thousand(below, is_last=True))
    return " ".join(words)


def euros_in_words(amount: Decimal) -> str:
    """`940.50` as « neuf cent quarante euros et cinquante centimes »; no cents are named where there are none.

    Raises `TypeError` for a float, `ValueError` for a negative amount, one finer than the cent or one over a thousand
    million.
    """
    if as_fraction(amount) != as_fraction(to_cents(amount)):
        raise ValueError("Un montant en euros et centimes entiers est attendu.")
    euros, cents = divmod(int(amount * 100), 100)
    # « un million d’euros », « deux millions cent euros ».
    of = "d’" if euros and euros % 1_000_000 == 0 else ""
    words = f"{number_in_words(euros)} {of}euro{'s' if euros > 1 else ''}"
    if not cents:
        return words
    in_cents = f"{number_in_words(cents)} centime{'s' if cents > 1 else ''}"
    return f"{words} et {in_cents}" if euros else in_cents


def _below_thousand(number: int, *, is_last: bool) -> str:
    """The words of 1 to 999; `is_last` when « mille » does not follow: only then cents and quatre-vingts end in s."""
    hundreds, rest = divmod(number, 100)
    words = []
    if hundreds > 1:
        words.append(_UNITS[hundreds])
    if hundreds:
        words.append("cents" if hundreds > 1 and not rest and is_last else "cent")
    if rest:
        words.append(_below_hundred(rest, is_last=is_last))
    return " ".join(words)


def _below_hundred(number: int, *, is_last: bool) -> str:
    if number < 20:
        return _UNITS[number]
    tens, unit = divmod(number, 10)
    if tens in (7, 9):
        # Counted from soixante and quatre-vingt: soixante-douze, quatre-vingt-douze.
        tens, unit = tens - 1, unit + 10
    if not unit:
        return "quatre-vingts" if tens == 8 and is_last else _TENS[tens]
    # « vingt et un », « soixante et onze », but « quatre-vingt-un », « quatre-vingt-onze ».
    link = " et " if unit in (1, 11) and tens != 8 else "-"
    return f"{_TENS[tens]}{link}{_UNITS[unit]}"
