"""The rules of the house, read from the code itself."""

import ast
import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from bookings.models import Visitor

ROOT = Path(settings.BASE_DIR)
# From the ground up: a floor imports from floors before it, and from the helpers of `franceservices`.
FLOORS = ["partners", "conventions", "bookings", "casefiles", "reports"]
HELPERS = "franceservices"
# `urls.py` stands above all floors.
ROOF = {"franceservices/urls.py"}
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "other_models.py"}


def sources() -> list[Path]:
    folders = [HELPERS, *(floor for floor in FLOORS if (ROOT / floor).is_dir())]
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported_packages(node: ast.AST) -> list[str]:
    """The top-level packages that an import statement names; a relative import stays on its floor."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [node.module.partition(".")[0]]
    return []


def breaches(code: str, relative_path: str) -> list[str]:
    """What `code`, if it stood in `relative_path`, would break: upward, wildcard and deferred imports."""
    floor = relative_path.partition("/")[0]
    forbidden = set(FLOORS[FLOORS.index(floor) + 1 :]) if floor in FLOORS else set(FLOORS)
    if relative_path in ROOF:
        forbidden = set()
    found = []
    tree = ast.parse(code)
    deferred = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        where = f"{relative_path}:{node.lineno}"
        found += [f"{where} imports upward: {name}" for name in imported_packages(node) if name in forbidden]
        if id(node) in deferred:
            found.append(f"{where} imports inside a function")
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            found.append(f"{where} imports everything")
        if isinstance(node, ast.ImportFrom) and node.level > 1:
            package_depth = relative_path.count("/")
            if node.level > package_depth:
                found.append(f"{where} leaves its floor by a relative import")
    return found


def test_no_upward_deferred_or_wildcard_import():
    assert len(sources()) > 30
    found = [
        breach
        for path in sources()
        for breach in breaches(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("from bookings.models import Visitor", "conventions/services.py"),
        ("import conventions.models", "partners/models/site.py"),
        ("from partners.models import Site", "franceservices/dates.py"),
        ("def late():\n    from partners.models import Site", "bookings/services.py"),
        ("from partners.models import *", "bookings/services.py"),
        ("class A:\n    def b(self):\n        import json", "bookings/services.py"),
        ("from ...conventions import fees", "partners/models/site.py"),
    ],
)
def test_the_reading_of_imports_sees_a_breach(code, path):
    assert breaches(code, path)


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("from partners.models import Site", "bookings/services.py"),
        ("from franceservices.dates import format_time", "partners/models/site.py"),
        ("from partners import views", "franceservices/urls.py"),
        ("from ..validators import validate_siren", "partners/models/site.py"),
    ],
)
def test_the_reading_of_imports_lets_downward_ones_pass(code, path):
    assert breaches(code, path) == []


def test_only_one_module_imports_weasyprint():
    importers = [
        path.relative_to(ROOT).as_posix()
        for path in sources()
        if re.search(r"^(from|import) weasyprint", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert importers == ["franceservices/pdf.py"]


def test_no_catch_all_file_and_no_catch_all_except():
    assert [path for path in sources() if path.name in FORBIDDEN_NAMES] == []
    swallowing = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    ]
    assert swallowing == []


def test_no_page_has_inline_script_style_or_a_foreign_address():
    """The content security policy would block them; here they are found before a person meets them."""
    faults = []
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT).as_posix()
        if re.search(r"<[^>]+\s(style|on[a-z]+)=", text):
            faults.append(f"{name}: inline style or handler")
        # A block of JSON is data: the policy lets it stand, and it runs nothing.
        if re.search(r"""<script(?![^>]*\bsrc=)(?![^>]*\btype="application/json")""", text):
            faults.append(f"{name}: inline script")
        if re.search(r"""(?:src|href)=["'](?:https?:)?//(?!www\.defenseurdesdroits\.fr|formulaire\.)""", text):
            faults.append(f"{name}: foreign address")
    assert faults == []


@pytest.mark.django_db
def test_no_migration_is_missing():
    out = StringIO()
    call_command("makemigrations", check=True, dry_run=True, verbosity=1, stdout=out)
    assert "No changes detected" in out.getvalue()


@pytest.mark.django_db
def test_the_check_for_migrations_sees_a_missing_one(monkeypatch):
    """The control: a field that no migration knows as it is makes the same command exit with an error."""
    monkeypatch.setattr(Visitor._meta.get_field("last_name"), "max_length", 99)
    with pytest.raises(SystemExit):
        call_command("makemigrations", check=True, dry_run=True, verbosity=0, stdout=StringIO())
