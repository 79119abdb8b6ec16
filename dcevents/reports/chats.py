"""A row for each live-chat attempt."""

from dcevents.model.events import ATTEMPT_OUTCOMES
from dcevents.reports._listing import list_column_figures, make_listing
from dcevents.reports._report import Report
from dcevents.tables import Column

_COLUMNS = (
    Column("sid", "text", "Session"),
    Column("conversation_id", "text", "ID", priority=0),
    Column("conversation", "text", "Conversation"),
    Column("attempt", "number", "No.", priority=0),
    Column("requested_at", "time", "Requested"),
    Column("accepted_at", "time", "Ac\u00adcepted", priority=0),
    Column("ended_at", "time", "Ended", priority=0),
    Column("agent_id", "text", "Agent ID", priority=0),
    Column("agent", "text", "Agent"),
    Column("wait_seconds", "seconds", "Wait"),
    Column("chat_seconds", "seconds", "Chat"),
    Column("outcome", "text", "Outcome", priority=2),
)

REPORT = Report(
    name="chats",
    help="A row for each request for an agent: wait, length, outcome.",
    example="dcevents chats logs/ --outcome missed --period last-week",
    make=make_listing(
        "chats",
        _COLUMNS,
        lambda view: view.list_chats(),
        keys=("sid", "conversation_id", "conversation", "attempt"),
    ),
    figures=list_column_figures(_COLUMNS),
    order=70,
    filters=("conversation", "type", "ui_type", "page", "agent", "outcome"),
    outcomes=ATTEMPT_OUTCOMES,
    of_chats=True,
)
