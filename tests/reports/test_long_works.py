"""Long works: made in steps, watched, cancelled, taken over from a dead worker, their file private and not for ever."""

import csv
import datetime as dt
import os
import time
from io import StringIO

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import connections
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from franceservices.errors import DomainError
from partners.models import Role
from reports import long_works
from reports.exports import exported_rows, row_header
from reports.figures import appointments, desk_visits
from reports.kept_scopes import kept_scope
from reports.long_works import MadeFile, ask_for, cancel_work, forget_expired_works, run_work, sweep_works
from reports.makers import MAKERS
from reports.models import LongWork, WorkKind, WorkState
from reports.models.long_work import work_storage
from tests.factories import UserFactory
from tests.reports.scene import figure_address

RUN = "reports.tasks.run_work"


class Killed(BaseException):
    """The worker is gone, whatever it was doing."""


def ask(
    scene, *, by=None, figure=appointments.HELD, extension="csv", first="2026-03-01", last="2026-03-31"
) -> LongWork:
    parameters = {
        "figure": figure.slug,
        "extension": extension,
        "scope": kept_scope(scene.scope(first, last)),
    }
    return ask_for(kind=WorkKind.FIGURE_ROWS, title="Mars", parameters=parameters, by=by or scene.manager)


def after(work: LongWork) -> LongWork:
    work.refresh_from_db()
    return work


def lines_of(work: LongWork) -> list[list[str]]:
    with work.file.open("rb") as content:
        return list(csv.reader(StringIO(content.read().decode("utf-8-sig")), delimiter=";"))


def test_an_export_is_made_by_the_worker(scene):
    for day in ("2026-03-03", "2026-03-05"):
        scene.appointment(day)
    work = ask(scene)
    [job] = ProcrastinateJob.objects.filter(task_name=RUN)
    assert (job.args, job.queue_name) == ({"work_id": work.pk}, "travaux")
    run_work(work.pk, makers=MAKERS)
    assert (after(work).state, work.done, work.total, work.percent, work.attempts) == (WorkState.DONE, 2, 2, 100, 1)
    header, *rows = lines_of(work)
    assert header == row_header(appointments.HELD)
    assert len(rows) == len(list(exported_rows(appointments.HELD, scene.scope("2026-03-01", "2026-03-31")))) == 2
    assert work.file_name.endswith(".csv")
    assert work.file.name.startswith("travaux/")
    run_work(work.pk, makers=MAKERS)
    assert after(work).attempts == 1


def test_a_workbook_and_the_national_export(scene):
    scene.appointment("2026-03-03")
    scene.visit("2026-03-04")
    book = ask(scene, extension="xlsx")
    national = ask_for(
        kind=WorkKind.NATIONAL_EXPORT,
        title="National",
        parameters={"columns": ["date", "accueil"], "scope": kept_scope(scene.scope("2026-03-01", "2026-03-31"))},
        by=scene.manager,
    )
    for work in (book, national):
        run_work(work.pk, makers=MAKERS)
    assert after(book).file_name.endswith(".xlsx")
    assert lines_of(after(national)) == [
        ["Date", "Accueil"],
        ["03/03/2026", "Rendez-vous"],
        ["04/03/2026", "Sans rendez-vous"],
    ]


def test_asked_twice_it_is_made_once(scene):
    assert ask(scene) == ask(scene)
    assert ProcrastinateJob.objects.filter(task_name=RUN).count() == 1
    first = LongWork.objects.get()
    run_work(first.pk, makers=MAKERS)
    assert ask(scene) != first  # It is done: the rows may have changed since.


def test_nobody_asks_for_too_many(scene):
    for day in range(1, 6):
        ask(scene, last=f"2026-03-{day:02}")
    with pytest.raises(DomainError, match="déjà en préparation"):
        ask(scene, last="2026-03-20")


# --- Cancelled, refused, killed ----------------------------------------------------------------------------------


def stepping(seen: list, *, at: int, then) -> dict:
    """A maker of ten steps; after step `at`, `then` happens."""

    def make(work, written, progress):
        for step in range(1, 11):
            written.write(b"x")
            progress.tell(step, 10)
            seen.append(step)
            if step == at:
                then(work)
        return MadeFile("fait.txt", "text/plain")

    return {WorkKind.FIGURE_ROWS: make}


def test_cancelled_between_two_steps(scene):
    work, seen = ask(scene), []
    run_work(work.pk, makers=stepping(seen, at=4, then=lambda _work: cancel_work(work=work, by=scene.manager)))
    assert seen == [1, 2, 3, 4]
    assert (after(work).state, work.outcome, work.percent) == (WorkState.CANCELLED, "Annulé à votre demande.", 40)
    assert not work.file
    with pytest.raises(DomainError, match="annulé"):
        cancel_work(work=work, by=scene.manager)


def test_cancelled_at_the_very_end_leaves_no_file(scene):
    work, before = ask(scene), stored()
    run_work(work.pk, makers=stepping([], at=10, then=lambda _work: cancel_work(work=work, by=scene.manager)))
    assert after(work).state == WorkState.CANCELLED
    assert stored() == before


def test_cancelled_before_it_begins(scene):
    work, seen = ask(scene), []
    cancel_work(work=work, by=scene.manager)
    run_work(work.pk, makers=stepping(seen, at=0, then=None))
    assert (after(work).state, seen) == (WorkState.CANCELLED, [])


def test_a_refusal_is_told(scene):
    work = ask(scene)

    def refuse(_work):
        raise DomainError("Trop de lignes.")

    run_work(work.pk, makers=stepping([], at=2, then=refuse))
    assert (after(work).state, work.outcome) == (WorkState.FAILED, "Trop de lignes.")


def die(_work):
    raise Killed


def test_a_dead_worker_s_work_is_taken_over(scene):
    work, seen = ask(scene), []
    with pytest.raises(Killed):
        run_work(work.pk, makers=stepping(seen, at=4, then=die))
    assert (after(work).state, work.percent) == (WorkState.RUNNING, 40)
    ProcrastinateJob.objects.all().delete()
    assert sweep_works() == 1
    assert ProcrastinateJob.objects.get(task_name=RUN).args == {"work_id": work.pk}
    assert sweep_works() == 0  # Its job waits: one is enough.
    run_work(work.pk, makers=stepping(seen, at=0, then=None))
    assert (after(work).state, work.attempts, seen[4:]) == (WorkState.DONE, 2, list(range(1, 11)))


def test_a_work_that_kills_its_workers_is_given_up(scene):
    work = ask(scene)
    for _ in range(long_works.MOST_ATTEMPTS):
        with pytest.raises(Killed):
            run_work(work.pk, makers=stepping([], at=1, then=die))
    run_work(work.pk, makers=stepping([], at=0, then=None))
    assert after(work).state == WorkState.FAILED
    assert "abandonné" in work.outcome


def test_a_cancelled_work_of_a_dead_worker_ends(scene):
    work = ask(scene)
    with pytest.raises(Killed):
        run_work(work.pk, makers=stepping([], at=1, then=die))
    cancel_work(work=after(work), by=scene.manager)
    run_work(work.pk, makers=MAKERS)
    assert after(work).state == WorkState.CANCELLED


def test_a_job_that_was_lost_is_asked_for_again(scene):
    work = ask(scene)
    ProcrastinateJob.objects.all().delete()
    assert sweep_works() == 0  # Too young: its transaction may be under way.
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=3)):
        assert sweep_works() == 1
    run_work(work.pk, makers=MAKERS)
    assert sweep_works() == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_make_one_file():
    """The second finds the lock of the first, held by another session of the database."""
    owner = UserFactory(role=Role.MANAGER)
    parameters = {"figure": "passages"}
    work = ask_for(kind=WorkKind.FIGURE_ROWS, title="Deux", parameters=parameters, by=owner)
    seen: list[int] = []
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"reports.long_work:{work.pk}"])
        run_work(work.pk, makers=stepping(seen, at=0, then=None))
        assert (after(work).state, seen) == (WorkState.QUEUED, [])
    finally:
        other.close()  # As when its process dies.
    deadline = time.monotonic() + 5  # PostgreSQL notices a closed session in its own time.
    while after(work).state == WorkState.QUEUED and time.monotonic() < deadline:
        run_work(work.pk, makers=stepping(seen, at=0, then=None))
    assert (after(work).state, seen) == (WorkState.DONE, list(range(1, 11)))


# --- The file ----------------------------------------------------------------------------------------------------


def stored() -> set[str]:
    """What is in the private storage for works."""
    storage = work_storage()
    if not storage.exists("travaux"):
        return set()
    return {
        f"travaux/{folder}/{name}"
        for folder in storage.listdir("travaux")[0]
        for name in storage.listdir(f"travaux/{folder}")[1]
    }


def test_the_file_is_removed_at_its_date(scene, client):
    work = ask(scene)
    run_work(work.pk, makers=MAKERS)
    name = after(work).file.name
    assert name in stored()
    with time_machine.travel(work.expires_at + dt.timedelta(minutes=1)):
        forget_expired_works()
        client.force_login(scene.manager)
        page = client.get(reverse("reports:work", args=[work.pk])).content.decode()
        assert client.get(reverse("reports:work_file", args=[work.pk])).status_code == 404
    assert name not in stored()
    assert "retiré à sa date" in page
    with time_machine.travel(work.expires_at + dt.timedelta(days=60)):
        assert forget_expired_works() == 1
    assert not LongWork.objects.exists()


def test_what_a_killed_worker_left_in_storage_is_removed(scene):
    work = ask(scene)
    run_work(work.pk, makers=MAKERS)
    left = work_storage().save("travaux/xx/orphelin", ContentFile(b"a"))
    forget_expired_works()
    assert left in stored()  # Too young: its row may be about to be written.
    with time_machine.travel(timezone.now() + dt.timedelta(days=6)):
        os.utime(work_storage().path(left), (0, 0))
        forget_expired_works()
    assert left not in stored()
    assert after(work).file.name in stored()


# --- Pages -------------------------------------------------------------------------------------------------------


def test_the_page_refreshes_itself_until_the_end(scene, client):
    client.force_login(scene.manager)
    work = ask(scene)
    address = reverse("reports:work", args=[work.pk])
    LongWork.objects.filter(pk=work.pk).update(
        state=WorkState.RUNNING, started_at=timezone.now(), attempts=1, done=400, total=1000
    )
    page = client.get(address).content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert 'value="40"' in page
    part = client.get(address, headers={"HX-Request": "true", "X-Refresh": "1"})
    assert "<html" not in part.content.decode()
    client.post(reverse("reports:work_cancel", args=[work.pk]))
    assert "annulation demandée" in client.get(address).content.decode()
    LongWork.objects.filter(pk=work.pk).update(state=WorkState.QUEUED, cancel_asked_at=None)
    run_work(work.pk, makers=MAKERS)
    page = client.get(address).content.decode()
    assert "hx-trigger" not in page.partition('id="travail"')[2].partition(">")[0]
    assert "Télécharger" in page
    answer = client.get(reverse("reports:work_file", args=[work.pk]))
    assert "attachment" in answer["Content-Disposition"]
    answer.close()


def test_a_large_export_goes_through_the_worker(scene, client, monkeypatch):
    scene.appointment("2026-03-03")
    monkeypatch.setattr("reports.views.figure.MOST_DIRECT_ROWS", 0)
    client.force_login(scene.manager)
    asked = {"du": "2026-03-01", "au": "2026-03-31"}
    page = client.get(figure_address(appointments.HELD, **asked)).content.decode()
    start = reverse("reports:figure_rows_work", args=[appointments.HELD.slug, "csv"])
    assert f'action="{start}?du=2026-03-01' in page
    answer = client.post(f"{start}?du=2026-03-01&au=2026-03-31")
    work = LongWork.objects.get()
    assert answer["Location"] == reverse("reports:work", args=[work.pk])
    run_work(work.pk, makers=MAKERS)
    assert after(work).total == 1
    assert work.title == "Rendez-vous effectués, mars 2026, Planoise (CSV)"


def test_my_files_are_mine(scene, client):
    work = ask(scene)
    run_work(work.pk, makers=MAKERS)
    colleague = UserFactory(role=Role.MANAGER, ccas=scene.ccas)
    tried = [
        ("get", "work"),
        ("get", "work_file"),
        ("post", "work_cancel"),
    ]
    for person in (colleague, scene.receptionist, scene.agent):
        client.force_login(person)
        for method, name in tried:
            assert getattr(client, method)(reverse(f"reports:{name}", args=[work.pk])).status_code == 404
    client.force_login(colleague)
    assert not client.get(reverse("reports:work_list")).context["page_obj"].object_list
    client.force_login(scene.manager)
    assert list(client.get(reverse("reports:work_list"), {"q": "mars"}).context["page_obj"]) == [work]


def test_what_is_asked_stays_within_the_perimeter(scene):
    """A question about a space that is not hers, or no longer, is refused when the file is made."""
    stranger = UserFactory(role=Role.MANAGER, ccas=scene.elsewhere.ccas)
    work = ask(scene, by=stranger, figure=desk_visits.WALK_INS)
    run_work(work.pk, makers=MAKERS)
    assert (after(work).state, work.file.name) == (WorkState.FAILED, "")
    assert "n’est plus parmi les vôtres" in work.outcome
