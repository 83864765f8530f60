"""Jobs of this floor, run by the worker (`manage.py procrastinate worker`)."""

import logging

from procrastinate.contrib.django import app

from . import long_works, return_sending, summing
from .makers import MAKERS
from .queueing import WORK_QUEUE

logger = logging.getLogger(__name__)

# Some seconds of work: a year of a space is eight thousand rows.
MOST_WHOLES_A_MINUTE = 500


@app.task(queue="messages", pass_context=False)
def send_return(dispatch_id: int) -> None:
    """Send one return by e-mail; what fails for now is queued again with a job of its own, so that this never fails."""
    return_sending.deliver(dispatch_id)


@app.task(queue=WORK_QUEUE, pass_context=False)
def run_work(work_id: int) -> None:
    """Make one file; what became of it is on its row."""
    long_works.run_work(work_id, makers=MAKERS)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="sweep_reports", priority=1, pass_context=False)
def sweep_reports(timestamp: int) -> None:
    """Each minute, take up what was lost with a worker. `timestamp` is not needed."""
    taken_up = long_works.sweep_works() + return_sending.sweep_dispatches()
    if taken_up:
        logger.info("%s works and messages taken up again", taken_up)


@app.periodic(cron="30 4 * * *")
@app.task(queueing_lock="forget_expired_works", pass_context=False)
def forget_expired_works(timestamp: int) -> None:
    """Each night, remove the files that nobody needs any more. `timestamp` is not needed."""
    long_works.forget_expired_works()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="keep_sums", priority=1, pass_context=False)
def keep_sums(timestamp: int) -> None:
    """Each minute, sum again the months in which something changed: figures read their rows until then."""
    summing.keep_sums(most_wholes=MOST_WHOLES_A_MINUTE)
