"""Files for spreadsheets: French marks, and nothing that a spreadsheet would take for a formula."""

import datetime as dt
from decimal import Decimal

import pytest

from franceservices.csv_files import csv_response, render_csv


def test_cells_are_written_as_french_spreadsheets_read_them():
    text = render_csv(
        ["Nom", "Montant", "Jour", "Nombre", "Vide"],
        [["Amrani; « Leïla »", Decimal("1254.50"), dt.date(2026, 3, 1), 12, None]],
    )
    assert text == '\ufeffNom;Montant;Jour;Nombre;Vide\r\n"Amrani; « Leïla »";1254,50;01/03/2026;12;\r\n'


@pytest.mark.parametrize("typed", ["=1+1", "+33612345678", "-2", "@SOMME(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(typed):
    line = render_csv(["Nom"], [[typed]]).split("\r\n", 1)[1]
    assert line.lstrip('"').startswith("'")


def test_numbers_of_ours_stay_numbers():
    assert render_csv(["Écart"], [[Decimal("-12.50")], [-3]]).split("\r\n")[1:3] == ["-12,50", "-3"]


def test_the_answer_is_saved_under_a_plain_name():
    answer = csv_response(render_csv(["Nom"], []), "Dossiers à compléter\r\nX: 1")
    assert answer["Content-Disposition"] == 'attachment; filename="dossiers-a-completer-x-1.csv"'
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
