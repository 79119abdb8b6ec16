"""What events say apart from session and time; many of these in columns. Plain data."""

from array import array
from typing import Final, NamedTuple

from dcevents.model.numbers.packed_texts import PackedTexts


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


NO_AGENT: Final = (None, None)
"""An agent without id and name."""
ROW_NUMBERS: Final = 5
"""Numbers of a row: kind, and those of dialogue, page, agent and meeting."""


class AttributeColumns:
    """Distinct attributes in columns, which only grow: texts first, then the rows that have them.

    One thread may add to them while another reads: rows first, then texts.
    """

    def __init__(self) -> None:
        self.dialogues = PackedTexts(4)
        """Ids, names, types and uiTypes of conversations."""
        self.pages = PackedTexts(1, [None])
        self.agents = PackedTexts(2, [NO_AGENT])
        """Ids and names."""
        self.meetings = PackedTexts(1, [None])
        self.rows = array("I")
        """ROW_NUMBERS for each."""

    @property
    def texts(self) -> tuple[PackedTexts, ...]:
        """Return what the numbers of a row behind the kind stand for, in their order."""
        return self.dialogues, self.pages, self.agents, self.meetings

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.rows) // ROW_NUMBERS
