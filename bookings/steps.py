"""The names of what is noted of an appointment on its day; the rules are in `desk_steps`."""

from enum import StrEnum


class DeskStep(StrEnum):
    """What can be noted; the value is also the prefix of the stamp's fields (`arrived_at`, `arrived_by`)."""

    ARRIVED = "arrived"
    STARTED = "started"
    FINISHED = "finished"
    ABSENT = "absent"

    @property
    def label(self) -> str:
        """The word on the button."""
        return _LABELS[self]

    @property
    def path(self) -> str:
        """The word in the address."""
        return _PATHS[self]

    @property
    def icon(self) -> str:
        """The drawing of a small button, whose accessible name remains the word."""
        return _ICONS[self]

    @property
    def key(self) -> str:
        """The key that notes it on the line that has the focus."""
        return _LABELS[self][0].lower() if self is not DeskStep.ABSENT else "x"


_LABELS = {
    DeskStep.ARRIVED: "Arrivé",
    DeskStep.STARTED: "Prendre",
    DeskStep.FINISHED: "Terminé",
    DeskStep.ABSENT: "Absent",
}
_PATHS = {
    DeskStep.ARRIVED: "arrive",
    DeskStep.STARTED: "prendre",
    DeskStep.FINISHED: "terminer",
    DeskStep.ABSENT: "absent",
}
STEP_BY_PATH = {path: step for step, path in _PATHS.items()}
_ICONS = {
    DeskStep.ARRIVED: "place",
    DeskStep.STARTED: "talking",
    DeskStep.FINISHED: "check",
    DeskStep.ABSENT: "absent",
}
