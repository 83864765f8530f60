"""Makes a bare machine ready: system libraries, `.venv`, pinned packages. Run by the system's Python, before anything.

    python3 -m franceservices.bootstrap [--dev]

Standard library only. Does what is missing and nothing else: the second run takes a fraction of a second. An install
that was interrupted is done again, because its stamp is written last. Where packages come from is never said here: pip
and apt follow the machine's own configuration.
"""

import argparse
import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
# What WeasyPrint opens at run time, and the Debian package that brings it.
LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
# What Playwright's driver, a Node program, is linked with.
TEST_LIBRARIES = {"libatomic.so.1": "libatomic1", "libstdc++.so.6": "libstdc++6"}
# The documents' font, and the one that lends it the signs it lacks (☐): a missing sign would spoil the PDF's text.
FONTS = {"LiberationSans-Regular": "fonts-liberation", "DejaVuSans": "fonts-dejavu-core"}
FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
# Not `chromium-browser`: on Ubuntu it only starts a snap, which cannot be driven from a test.
BROWSERS = ("chromium", "google-chrome", "google-chrome-stable")


class BootstrapError(RuntimeError):
    """The machine cannot be made ready; the message is in French and says what to do."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Prépare la machine : bibliothèques, environnement Python, paquets.")
    parser.add_argument("--dev", action="store_true", help="ajoute ce que demandent les tests")
    options = parser.parse_args(arguments)
    sys.stdout.reconfigure(errors="replace")
    try:
        with _alone():
            prepare(CHECKOUT, dev=options.dev)
    except BootstrapError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nPréparation interrompue : la prochaine commande la reprendra.", file=sys.stderr)
        return 130
    return 0


def prepare(checkout: Path, *, dev: bool) -> None:
    """Install what is missing for the application, and for its tests with `dev`. Raises BootstrapError."""
    if sys.version_info < OLDEST_PYTHON:
        wanted, found = ".".join(map(str, OLDEST_PYTHON)), ".".join(map(str, sys.version_info[:2]))
        raise BootstrapError(f"Python {wanted} ou plus récent est nécessaire ; python3 est ici en version {found}.")
    if packages := missing_packages(dev=dev):
        with _step(f"Bibliothèques du système ({', '.join(packages)})"):
            install_packages(packages)
    if dev and find_browser() is None:
        print(
            "  Chromium reste introuvable : les tests de navigateur ne pourront pas passer.\n"
            "  Installez Google Chrome (paquet .deb), ou Chromium hors snap, puis relancez."
        )
    environment = checkout / ".venv"
    if not environment_works(environment):
        with _step("Environnement Python (.venv)"):
            create_environment(environment)
    requirements = [checkout / "requirements.txt", *([checkout / "requirements-dev.txt"] if dev else [])]
    if outdated(requirements, environment):
        with _step("Paquets Python"):
            install_requirements(requirements, environment)


# --- the system's packages --------------------------------------------------------------------------------------


def missing_packages(*, dev: bool) -> list[str]:
    """The Debian packages that are needed and not there."""
    libraries = LIBRARIES | (TEST_LIBRARIES if dev else {})
    missing = [package for library, package in libraries.items() if not can_open(library)]
    missing += [package for font, package in FONTS.items() if not has_font(font)]
    # Debian keeps ensurepip, by which a virtual environment gets its pip, in a package of its own.
    if importlib.util.find_spec("ensurepip") is None:
        missing.append("python3-venv")
    if dev and find_browser() is None and has_candidate("chromium"):
        missing.append("chromium")
    return missing


def can_open(library: str) -> bool:
    """True when the dynamic loader finds `library`."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_font(name: str) -> bool:
    """True when a font file of that name is installed for everybody."""
    return any(next(folder.rglob(f"{name}.*"), None) for folder in FONT_FOLDERS if folder.is_dir())


def find_browser() -> str | None:
    """The path of a browser that the tests can drive."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def has_candidate(package: str) -> bool:
    """False on a distribution where apt brings no real `package`: on Ubuntu, Chromium is only a snap."""
    if shutil.which("apt-get") is None:
        return False
    with contextlib.suppress(FileNotFoundError):
        return "ID=ubuntu" not in Path("/etc/os-release").read_text().splitlines()
    return True


def install_packages(packages: list[str]) -> None:
    """Install Debian packages, as root or by sudo, which may ask for a password."""
    by_hand = f"apt-get install {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise BootstrapError(
            "Il manque des bibliothèques, et cette machine n’a pas apt-get pour les installer.\n"
            f"Installez l’équivalent de : {' '.join(packages)}, puis relancez la commande."
        )
    prefix: list[str] = []
    if os.geteuid() != 0:
        if shutil.which("sudo") is None:
            raise BootstrapError(
                "Il manque des bibliothèques, et sudo est absent.\n"
                f"Demandez à un administrateur de lancer :\n  {by_hand}"
            )
        prefix = ["sudo"]
        # Ask for the password now, on the terminal: the output of what follows is kept for the case of a failure.
        if subprocess.run(["sudo", "--validate"], check=False).returncode:
            raise BootstrapError(f"sudo a refusé. Demandez à un administrateur de lancer :\n  {by_hand}")
    quietly = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive"]
    apt = [*quietly, "apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"]
    # Finishes what a killed install left half done; and lists that could not be updated may still be good enough.
    for preparation in ([*quietly, "dpkg", "--configure", "-a"], [*apt, "update"]):
        subprocess.run(preparation, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    _run([*apt, "install", "--no-install-recommends", *packages], on_failure=f"Pour voir de plus près : {by_hand}")


# --- the virtual environment ------------------------------------------------------------------------------------


def environment_works(environment: Path) -> bool:
    """False for an environment that is absent, half made, or whose Python has left."""
    python = environment / "bin/python"
    code = f"import sys, pip; sys.exit(sys.version_info < {OLDEST_PYTHON!r})"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def create_environment(environment: Path) -> None:
    """Make the environment anew."""
    try:
        if environment.exists():
            shutil.rmtree(environment)
    except OSError as error:
        raise BootstrapError(
            f"L’ancien environnement {environment} ne peut pas être remplacé ({error.strerror}).\n"
            "Il appartient sans doute à un autre compte : supprimez ce dossier, puis relancez."
        ) from error
    _run([sys.executable, "-m", "venv", environment], on_failure=f"Dossier : {environment}")


def outdated(requirements: list[Path], environment: Path) -> bool:
    """True when one of the files is not what the environment was installed from."""
    try:
        installed = json.loads(_stamp(environment).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return True
    return any(installed.get(path.name) != _digest(path) for path in requirements)


def install_requirements(requirements: list[Path], environment: Path) -> None:
    """Install the pinned packages, each checked against its hash."""
    stamp = _stamp(environment)
    try:
        stamp.unlink(missing_ok=True)  # Whatever happens from here on, the environment is not known to be right.
    except PermissionError as error:
        raise BootstrapError(
            f"L’environnement {environment} appartient à un autre compte : supprimez ce dossier, puis relancez."
        ) from error
    pip = [environment / "bin/python", "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    files = [argument for path in requirements for argument in ("--requirement", path)]
    _run(
        [*pip, "--require-hashes", "--no-warn-script-location", *files],
        on_failure="Vérifiez l’accès de cette machine aux paquets Python (configuration de pip), puis relancez.",
    )
    partial = stamp.with_suffix(".partial")
    partial.write_text(json.dumps({path.name: _digest(path) for path in requirements}))
    partial.replace(stamp)


def _stamp(environment: Path) -> Path:
    return environment / "installed.json"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# --- the terminal -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Two `make` at the same time must not install into one environment."""
    with Path(__file__).open("rb") as this_file:
        try:
            fcntl.flock(this_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Une autre commande prépare déjà l’environnement : attente…", flush=True)
            fcntl.flock(this_file, fcntl.LOCK_EX)
        # Children keep the lock too: the pip of a killed bootstrap goes on for a while.
        os.set_inheritable(this_file.fileno(), True)
        yield


@contextlib.contextmanager
def _step(title: str, *, clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Say what is being done, then how long it took."""
    print(f"→ {title}…", end="", flush=True)
    begun = clock()
    yield
    print(f" {clock() - begun:.1f}\u00a0s".replace(".", ","), flush=True)


def _run(command: list, *, on_failure: str) -> None:
    """Run quietly; when the command fails, show the end of what it said and `on_failure`."""
    outcome = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        close_fds=False,  # The lock goes along; Python makes nothing else inheritable.
        text=True,
        check=False,
    )
    if outcome.returncode:
        said = "\n".join(f"  {line}" for line in outcome.stdout.splitlines()[-25:])
        raise BootstrapError(f"Échec (code {outcome.returncode}) :\n{said}\n{on_failure}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
