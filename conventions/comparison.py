"""What changed from a convention to the one that succeeds it: title, term, grid, fee, and the texts word by word."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from .difference import ChangedArticle, difference
from .facts import ConventionFacts, facts_on
from .models import Article, Convention
from .placeholders import fill, unknown_placeholders
from .terms import read_history
from .texts import placeholder_values_of, term_sentence

# A no-break space holds an amount and its unit together: they are one word.
_WORD = re.compile(r"[ \t\n]+|[^ \t\n]+")


class Fate(StrEnum):
    """What became of a stretch of text."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class TextPart:
    """A stretch of text and what became of it."""

    fate: Fate
    text: str


@dataclass(frozen=True)
class TextChange:
    """One text that differs; `parts` hold the words of both sides in reading order."""

    heading: str
    fate: Fate
    parts: tuple[TextPart, ...]


@dataclass(frozen=True)
class Comparison:
    """From `earlier` to `later`; `facts` are label, before and after, of what is short; `changes` are of the terms."""

    earlier: Convention
    later: Convention
    facts: tuple[tuple[str, str, str], ...]
    changes: tuple[ChangedArticle, ...]
    texts: tuple[TextChange, ...]
    unchanged_texts: int

    @property
    def is_identical(self) -> bool:
        """Whether nothing but the dates differs."""
        return not self.changes and not self.texts


def compare(earlier: Convention, later: Convention) -> Comparison:
    """`earlier` as it ended, beside `later` as it begins, both with their parties; a constant number of queries."""
    ending, beginning = read_history(earlier), read_history(later)
    before, after = facts_on(ending, on=earlier.ends_on), facts_on(beginning, on=later.starts_on)
    changes = difference(
        ending.terms_on(earlier.ends_on),
        beginning.terms_on(later.starts_on),
        office_names={
            office.pk: office.full_label for office in [*ending.offices.values(), *beginning.offices.values()]
        },
    )
    texts, unchanged = _texts(before, after)
    return Comparison(
        earlier=earlier,
        later=later,
        facts=(
            ("Intitulé", earlier.title, later.title),
            ("Durée", _term(earlier), _term(later)),
            ("Signataire du CCAS", earlier.ccas_signatory_name, later.ccas_signatory_name),
            ("Signataire du partenaire", earlier.partner_signatory_name, later.partner_signatory_name),
        ),
        # The terms of two conventions differ by nature; they stand among the facts.
        changes=tuple(change for change in changes if change.topic != "term"),
        texts=tuple(texts),
        unchanged_texts=unchanged,
    )


def text_parts(before: str, after: str) -> tuple[TextPart, ...]:
    """The words of both texts: those kept once, those removed before those added in their place."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    parts: list[TextPart] = []
    for tag, old_start, old_end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append(TextPart(Fate.KEPT, "".join(old[old_start:old_end])))
            continue
        if old_end > old_start:
            parts.append(TextPart(Fate.REMOVED, "".join(old[old_start:old_end])))
        if new_end > new_start:
            parts.append(TextPart(Fate.ADDED, "".join(new[new_start:new_end])))
    return tuple(parts)


def lineage(convention: Convention) -> list[Convention]:
    """The ancestors of `convention`, itself, and its successors, the oldest first; one query a generation."""
    known = {convention.pk}
    chain = [convention]
    while (key := chain[0].predecessor_id) is not None and key not in known:
        known.add(key)
        chain.insert(0, Convention.objects.with_parties().get(pk=key))
    while (following := Convention.objects.with_parties().filter(predecessor=chain[-1]).first()) is not None:
        if following.pk in known:
            break
        known.add(following.pk)
        chain.append(following)
    return chain


def _term(convention: Convention) -> str:
    return f"{convention.term_sentence} ({term_sentence(convention)})"


def _texts(before: ConventionFacts, after: ConventionFacts) -> tuple[list[TextChange], int]:
    old, new = list(_articles(before)), list(_articles(after))
    changes, unchanged = [], 0
    pairs = [
        ("Parties", before.convention.parties_text, after.convention.parties_text),
        ("Préambule", before.convention.preamble, after.convention.preamble),
    ]
    left = list(old)
    for heading, title, number, text in new:
        match = next((found for found in left if found[1].casefold() == title.casefold()), None)
        match = match or next((found for found in left if found[2] == number), None)
        if match is not None:
            left.remove(match)
            pairs.append((heading, match[3], text))
        else:
            changes.append(TextChange(heading, Fate.ADDED, (TextPart(Fate.ADDED, text),)))
    for heading, was, becomes in reversed(pairs):
        if was == becomes:
            unchanged += bool(was)
        else:
            changes.insert(0, TextChange(heading, Fate.KEPT, text_parts(was, becomes)))
    changes += [
        TextChange(heading, Fate.REMOVED, (TextPart(Fate.REMOVED, text),)) for heading, _title, _number, text in left
    ]
    return changes, unchanged


def _articles(facts: ConventionFacts) -> Iterable[tuple[str, str, str, str]]:
    """Heading, title, number and filled text of each article, in order."""
    values = placeholder_values_of(facts)
    for article in Article.objects.filter(convention=facts.convention):
        unknown = {name: f"{{{name}}}" for name in unknown_placeholders(article.body)}
        yield (
            f"Article {article.number} – {article.title}",
            article.title,
            article.number,
            fill(article.body, values | unknown),
        )
