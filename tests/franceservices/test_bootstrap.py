"""Preparing the machine: what is missing is found, done once, done again when it was left half way."""

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from franceservices import bootstrap


@pytest.fixture
def on_a_bare_debian(monkeypatch, tmp_path):
    """No library, no font, no browser; apt-get and sudo are there. Returns the commands that would have been run."""
    commands = []
    monkeypatch.setattr(bootstrap, "LIBRARIES", {"libnowhere.so.0": "libnowhere0"})
    monkeypatch.setattr(bootstrap, "TEST_LIBRARIES", {"libnever.so.1": "libnever1"})
    monkeypatch.setattr(bootstrap, "FONT_FOLDERS", (tmp_path / "fonts",))
    monkeypatch.setattr(bootstrap, "BROWSERS", ())
    monkeypatch.setattr(bootstrap, "has_candidate", lambda package: True)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")

    def run(command, **options):
        commands.append([str(part) for part in command])
        return subprocess.CompletedProcess(command, 0, stdout="")

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def make_wheel(folder: Path, *, version: str) -> str:
    """A package that no index knows; the line that pins it."""
    path = folder / f"franceservices_probe-{version}-py3-none-any.whl"
    metadata = f"franceservices_probe-{version}.dist-info"
    files = {
        "franceservices_probe.py": f"VERSION = {version!r}\n",
        f"{metadata}/METADATA": f"Metadata-Version: 2.1\nName: franceservices-probe\nVersion: {version}\n",
        f"{metadata}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
        wheel.writestr(f"{metadata}/RECORD", "".join(f"{name},,\n" for name in [*files, f"{metadata}/RECORD"]))
    return f"{path.as_uri()} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def installed_version(environment: Path) -> str:
    code = "import franceservices_probe; print(franceservices_probe.VERSION)"
    return subprocess.run([environment / "bin/python", "-c", code], capture_output=True, text=True, check=True).stdout


def test_environment_from_nothing_to_up_to_date(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "missing_packages", lambda *, dev: [])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    environment, requirements = tmp_path / ".venv", tmp_path / "requirements.txt"
    requirements.write_text(make_wheel(tmp_path, version="1"))
    # Half an environment, as a killed `make` leaves it.
    (environment / "bin").mkdir(parents=True)

    bootstrap.prepare(tmp_path, dev=False)
    assert installed_version(environment) == "1\n"
    assert capsys.readouterr().out.count("→") == 2

    begun = time.monotonic()
    bootstrap.prepare(tmp_path, dev=False)
    assert capsys.readouterr().out == ""
    assert time.monotonic() - begun < 2

    # An upgrade that is refused leaves no stamp: it will be tried again, even if the file is put back.
    pinned = requirements.read_text()
    requirements.write_text(pinned.replace("sha256:", "sha256:0000")[: -len("0000\n")] + "\n")
    with pytest.raises(bootstrap.BootstrapError, match="Échec"):
        bootstrap.prepare(tmp_path, dev=False)
    requirements.write_text(pinned)
    assert bootstrap.outdated([requirements], environment)

    requirements.write_text(make_wheel(tmp_path, version="2"))
    bootstrap.prepare(tmp_path, dev=False)
    assert installed_version(environment) == "2\n"
    assert not bootstrap.outdated([requirements], environment)


def test_requirements_of_the_tests_count_only_for_the_tests(tmp_path):
    application, tests = tmp_path / "requirements.txt", tmp_path / "requirements-dev.txt"
    application.write_text("a")
    tests.write_text("b")
    stamp = {"requirements.txt": hashlib.sha256(b"a").hexdigest()}
    (tmp_path / "installed.json").write_text(json.dumps(stamp))
    assert not bootstrap.outdated([application], tmp_path)
    assert bootstrap.outdated([application, tests], tmp_path)


@pytest.mark.parametrize("content", ["", "{", "{}"])
def test_broken_stamp_means_install_again(tmp_path, content):
    (tmp_path / "requirements.txt").write_text("a")
    (tmp_path / "installed.json").write_text(content)
    assert bootstrap.outdated([tmp_path / "requirements.txt"], tmp_path)


@pytest.mark.parametrize("python", ["#!/bin/sh\nexit 1\n", "not a program", None])
def test_broken_environment_is_seen(tmp_path, python):
    (tmp_path / "bin").mkdir()
    if python:
        (tmp_path / "bin/python").write_text(python)
        (tmp_path / "bin/python").chmod(0o755)
    assert not bootstrap.environment_works(tmp_path)


def test_what_is_missing(on_a_bare_debian, monkeypatch, tmp_path):
    assert [package for package in bootstrap.missing_packages(dev=True) if package != "python3-venv"] == [
        "libnowhere0",
        "libnever1",
        "fonts-liberation",
        "fonts-dejavu-core",
        "chromium",
    ]
    assert "chromium" not in bootstrap.missing_packages(dev=False)
    (tmp_path / "fonts/any").mkdir(parents=True)
    (tmp_path / "fonts/any/LiberationSans-Regular.ttf").touch()
    monkeypatch.setattr(bootstrap, "LIBRARIES", {"libc.so.6": "libc6"})
    assert "fonts-liberation" not in bootstrap.missing_packages(dev=False)
    assert "libc6" not in bootstrap.missing_packages(dev=False)


def test_root_installs_without_sudo(on_a_bare_debian, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    bootstrap.install_packages(["libnowhere0"])
    assert all(command[0] == "env" for command in on_a_bare_debian)
    assert on_a_bare_debian[-1][-2:] == ["--no-install-recommends", "libnowhere0"]


def test_ordinary_user_installs_by_sudo_after_its_password(on_a_bare_debian, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    bootstrap.install_packages(["libnowhere0"])
    assert on_a_bare_debian[0] == ["sudo", "--validate"]
    assert all(command[0] == "sudo" for command in on_a_bare_debian)


@pytest.mark.parametrize(("absent", "sentence"), [("sudo", "apt-get install libnowhere0"), ("apt-get", "libnowhere0")])
def test_what_to_do_by_hand_is_said(on_a_bare_debian, monkeypatch, absent, sentence):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == absent else f"/usr/bin/{name}")
    with pytest.raises(bootstrap.BootstrapError, match=sentence):
        bootstrap.install_packages(["libnowhere0"])


def test_second_command_waits_for_the_first(tmp_path):
    with Path(bootstrap.__file__).open("rb") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        code = "from franceservices.bootstrap import _alone\nwith _alone(): print('à moi')"
        with subprocess.Popen(
            [sys.executable, "-c", code], cwd=bootstrap.CHECKOUT, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as second:
            assert "attente" in second.stdout.readline()
            fcntl.flock(first, fcntl.LOCK_UN)
            assert second.stdout.readline() == "à moi\n"


def test_nothing_names_where_packages_come_from():
    for name in ("requirements.txt", "requirements-dev.txt", "Makefile", "franceservices/bootstrap.py"):
        text = (bootstrap.CHECKOUT / name).read_text()
        assert "index-url" not in text.replace("--no-emit-index-url", "")
        assert "find-links" not in text.replace("--no-emit-find-links", "")
        assert "--trusted-host" not in text
