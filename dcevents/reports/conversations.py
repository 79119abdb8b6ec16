"""A row for each conversation: (sid, id)."""

from dcevents.reports._base import Column, Report
from dcevents.reports._listing import listing

_COLUMNS = (
    Column("sid", "text", "Session"),
    Column("conversation_id", "text", "ID"),
    Column("conversation", "text", "Conversation"),
    Column("type", "text", "Type"),
    Column("ui_type", "text", "UI type"),
    Column("page", "text", "Page"),
    Column("started_at", "time", "Started"),
    Column("engaged_at", "time", "Engaged at"),
    Column("last_at", "time", "Last active"),
    Column("duration_seconds", "seconds", "Duration"),
    Column("engaged", "flag", "En\u00adgaged"),
    Column("gave_email", "flag", "E-mail"),
    Column("gave_phone", "flag", "Phone"),
    Column("meetings", "count", "Meet\u00adings"),
    Column("live_chats", "count", "Live chats"),
    Column("last_step", "text", "Last step"),
    Column("outcome", "text", "Outcome"),
)

REPORT = Report(
    name="conversations",
    help="A row for each conversation: what happened in it, its last step and outcome.",
    example="dcevents conversations logs/ --outcome dropped --since 7d",
    make=listing("conversations", _COLUMNS, lambda view: view.conversation_rows()),
    order=60,
    filters=("conversation", "type", "ui_type", "page", "agent", "outcome"),
)
