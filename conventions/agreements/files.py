"""Finds and reads the files of agreements: those that ship with the project, and an administrator's own."""

from pathlib import Path as FilePath

from .problems import Problem, suggestion
from .reading import Reading, read_text
from .values import describe

SHIPPED = FilePath(__file__).resolve().parent
DEMO = SHIPPED / "demo"
LARGEST_BYTES = 1_000_000


def shipped_files() -> list[FilePath]:
    """The two real agreements."""
    return sorted(SHIPPED.glob("*.toml"))


def demo_files() -> list[FilePath]:
    """The fictional agreements of the demonstration, to be loaded after the real ones."""
    return sorted(DEMO.glob("*.toml"))


def read_file(path: str | FilePath) -> Reading:
    """The reading of one file; a file that cannot be read at all is a reading with one problem. Raises nothing.

    A bare name that is no file here, such as `besancon-cpam-2025`, is that of an agreement that ships.
    """
    try:
        found = _find(path)
        if found.is_dir():
            return _unreadable("C’est un dossier\u00a0: donnez un fichier .toml.", path)
        if not found.exists():
            names = [file.stem for file in (*shipped_files(), *demo_files())]
            hint = suggestion(FilePath(path).stem, names)
            return _unreadable(f"Ce fichier n’existe pas.{hint} Conventions livrées\u00a0: {', '.join(names)}.", path)
        if not found.is_file():
            return _unreadable("Ce n’est pas un fichier ordinaire.", path)
        with found.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or "nom impossible"
        return _unreadable(f"Ce fichier ne peut pas être lu ({reason}).", path)
    if len(content) > LARGEST_BYTES:
        return _unreadable("Ce fichier est trop gros pour une convention\u00a0: 1 Mo au plus.", path)
    try:
        return read_text(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = "Ce fichier n’est pas en UTF-8. Enregistrez-le avec l’encodage UTF-8."
        return Reading(None, (Problem((), message, f"l’octet 0x{content[error.start]:02X}", line=line),), {})


def _find(path: str | FilePath) -> FilePath:
    given = FilePath(path)
    bare = given.name.removesuffix(".toml")
    if len(given.parts) == 1 and not given.exists():
        for folder in (SHIPPED, DEMO):
            shipped = folder / f"{bare}.toml"
            if shipped.is_file():
                return shipped
    return given


def _unreadable(message: str, path: str | FilePath) -> Reading:
    return Reading(None, (Problem((), message, describe(str(path))),), {})
