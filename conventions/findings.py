"""What a careful reader would remark about a convention on a day. It warns and never blocks. Pure.

Each finding has a stable `code`, the rule that it rests on, and what to do next. A fact later than the day is not known
yet: on the day of its signature, a convention that is approved eight months later has no approval.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256

from franceservices.dates import add_months, format_date_long
from franceservices.money import NO_BREAK_SPACE, format_euros

from .deadlines import enforceable_on, notice_days
from .fees import LabelledEnum
from .stages import StageFacts
from .transmission import transmission_doubts

ENFORCEABILITY = "Code général des collectivités territoriales, article L2131-1"
BOARD_RULES = "Code de l’action sociale et des familles, article L123-6"
SUCCESSION_MONTHS = 6
"""How long before its term a convention without successor is pointed out: time to agree, to deliberate and to send."""


class Where(LabelledEnum):
    """What is to be looked at."""

    CONVENTION = "convention", "Convention"
    DELIBERATION = "deliberation", "Délibération"
    FEE = "fee", "Redevance"
    GRID = "grid", "Grille hebdomadaire"
    OFFICE = "office", "Bureau"
    HOURS = "hours", "Horaires de l’espace"
    DUTIES = "duties", "Échéances"
    SUCCESSION = "succession", "Suite de la convention"


@dataclass(frozen=True)
class Finding:
    """One remark: what is so, by which rule it matters, and what to do about it.

    `about` holds the facts themselves, apart from the words that tell them: while they stay, it is the same remark.
    """

    code: str
    sentence: str
    rule: str
    next_step: str
    where: Where
    about: str

    @property
    def fingerprint(self) -> str:
        """The same as long as the facts are; 64 hexadecimal digits."""
        return sha256(f"{self.code}|{self.about}".encode()).hexdigest()


def about(*facts: object) -> str:
    """`Finding.about` of some facts: dates, amounts and names in a fixed form, whatever the words become."""
    return "|".join(str(fact) for fact in facts)


@dataclass(frozen=True)
class FindingFacts:
    """What the rows hold, as far as findings are judged by it. Amounts in euros a year; empty texts are not known."""

    stages: StageFacts
    agreed_ends_on: date
    by_ccas_board: bool = True
    transmission_id: str = ""
    siren: str = ""
    insee_code: str = ""
    annual_amount: Decimal | None = None
    deliberated_amount: Decimal | None = None
    has_successor: bool = False
    tacit_renewal: bool = False
    notice_months: int | None = None
    notice_article: str = ""
    notice_at_each_anniversary: bool = False


def find(facts: FindingFacts, day: date) -> list[Finding]:
    """The findings on the civil date `day`, in the order of a convention's life."""
    known = _Known(facts, day)
    return [*known.approval(), *known.transmission(), *known.signature(), *known.amounts(), *known.end()]


class _Known:
    """The facts as they are known on one day."""

    def __init__(self, facts: FindingFacts, day: date) -> None:
        self.facts, self.day = facts, day
        stages = facts.stages
        self.session_on = self._known(stages.session_on)
        self.published_on = self._known(stages.published_on)
        self.transmitted_on = self._known(stages.transmitted_on)
        self.signed_on = self._known(stages.signed_on)
        self.denounced_on = self._known(stages.denounced_on)
        self.has_begun = stages.starts_on <= day
        # From then on the text is used as one that binds: what it needs has to be there.
        self.is_used = self.has_begun or self.signed_on is not None

    def _known(self, day_of_fact: date | None) -> date | None:
        return day_of_fact if day_of_fact is not None and day_of_fact <= self.day else None

    def approval(self) -> Iterator[Finding]:
        if self.session_on is None:
            if self.is_used:
                yield Finding(
                    "no_deliberation",
                    f"Elle {self._used()} sans délibération connue.",
                    BOARD_RULES,
                    "Rattachez la délibération du conseil d’administration, ou inscrivez la convention à sa prochaine"
                    " séance.",
                    Where.CONVENTION,
                    about(self.signed_on or self.facts.stages.starts_on),
                )
            return
        if not self.facts.by_ccas_board:
            yield Finding(
                "wrong_body",
                f"Le conseil municipal l’a approuvée le {format_date_long(self.session_on)}, et non le conseil"
                " d’administration du CCAS, qui seul engage le CCAS.",
                BOARD_RULES,
                "Faites délibérer le conseil d’administration du CCAS sur la convention ou sur celle qui lui succède.",
                Where.DELIBERATION,
                about(self.session_on),
            )
        if self.signed_on and self.signed_on < self.session_on:
            yield Finding(
                "signed_before_deliberation",
                f"Elle a été signée le {format_date_long(self.signed_on)}, avant la séance qui l’a approuvée, le"
                f" {format_date_long(self.session_on)}.",
                ENFORCEABILITY,
                "Gardez la preuve de l’approbation donnée après coup\u00a0; la prochaine fois, signez une fois la"
                " délibération exécutoire.",
                Where.CONVENTION,
                about(self.signed_on, self.session_on),
            )
        elif self.has_begun and not self.signed_on and self.facts.stages.starts_on < self.session_on:
            yield Finding(
                "begun_before_deliberation",
                f"Elle a pris effet le {format_date_long(self.facts.stages.starts_on)}, avant la séance qui l’a"
                f" approuvée, le {format_date_long(self.session_on)}.",
                ENFORCEABILITY,
                "Vérifiez la date d’effet, ou gardez la preuve de l’approbation donnée après coup.",
                Where.CONVENTION,
                about(self.facts.stages.starts_on, self.session_on),
            )

    def _used(self) -> str:
        if self.signed_on:
            return f"a été signée le {format_date_long(self.signed_on)}"
        return f"court depuis le {format_date_long(self.facts.stages.starts_on)}"

    def transmission(self) -> Iterator[Finding]:
        if self.session_on is None:
            return
        for code, name, day, next_step in (
            ("no_publication", "publication", self.published_on, "Saisissez la date de publication de l’acte."),
            (
                "no_transmission",
                "réception en préfecture",
                self.transmitted_on,
                "Retrouvez l’accusé de réception et saisissez sa date\u00a0; s’il n’y en a pas, transmettez l’acte.",
            ),
        ):
            if day is None and self.is_used:
                yield Finding(
                    code,
                    f"La date de {name} de la délibération n’est pas connue\u00a0: rien ne dit qu’elle est exécutoire.",
                    ENFORCEABILITY,
                    next_step,
                    Where.DELIBERATION,
                    about(self.session_on),
                )
            elif day is not None and day < self.session_on:
                yield Finding(
                    f"{code.removeprefix('no_')}_before_session",
                    f"La date de {name} ({format_date_long(day)}) précède celle de la séance.",
                    ENFORCEABILITY,
                    "Vérifiez les deux dates sur l’acte.",
                    Where.DELIBERATION,
                    about(day, self.session_on),
                )
        for doubt in transmission_doubts(
            self.facts.transmission_id,
            session_on=self.session_on,
            siren=self.facts.siren,
            insee_code=self.facts.insee_code,
        ):
            yield Finding(
                "transmission_id",
                f"L’identifiant de télétransmission ne répond pas à l’acte{NO_BREAK_SPACE}: {doubt}",
                "Forme de l’identifiant d’un acte télétransmis",
                "Comparez-le à l’accusé de réception, puis corrigez l’identifiant ou la fiche.",
                Where.DELIBERATION,
                about(self.facts.transmission_id, doubt),
            )

    def signature(self) -> Iterator[Finding]:
        stages = self.facts.stages
        enforceable = enforceable_on(published_on=self.published_on, transmitted_on=self.transmitted_on)
        if self.signed_on is None:
            if self.has_begun:
                yield Finding(
                    "no_signature",
                    f"Elle a pris effet le {format_date_long(stages.starts_on)}, mais sa date de signature n’est pas"
                    " renseignée.",
                    "Une convention engage ses parties une fois signée",
                    "Retrouvez l’exemplaire signé, déposez-le et saisissez sa date.",
                    Where.CONVENTION,
                    about(stages.starts_on),
                )
        elif self.session_on and enforceable and self.session_on <= self.signed_on < enforceable:
            yield Finding(
                "signed_before_enforceable",
                f"Elle a été signée le {format_date_long(self.signed_on)}, avant que la délibération soit exécutoire,"
                f" le {format_date_long(enforceable)}.",
                ENFORCEABILITY,
                "Vérifiez les dates\u00a0; la prochaine fois, attendez la publication et l’accusé de réception.",
                Where.CONVENTION,
                about(self.signed_on, enforceable),
            )

    def amounts(self) -> Iterator[Finding]:
        agreed, announced = self.facts.annual_amount, self.facts.deliberated_amount
        if self.session_on is None or agreed is None or announced is None or agreed == announced:
            return
        yield Finding(
            "two_amounts",
            f"La délibération annonce {format_euros(announced)}, la convention fixe {format_euros(agreed)} par an"
            f"{NO_BREAK_SPACE}: {format_euros(abs(announced - agreed))} d’écart.",
            "L’assemblée approuve le montant que la convention fixe",
            "Faites corriger la délibération ou la convention\u00a0; d’ici là, le montant de la convention est dû.",
            Where.FEE,
            about(announced, agreed),
        )

    def end(self) -> Iterator[Finding]:
        facts, ends_on = self.facts, self.facts.stages.ends_on
        if self.denounced_on is not None:
            yield from self._denunciation()
            return
        if facts.has_successor or (not self.is_used and self.session_on is None):
            return
        renewal = (
            "Reconduite tacitement, elle attend son nouveau terme\u00a0: saisissez-le."
            if facts.tacit_renewal
            else "Réunissez les parties pour convenir de la suite, puis renouvelez la convention."
        )
        where = Where.CONVENTION if facts.tacit_renewal else Where.SUCCESSION
        if self.day > ends_on:
            yield Finding(
                "expired_without_successor",
                f"Son terme est passé depuis le {format_date_long(ends_on)} et aucune convention ne lui succède.",
                "Durée de la convention",
                renewal,
                where,
                about(ends_on),
            )
        elif self.day >= add_months(ends_on, -SUCCESSION_MONTHS):
            yield Finding(
                "term_near",
                f"Elle se termine le {format_date_long(ends_on)} et aucune convention ne lui succède.",
                "Durée de la convention",
                renewal,
                where,
                about(ends_on),
            )

    def _denunciation(self) -> Iterator[Finding]:
        facts, stages = self.facts, self.facts.stages
        if facts.notice_months is None:
            return
        foreseen = notice_days(
            starts_on=stages.starts_on,
            ends_on=facts.agreed_ends_on,
            months=facts.notice_months,
            at_each_anniversary=facts.notice_at_each_anniversary,
        )
        possible = [found.ends_on for found in foreseen if found.last_day >= self.denounced_on]
        earliest = min(possible, default=facts.agreed_ends_on)
        if stages.ends_on < earliest:
            yield Finding(
                "notice_too_short",
                f"Le préavis reçu le {format_date_long(self.denounced_on)} met fin à la convention le"
                f" {format_date_long(stages.ends_on)}\u00a0; selon la clause, elle courrait jusqu’au"
                f" {format_date_long(earliest)}.",
                f"Article {facts.notice_article} de la convention" if facts.notice_article else "Clause de préavis",
                "Gardez l’accord écrit des deux parties sur cette date, ou retirez la dénonciation et reprenez-la.",
                Where.CONVENTION,
                about(self.denounced_on, stages.ends_on, earliest),
            )
