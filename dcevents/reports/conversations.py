"""A row for each conversation: (sid, id)."""

from dcevents.model.events import OUTCOMES
from dcevents.reports._listing import list_column_figures, make_listing
from dcevents.reports._report import Report
from dcevents.tables import Column

_COLUMNS = (
    Column("sid", "text", "Session"),
    Column("conversation_id", "text", "ID", priority=0),
    Column("conversation", "text", "Conversation"),
    Column("type", "text", "Type", priority=0),
    Column("ui_type", "text", "UI type", priority=0),
    Column("page", "text", "Page", priority=0),
    Column("started_at", "time", "Started"),
    Column("engaged_at", "time", "Engaged at", priority=0),
    Column("last_at", "time", "Last active", priority=0),
    Column("duration_seconds", "seconds", "Duration"),
    Column("engaged", "flag", "En\u00adgaged"),
    Column("gave_email", "flag", "E-mail", priority=0),
    Column("gave_phone", "flag", "Phone", priority=0),
    Column("meetings", "count", "Meet\u00adings", priority=0),
    Column("live_chats", "count", "Live chats", priority=0),
    Column("last_step", "text", "Last step"),
    Column("outcome", "text", "Outcome", priority=2),
)

REPORT = Report(
    name="conversations",
    help="A row for each conversation: times, last step, outcome.",
    example="dcevents conversations logs/ --outcome dropped --since 7d",
    make=make_listing(
        "conversations",
        _COLUMNS,
        lambda view: view.list_conversations(),
        keys=("sid", "conversation_id", "conversation"),
    ),
    figures=list_column_figures(_COLUMNS),
    order=60,
    filters=("conversation", "type", "ui_type", "page", "agent", "outcome"),
    outcomes=OUTCOMES,
)
