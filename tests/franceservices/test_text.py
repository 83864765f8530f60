import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from franceservices.text import LONGEST_FILE_NAME, fold, safe_filename


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Lætitia  D’Hérouville-Cœur", "laetitia d herouville coeur"),
        ("M'BONGO", "m bongo"),
        ("Montsinéry-Tonnégrande", "montsinery tonnegrande"),
        ("  ÉLODIE\u00a0\tÇELIK\n", "elodie celik"),
        ("Strauß", "strauss"),
        ("李 雷", "李 雷"),
        ("", ""),
        ("’-", ""),
    ],
)
def test_fold(text, folded):
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text):
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(f"  {text} ") == folded


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Convention CPAM du Doubs 2025–2028", "convention-cpam-du-doubs-2025-2028"),
        ("../../etc/passwd", "etc-passwd"),
        (".htaccess", "htaccess"),
        ('a"\r\nX-Evil: 1', "a-x-evil-1"),
        ("📄", "document"),
        ("", "document"),
    ],
)
def test_safe_filename(text, name):
    assert safe_filename(text) == name


@given(st.text(max_size=400))
def test_any_text_gives_a_file_name(text):
    name = safe_filename(text)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert len(name) <= LONGEST_FILE_NAME
