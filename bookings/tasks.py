"""Jobs of this floor, run by the worker (`manage.py procrastinate worker`)."""

import logging

from procrastinate import JobContext
from procrastinate.builtin_tasks import remove_old_jobs
from procrastinate.contrib.django import app

from conventions.models import Convention

from .generation import generate_permanences
from .notices import QUEUE
from .personal_data import eliminating
from .personal_data.queueing import QUEUE as LONG_WORKS
from .sending import send, sweep

logger = logging.getLogger(__name__)


@app.periodic(cron="15 3 * * *")
@app.task(queueing_lock="extend_permanences", pass_context=False)
def extend_permanences(timestamp: int) -> None:
    """Each night, move the horizon of the dated permanences on by a day, for every site.

    `timestamp` is the moment for which the run was due, in seconds since the epoch; the job needs none of it.
    """
    report = generate_permanences(conventions=Convention.objects.with_parties().order_by("pk"))
    logger.info("permanences extended: %s created, %s conflicts", report.created, len(report.conflicts))


@app.task(queue=QUEUE, pass_context=False)
def send_notification(notification_id: int) -> None:
    """Send one message; what fails for now is queued again with a job of its own, so that this one never fails."""
    send(notification_id)


@app.periodic(cron="* * * * *")
@app.task(queue=QUEUE, queueing_lock="sweep_notifications", priority=1, pass_context=False)
def sweep_notifications(timestamp: int) -> None:
    """Each minute, take up the messages whose job died with its worker. `timestamp` is not needed."""
    sweep()


@app.task(queue=LONG_WORKS, pass_context=False)
def eliminate(list_id: int) -> None:
    """Empty the data of the people of one approved list; what became of each is on her line."""
    eliminating.eliminate(list_id)


@app.task(queue=LONG_WORKS, pass_context=False)
def rehearse_elimination(list_id: int) -> None:
    """Try one list out; what it would empty is on its lines."""
    eliminating.rehearse(list_id)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="sweep_eliminations", priority=1, pass_context=False)
def sweep_eliminations(timestamp: int) -> None:
    """Each minute, take up the lists whose worker died. `timestamp` is not needed."""
    taken_up = eliminating.sweep_eliminations()
    if taken_up:
        logger.info("%s elimination lists taken up again", taken_up)


@app.periodic(cron="45 3 * * *")
@app.task(queueing_lock="forget_finished_jobs", pass_context=True)
async def forget_finished_jobs(context: JobContext, timestamp: int) -> None:
    """Each night, remove the jobs that ended well more than three days ago: their results are in our own tables."""
    await remove_old_jobs(context, max_hours=72)
