"""The kinds and checklists that the command writes once."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from casefiles.models import CaseKind, RequiredDocument
from tests.factories import PartnerFactory

pytestmark = pytest.mark.django_db


def load(*arguments: str) -> str:
    out = StringIO()
    call_command("load_case_kinds", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("day", "slugs"),
    [
        (dt.date(2015, 12, 31), {"cmu-c", "acs"}),
        (dt.date(2016, 1, 1), {"cmu-c", "acs", "puma"}),
        (dt.date(2019, 10, 31), {"cmu-c", "acs", "puma"}),
        (dt.date(2019, 11, 1), {"c2s", "puma"}),
        (dt.date(2024, 2, 29), {"c2s", "puma"}),
    ],
)
def test_the_kinds_of_each_time(day, slugs):
    load()
    always = {"ame", "retraite-personnelle", "reversion", "aspa"}
    assert set(CaseKind.objects.valid_on(day).values_list("slug", flat=True)) == slugs | always


def test_the_law_s_clocks():
    load()
    c2s = CaseKind.objects.get(slug="c2s")
    assert (c2s.tacit_outcome, c2s.tacit_months, c2s.tacit_reference) == (
        "accepted",
        2,
        "Code de la sécurité sociale, article L861-5",
    )
    ame = CaseKind.objects.get(slug="ame")
    assert (ame.tacit_outcome, ame.tacit_months, ame.tacit_reference) == ("refused", 2, "")
    assert {kind.successor for kind in CaseKind.objects.filter(slug__in=["cmu-c", "acs"])} == {c2s}
    assert all(kind.required_documents.filter(is_mandatory=True).exists() for kind in CaseKind.objects.all())


def test_what_an_administrator_edited_is_never_put_back():
    load()
    CaseKind.objects.filter(slug="c2s").update(label="C2S, demande")
    RequiredDocument.objects.filter(kind__slug="c2s").delete()
    assert "déjà inscrites" in load()
    kind = CaseKind.objects.get(slug="c2s")
    assert (kind.label, kind.required_documents.count()) == ("C2S, demande", 0)


def test_the_caisses_are_given_once():
    cgss, cpam = PartnerFactory(slug="cgss-guyane"), PartnerFactory(slug="cpam-doubs")
    load("--sante", "cgss-guyane", "--retraite", "cgss-guyane")
    load("--sante", "cpam-doubs")
    assert list(CaseKind.objects.get(slug="c2s").partners.all()) == [cgss]
    assert CaseKind.objects.filter(partners=cgss).count() == 8
    assert not cpam.case_kinds.exists()


def test_an_unknown_caisse_is_said():
    with pytest.raises(CommandError, match="Aucun partenaire ne porte l’identifiant « cgs »"):
        load("--sante", "cgs")
