"""`python -m franceservices.dependency_audit`: asks whether a version that we pin has a known vulnerability.

Run by `make lint`. The answer comes from the public OSV service: where it cannot be reached one line says so and the
lint goes on, unless `AUDIT=required`. A vulnerability fails it. Standard library only; `pip-audit` does the asking.
"""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SERVICE = "https://api.osv.dev/"
REACH_SECONDS, AUDIT_SECONDS = 5, 300
PINNED = ("requirements.txt", "requirements-dev.txt")


def main() -> int:
    if not service_answers():
        print("Dépendances non vérifiées : le service des vulnérabilités (OSV) ne répond pas d’ici.")
        return 1 if os.environ.get("AUDIT") == "required" else 0
    return audit()


def service_answers() -> bool:
    """Whether the service can be reached, through the proxy of the environment if there is one."""
    try:
        with urllib.request.urlopen(SERVICE, timeout=REACH_SECONDS):
            return True
    except urllib.error.HTTPError as refusal:
        # Its first page does not exist: it answers all the same. A proxy that closes the way says 403 or 407.
        return refusal.code not in (403, 407) and refusal.code < 500
    except OSError:
        return False


def audit() -> int:
    """Ask about each pinned version: the files name all of them, down to dependencies of dependencies."""
    command = [
        *(sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv", "--disable-pip", "--require-hashes"),
        *("--progress-spinner", "off"),
    ]
    for name in PINNED:
        command += ["--requirement", str(CHECKOUT / name)]
    return subprocess.run(command, cwd=CHECKOUT, timeout=AUDIT_SECONDS, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
