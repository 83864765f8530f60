"""Saying why a remark may stay: kept with who and when, folded away, back when the facts change, taken back."""

import datetime as dt
from decimal import Decimal
from html import unescape

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from conventions.models import Convention, FindingAcknowledgement
from conventions.remarks import acknowledge, remarks_on, take_back
from conventions.search import with_stage_facts
from franceservices.errors import DomainError
from partners.models import Role
from tests.factories import UserFactory

from .owed import on_day
from .scene import Scene

DAY = dt.date(2026, 11, 20)
LIST = "/conventions/coherence/"


@pytest.fixture
def scene(db):
    with on_day(DAY):
        yield Scene()


@pytest.fixture
def manager(scene):
    return UserFactory(role=Role.MANAGER, ccas=scene.ccas, first_name="Marc", last_name="Tissot")


@pytest.fixture
def browser(manager, client):
    client.force_login(manager)
    return client


def remark_of(convention: Convention, code: str = "two_amounts"):
    read = with_stage_facts(Convention.objects.all()).get(pk=convention.pk)
    return next(remark for remark in remarks_on([read])[read.pk] if remark.finding.code == code)


def said(scene, manager, *, code: str = "two_amounts", reason: str = "Erreur de plume") -> FindingAcknowledgement:
    finding = remark_of(scene.convention, code).finding
    return acknowledge(
        convention=scene.convention, code=code, fingerprint=finding.fingerprint, reason=reason, by=manager
    )


def address_of(remark) -> str:
    finding = remark.finding
    return reverse("conventions:remark_acknowledge", args=[remark.convention.pk, finding.code, finding.fingerprint])


def words(response) -> str:
    assert response.status_code == 200
    return " ".join(unescape(response.content.decode()).replace("\u00a0", " ").replace("\u202f", " ").split())


def test_it_is_kept_with_its_reason(scene, manager):
    kept = said(scene, manager, reason="  Erreur de plume  ")
    assert (kept.reason, kept.acknowledged_by) == ("Erreur de plume", manager)
    assert "310,00" in kept.sentence
    assert remark_of(scene.convention).acknowledgement == kept
    assert remark_of(scene.convention, "no_signature").acknowledgement is None


def test_it_comes_back_when_the_facts_change(scene, manager):
    said(scene, manager)
    scene.fee.deliberated_amount = Decimal(1600)
    scene.fee.save()
    assert remark_of(scene.convention).acknowledgement is None
    scene.fee.deliberated_amount = Decimal(1564)
    scene.fee.save()
    assert remark_of(scene.convention).acknowledgement is not None


def test_it_is_taken_back_and_stays_on_record(scene, manager):
    kept = said(scene, manager)
    back = take_back(acknowledgement=kept, by=manager)
    assert back.withdrawn_by == manager
    assert take_back(acknowledgement=kept, by=manager).withdrawn_at == back.withdrawn_at
    assert remark_of(scene.convention).acknowledgement is None
    again = said(scene, manager, reason="Vu avec la CPAM")
    assert FindingAcknowledgement.objects.count() == 2
    assert remark_of(scene.convention).acknowledgement == again


def test_what_is_refused(scene, manager):
    with pytest.raises(DomainError, match="Donnez le motif"):
        said(scene, manager, reason="  ")
    with pytest.raises(DomainError, match="Les faits ont changé"):
        acknowledge(convention=scene.convention, code="two_amounts", fingerprint="0" * 64, reason="x", by=manager)
    said(scene, manager)
    with pytest.raises(DomainError, match="déjà pris acte"):
        said(scene, manager)
    stranger = UserFactory(role=Role.MANAGER)
    with pytest.raises(Convention.DoesNotExist):
        said(scene, stranger)
    with pytest.raises(FindingAcknowledgement.DoesNotExist):
        take_back(acknowledgement=FindingAcknowledgement.objects.get(), by=stranger)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("finding_acknowledged_with_reason", {"reason": ""}),
        ("finding_acknowledgement_withdrawn_when_and_by", {"withdrawn_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}),
    ],
)
def test_the_database_keeps_the_rules(scene, manager, name, changes):
    kept = said(scene, manager)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        FindingAcknowledgement.objects.filter(pk=kept.pk).update(**changes)


# --- On the pages ----------------------------------------------------------------------------------------------------


def test_it_folds_away_on_the_page_of_the_convention(scene, browser):
    detail = reverse("conventions:convention_detail", args=[scene.convention.pk])
    address = address_of(remark_of(scene.convention))
    assert address in words(browser.get(detail))
    asked = words(browser.get(address))
    assert "310,00 € d’écart" in asked
    refused = words(browser.post(address, {"reason": ""}))
    assert "Donnez le motif en quelques mots." in refused
    done = words(browser.post(address, {"reason": "Erreur de plume"}, follow=True))
    assert "Acte pris de la remarque" in done
    assert "1 remarque<" in done
    assert "1 remarque dont il est pris acte" in done
    assert "Erreur de plume" in done
    assert "Marc Tissot, 20 novembre 2026" in done
    assert "1 remarque<" in words(browser.get("/conventions/"))
    kept = FindingAcknowledgement.objects.get()
    undo = reverse("conventions:remark_take_back", args=[kept.pk])
    assert undo in done
    assert browser.get(undo).status_code == 405
    assert "2 remarques" in words(browser.post(undo, follow=True))


def test_the_list_shows_them_apart(scene, browser, manager):
    said(scene, manager)
    assert "d’écart" not in words(browser.get(LIST))
    shown = words(browser.get(LIST, {"etat": "actees"}))
    assert "d’écart" in shown
    assert "Erreur de plume" in shown
    assert "2 remarques" in words(browser.get(LIST, {"etat": "toutes"}))
    address = f"{address_of(remark_of(scene.convention, 'no_signature'))}?depuis=liste"
    assert browser.post(address, {"reason": "Signée, date perdue"})["Location"] == LIST
    assert "Rien à remarquer" in words(browser.get(LIST))
    undo = reverse("conventions:remark_take_back", args=[FindingAcknowledgement.objects.latest("pk").pk])
    assert browser.post(f"{undo}?depuis=liste")["Location"] == LIST


def test_a_remark_that_is_gone_says_so(scene, browser):
    address = address_of(remark_of(scene.convention))
    scene.fee.deliberated_amount = None
    scene.fee.save()
    assert "n’a plus lieu d’être" in words(browser.get(address, follow=True))
    assert "Rien n’est enregistré" in words(browser.post(address, {"reason": "x"}, follow=True))
    assert not FindingAcknowledgement.objects.exists()


def test_out_of_the_perimeter_there_is_none(scene, client, manager):
    address, kept = address_of(remark_of(scene.convention)), said(scene, manager)
    undo = reverse("conventions:remark_take_back", args=[kept.pk])
    for stranger in (
        UserFactory(role=Role.MANAGER),
        UserFactory(role=Role.RECEPTION, ccas=scene.ccas, sites=[scene.site]),
        UserFactory(agent=True, partner=scene.partner),
    ):
        client.force_login(stranger)
        assert client.get(address).status_code == 404
        assert client.post(address, {"reason": "x"}).status_code == 404
        assert client.post(undo).status_code == 404
