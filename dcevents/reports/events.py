"""A row for each event, of duplicates the first by file and line."""

from dcevents.reports._base import Column, Report
from dcevents.reports._listing import listing

_COLUMNS = (
    Column("timestamp", "time", "Time"),
    Column("kind", "text", "Event"),
    Column("sid", "text", "Session"),
    Column("conversation_id", "text", "ID"),
    Column("conversation", "text", "Conversation"),
    Column("type", "text", "Type"),
    Column("ui_type", "text", "UI type"),
    Column("page", "text", "Page"),
    Column("agent_id", "text", "Agent ID"),
    Column("agent", "text", "Agent"),
    Column("meeting_info", "text", "Meeting"),
    Column("file", "text", "File"),
    Column("line", "number", "Line"),
)

REPORT = Report(
    name="events",
    help="A row for each event, with the file and line it stands in.",
    example="dcevents events logs/ --conversation Pricing -f ndjson",
    make=listing("events", _COLUMNS, lambda view: view.event_rows()),
    order=80,
    filters=("conversation", "type", "ui_type", "page", "agent", "outcome"),
    placed=True,
)
