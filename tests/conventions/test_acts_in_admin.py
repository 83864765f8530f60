"""What administrators type of an act, a clause and a stage; and what a denunciation leaves them to change."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from conventions.denunciation import denounce_convention
from conventions.models import NoticeReading, Party, PermanenceSlot
from tests.admin_pages import messages_of, shown_values

from .scene import Scene

ID = "025-262500564-20250219-D00191110-DE"


@pytest.fixture(autouse=True)
def _november_2026():
    with time_machine.travel(dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def scene(db) -> Scene:
    return Scene()


@pytest.fixture
def editor(scene, client):
    client.force_login(scene.administrator)
    return client


def save(browser, row, **changes: str):
    """Open the page of `row`, change some answers, save and keep editing."""
    url = reverse(f"admin:conventions_{row._meta.model_name}_change", args=[row.pk])
    values = shown_values(browser.get(url)) | {"_continue": "1"} | changes
    return browser.post(url, {name: value for name, value in values.items() if value is not None}, follow=True)


def test_an_id_that_answers_to_the_act_is_kept_in_silence(scene, editor):
    scene.ccas.siren = "262500564"
    scene.ccas.save()
    told = messages_of(save(editor, scene.deliberation, transmission_id=ID))
    scene.deliberation.refresh_from_db()
    assert scene.deliberation.transmission_id == ID
    assert "Identifiant" not in told


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (
            "025-262500564-20250220-D00191110-DE",
            "il porte la date du 20 février 2025, la séance est du 19 février 2025.",
        ),
        ("973-262500564-20250219-D00191110-DE", "il porte le département 973"),
    ],
)
def test_one_that_does_not_is_kept_and_said(scene, editor, typed, told):
    response = save(editor, scene.deliberation, transmission_id=typed)
    scene.deliberation.refresh_from_db()
    assert scene.deliberation.transmission_id == typed
    assert told in messages_of(response)


def test_one_that_is_none_is_refused(scene, editor):
    response = save(editor, scene.deliberation, transmission_id="D00191110")
    assert "n’a pas la forme attendue" in response.content.decode()
    scene.deliberation.refresh_from_db()
    assert scene.deliberation.transmission_id == ""


def test_the_reading_of_the_clause_is_chosen(scene, editor):
    page = editor.get(reverse("admin:conventions_convention_change", args=[scene.convention.pk])).content.decode()
    assert "L’autre lecture reste affichée à côté." in page
    save(editor, scene.convention, notice_reading="anniversary", notice_article="10")
    scene.convention.refresh_from_db()
    assert (scene.convention.notice_reading, scene.convention.notice_article) == (NoticeReading.ANNIVERSARY, "10")


def test_a_denounced_convention_keeps_its_term_and_its_grid_may_change(scene, editor):
    denounce_convention(
        convention=scene.convention,
        received_on=dt.date(2026, 9, 1),
        by_party=Party.PARTNER,
        takes_effect_on=dt.date(2026, 12, 31),
        by=scene.administrator,
    )
    page = editor.get(reverse("admin:conventions_convention_change", args=[scene.convention.pk])).content.decode()
    assert "Dénonciation" in page
    assert 'name="ends_on"' not in page
    number = next(
        name.removesuffix("-id")
        for name, value in shown_values(
            editor.get(reverse("admin:conventions_convention_change", args=[scene.convention.pk]))
        ).items()
        if name.startswith("slots-") and name.endswith("-id") and value == str(scene.thursday_morning.pk)
    )
    save(editor, scene.convention, **{f"{number}-end_time": "12h00", "ends_on": "2030-01-01"})
    slot = PermanenceSlot.objects.get(pk=scene.thursday_morning.pk)
    assert (slot.end_time, slot.ends_on) == (dt.time(12, 0), dt.date(2026, 12, 31))
    scene.convention.refresh_from_db()
    assert scene.convention.ends_on == dt.date(2026, 12, 31)


def test_the_list_is_filtered_by_stage(scene, editor):
    address = reverse("admin:conventions_convention_changelist")
    for stage, found in (("in_force", True), ("denounced", False), ("expired", False)):
        page = editor.get(address, {"etape": stage}).content.decode()
        assert (scene.convention.reference in page) is found
