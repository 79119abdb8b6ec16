"""What events say apart from session and time; many of these in columns. Plain data."""

from array import array
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias


class Attributes(NamedTuple):
    """The attributes of events: all but session and time."""

    kind: int
    id: str | None
    name: str | None
    type: str | None
    ui_type: str | None
    page: str | None
    agent_id: str | None
    agent_name: str | None
    meeting_info: str | None

    @property
    def agent(self) -> str | None:
        """Return the agent's identity: the id, or without one the name."""
        return self.agent_id or self.agent_name


Dialogue: TypeAlias = tuple[str | None, str | None, str | None, str | None]
"""A conversation's id, name, type and uiType."""
Agent: TypeAlias = tuple[str | None, str | None]
"""An agent's id and name."""
NO_AGENT: Final[Agent] = (None, None)
ROW_NUMBERS: Final = 5
"""Numbers of a row: kind, and those of dialogue, page, agent and meeting."""


class AttributeColumns:
    """Distinct attributes in columns, which only grow: texts first, then the rows that have them.

    One thread may add to them while another reads: rows first, then texts.
    """

    def __init__(self) -> None:
        self.dialogues: list[Dialogue] = []
        self.pages: list[str | None] = [None]
        self.agents: list[Agent] = [NO_AGENT]
        self.meetings: list[str | None] = [None]
        self.rows = array("I")
        """ROW_NUMBERS for each."""

    @property
    def texts(self) -> tuple[Sequence[Dialogue | Agent | str | None], ...]:
        """Return what the numbers of a row behind the kind stand for, in their order."""
        return self.dialogues, self.pages, self.agents, self.meetings

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.rows) // ROW_NUMBERS

    def read_row(self, number: int) -> Attributes:
        """Return the attributes of a row."""
        row = self.rows[number * ROW_NUMBERS : (number + 1) * ROW_NUMBERS]
        kind, dialogue, page, agent, meeting = row
        return Attributes(
            kind,
            *self.dialogues[dialogue],
            self.pages[page],
            *self.agents[agent],
            self.meetings[meeting],
        )
