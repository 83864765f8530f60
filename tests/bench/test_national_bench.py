"""The measures of a country run from end to end on a handful of spaces; how fast they are is not judged here.

They compare what they count with bare SQL and end with an error where the two differ.
"""

import json

import pytest

from bench import national

pytestmark = pytest.mark.filterwarnings("default::ResourceWarning")


def test_the_last_line_is_one_json_object_with_every_ratio(capsys):
    assert national.main(["--sites", "3", "--visits", "2", "--rounds", "1"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert all(result[name] > 0 for name in national.AIMS)
    assert result["rows"]["site"] == 3
    # Thirty appointments a day in each space, and two walk-ins.
    assert result["national_year"]["appointments"] > 3 * 250 * 28
    assert result["national_year"]["visits"] > 3 * 250 * 2
    assert result["national_year"]["reads_sums"]
    assert result["changed"] > 0
    assert result["rows"]["monthlyappointments"] < result["rows"]["appointment"] / 5
