"""A row for each live-chat attempt."""

from dcevents.model.events import ATTEMPT_OUTCOMES
from dcevents.reports._listing import define_listing, list_column_figures
from dcevents.reports._report import Report
from dcevents.tables import ESSENTIAL, Chart, Column

_COLUMNS = (
    Column("sid", "text", "Session", ESSENTIAL, narrow_width=12, is_code=True),
    Column("conversation_id", "text", "ID", priority=0, is_code=True),
    Column("conversation", "text", "Conversation"),
    Column("attempt", "number", "No.", priority=0),
    Column("requested_at", "time", "Requested", priority=2),
    Column("accepted_at", "time", "Accepted", priority=0),
    Column("ended_at", "time", "Ended", priority=0),
    Column("agent_id", "text", "Agent ID", priority=0, is_code=True),
    Column("agent", "text", "Agent", priority=2),
    Column("wait_seconds", "seconds", "Wait"),
    Column("chat_seconds", "seconds", "Chat"),
    Column("outcome", "text", "Outcome", ESSENTIAL),
)

REPORT = Report(
    name="chats",
    help="A row for each request for an agent: wait, length, outcome.",
    example="dcevents chats logs/ --outcome missed --period last-week",
    make=define_listing(
        "chats",
        _COLUMNS,
        lambda view: view.list_chats(),
        keys=("sid", "conversation_id", "conversation", "attempt"),
        chart=Chart("tally", ("outcome",)),
    ),
    figures=list_column_figures(_COLUMNS),
    columns=_COLUMNS,
    order=70,
    filters=("conversation", "type", "ui_type", "page", "agent", "outcome"),
    outcomes=ATTEMPT_OUTCOMES,
    selects="attempts",
)
