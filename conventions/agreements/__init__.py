"""Agreements as data: conventions written as TOML files, loaded into the database and given back from it.

`load_file(path="besancon-cpam-2025")` loads one; `dump_agreement(convention=…)` gives the text of one. The form is
declared in `form.py` and described, in French, in `docs/conventions-toml.md`.
"""

from .dumping import agreement_of, dump_agreement
from .files import demo_files, read_file, shipped_files
from .form import Agreement
from .loading import load_agreement, load_file, load_text
from .problems import AgreementRefused, Problem
from .reading import parse_agreement
from .report import Action, Change, LoadReport
from .writing import write_toml

__all__ = [
    "Action",
    "Agreement",
    "AgreementRefused",
    "Change",
    "LoadReport",
    "Problem",
    "agreement_of",
    "demo_files",
    "dump_agreement",
    "load_agreement",
    "load_file",
    "load_text",
    "parse_agreement",
    "read_file",
    "shipped_files",
    "write_toml",
]
