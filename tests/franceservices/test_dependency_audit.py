"""What the audit of dependencies does where its service answers, and where it does not."""

import pytest

from franceservices import dependency_audit


@pytest.mark.parametrize(("asked", "status"), [("", 0), ("required", 1)])
def test_without_the_service_one_line_says_so(monkeypatch, capsys, asked, status):
    monkeypatch.setattr(dependency_audit, "SERVICE", "http://127.0.0.1:9/")
    monkeypatch.setenv("AUDIT", asked)
    assert dependency_audit.main() == status
    assert capsys.readouterr().out.count("\n") == 1


def test_with_the_service_its_verdict_counts(monkeypatch):
    monkeypatch.setattr(dependency_audit, "service_answers", lambda: True)
    monkeypatch.setattr(dependency_audit, "audit", lambda: 1)
    assert dependency_audit.main() == 1
