"""What every page of figures does first: read the question in the address, and keep it in its links."""

from urllib.parse import urlencode

from django.http import HttpRequest

from reports.forms import Question, question
from reports.periods import Preset

# What of the address is the question; the rest (page, search, breakdown) belongs to one page.
QUESTION_NAMES = ("periode", "du", "au", "espace", "partenaire", "motif", "public", "comparer")


def asked_by(request: HttpRequest) -> Question:
    """The question in the address, within what the reader may see."""
    return question(request.GET, user=request.user, current_site=request.get_current_site())


def question_query(request: HttpRequest, **other: str) -> str:
    """`?du=…&espace=…`, the question of this page for another one; empty when nothing is asked."""
    kept = {name: request.GET[name] for name in QUESTION_NAMES if request.GET.get(name)}
    kept |= {name: value for name, value in other.items() if value}
    return f"?{urlencode(kept)}" if kept else ""


def preset_links(request: HttpRequest, asked: Question) -> list[dict[str, object]]:
    """The periods that have a name, with the rest of the question kept."""
    kept = {name: request.GET[name] for name in QUESTION_NAMES if name not in ("du", "au") and request.GET.get(name)}
    return [
        {
            "label": preset.label,
            "url": f"?{urlencode(kept | {'periode': preset.value})}",
            "is_current": asked.preset == preset,
        }
        for preset in Preset
        if preset != Preset.FREE
    ]
