"""The measures of the desk run from end to end on a handful of rows; what they find is not judged here."""

import json

import pytest

from bench import desk

pytestmark = pytest.mark.filterwarnings("default::ResourceWarning")


def test_the_last_line_is_one_json_object_with_every_ratio(capsys):
    assert desk.main(["--appointments", "500", "--large", "600", "--rounds", "2"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result.keys() >= {*desk.AIMS, "queries"}
    assert all(result[name] > 0 for name in desk.AIMS)
    assert result["queries"]["one_row"] == 1
    assert result["queries"]["session_user"] == 2
    assert result["queries"]["availability"] <= 3
