"""The pages of the conventions, one module for each of their subjects."""

from .conventions import ConventionDetailView, ConventionListView, convention_pdf
from .denunciation import DenounceView, convention_withdraw_denunciation

__all__ = [
    "ConventionDetailView",
    "ConventionListView",
    "DenounceView",
    "convention_pdf",
    "convention_withdraw_denunciation",
]
