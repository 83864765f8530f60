import datetime as dt

import pytest
import time_machine

from tests.reports.scene import Scene


@pytest.fixture
def scene(db):
    """The clock stands at Friday 3 April 2026, 14h00 in Paris."""
    with time_machine.travel(dt.datetime(2026, 4, 3, 12, 0, tzinfo=dt.UTC), tick=False):
        yield Scene()
