"""Jobs of this floor, run by the worker (`manage.py procrastinate worker`)."""

import logging

from procrastinate.contrib.django import app

from conventions.models import Convention

from .generation import generate_permanences

logger = logging.getLogger(__name__)


@app.periodic(cron="15 3 * * *")
@app.task(queueing_lock="extend_permanences", pass_context=False)
def extend_permanences(timestamp: int) -> None:
    """Each night, move the horizon of the dated permanences on by a day, for every site.

    `timestamp` is the moment for which the run was due, in seconds since the epoch; the job needs none of it.
    """
    report = generate_permanences(conventions=Convention.objects.with_parties().order_by("pk"))
    logger.info("permanences extended: %s created, %s conflicts", report.created, len(report.conflicts))
