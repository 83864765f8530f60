"""No secret is kept with the sources: what looks like one in a tracked file makes this fail."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
LARGEST = 1_000_000
# Each with what makes it a secret, and not a word about one.
PATTERNS = {
    "private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{20}",
    "cloud key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "forge token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50,}|glpat-[\w-]{20})",
    "messaging token": r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
    "payment key": r"\b[rs]k_live_[A-Za-z0-9]{20,}",
    "signed token": r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}",
    "password in an address": r"\b(?:postgres(?:ql)?|smtps?|smtp\+tls|https?|redis)://[^\s:/@'\"<>{}]+:(?P<word>[^\s@/'\"<>{}]{6,})@",
    "key of the application": r"""^\s*(?:export )?SECRET_KEY\s*=\s*["']?(?P<key>[\w!@#$%^&*()+-]{40,})["']?\s*$""",
}
# Words that stand for a password in the documentation and in tests.
STAND_INS = re.compile(r"mot|passe|password|secret|example|exemple|xxx|…|\.\.\.|changez", re.IGNORECASE)


def secrets_in(text: str) -> list[str]:
    """The names of the patterns that `text` holds."""
    found = []
    for name, pattern in PATTERNS.items():
        for match in re.finditer(pattern, text, re.MULTILINE):
            said = match.groupdict().get("word") or match.groupdict().get("key") or ""
            if not (said and STAND_INS.search(said)):
                found.append(name)
    return found


def test_no_tracked_file_holds_a_secret():
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a clone: nobody can say which files are tracked")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    names = [name for name in listed.stdout.split("\0") if name]
    assert len(names) > 200
    found = {}
    for name in names:
        path = ROOT / name
        if not path.is_file() or path.stat().st_size > LARGEST or name == "tests/test_no_secret.py":
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        if said := secrets_in(text):
            found[name] = said
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEAxyzxyzxyzxyz",
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "ghp_" + "a1" * 18,
        "DATABASE_URL=postgres://guichet:Zk3-9fQ2x7@base.ville.fr/guichet",
        "SECRET_KEY=" + "k9" * 25,
    ],
)
def test_the_reading_sees_a_secret(text):
    assert secrets_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "DATABASE_URL=postgres://guichet:mot-de-passe@localhost/guichet",
        "postgres://franceservices@/demo?host=/tmp/fs-pg",
        "SECRET_KEY=lint",
    ],
)
def test_the_reading_lets_examples_pass(text):
    assert secrets_in(text) == []
