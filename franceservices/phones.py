"""French telephone numbers, of the mainland and overseas: stored as E.164, shown as a French hand writes them."""

import re
import unicodedata

import phonenumbers

_WRITTEN_NUMBER = re.compile(r"\+?[\d\s().\-/]+", re.ASCII)

# The plan's overseas prefixes, read before anything else: libphonenumber also finds 0596, 0269 and 0508 possible in the
# mainland's own south-west and west, where no one has them.
_COUNTRY_CODE_BY_PREFIX = {
    **dict.fromkeys(("0590", "0690", "0691"), 590),
    **dict.fromkeys(("0594", "0694"), 594),
    **dict.fromkeys(("0596", "0696", "0697"), 596),
    **dict.fromkeys(("0262", "0263", "0269", "0692", "0693", "0639"), 262),
}
_MIQUELON_PREFIX, _MIQUELON_CODE = "0508", 508
_REGIONS = ("FR", "GF", "GP", "MQ", "RE", "YT", "PM")
_SHORTEST_NATIONAL_NUMBER = 9


def normalise_phone(text: str) -> str:
    """`text` as E.164: `03 81 41 21 21` gives `+33381412121`, `0594 39 30 00` gives `+594594393000`.

    A number with its country code (+41… or 0041…) may be of any country. One without is looked up in the French plan:
    overseas prefixes first, then the mainland, then the territories. Short numbers such as 3646 have no E.164 form.
    Raises `ValueError` with a French sentence.
    """
    typed = unicodedata.normalize("NFKC", text).strip()
    digits = re.sub(r"\D", "", typed)
    if _WRITTEN_NUMBER.fullmatch(typed) and len(digits) >= _SHORTEST_NATIONAL_NUMBER:
        for candidate, region in _candidates(typed, digits):
            try:
                number = phonenumbers.parse(candidate, region)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(number):
                return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise ValueError(
        f"«\u00a0{typed[:40]}\u00a0» n’est pas un numéro de téléphone valide. Écrivez dix chiffres, "
        "par exemple 03 81 41 21 21, ou +41… pour un numéro étranger."
    )


def format_phone(e164: str) -> str:
    """`+33381412121` as `03 81 41 21 21`, `+594594393000` as `0594 39 30 00`, foreign ones as `+41 22 317 91 11`.

    What cannot be read as a number is returned as it is: the page shows what was stored.
    """
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    if number.country_code == _MIQUELON_CODE:
        return f"{_MIQUELON_PREFIX} {_in_pairs(str(number.national_number))}"
    is_french = number.country_code in {33, *_COUNTRY_CODE_BY_PREFIX.values()}
    style = phonenumbers.PhoneNumberFormat.NATIONAL if is_french else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def is_mobile(e164: str) -> bool:
    """Whether a text message can reach the number. What cannot be read as a number is none."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return False
    # Some countries' plans do not tell the two kinds apart.
    return phonenumbers.number_type(number) in (
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    )


def _candidates(typed: str, digits: str) -> list[tuple[str, str | None]]:
    """What to parse, and in which region, in order; an overseas prefix leaves no other reading."""
    if typed.startswith("+"):
        return [(typed, None)]
    if digits.startswith(_MIQUELON_PREFIX):
        return [(f"+{_MIQUELON_CODE}{digits.removeprefix(_MIQUELON_PREFIX)}", None)]
    country_code = _COUNTRY_CODE_BY_PREFIX.get(digits[:4])
    if country_code is not None:
        return [(f"+{country_code}{digits[1:]}", None)]
    return [(typed, region) for region in _REGIONS]


def _in_pairs(digits: str) -> str:
    return " ".join(digits[at : at + 2] for at in range(0, len(digits), 2))
