"""A row for each conversation: (sid, id)."""

from dcevents.model.events import OUTCOMES
from dcevents.reports._listing import define_listing, define_parts, list_column_figures
from dcevents.reports._report import Report
from dcevents.tables import ESSENTIAL, Chart, Column

_COLUMNS = (
    Column("sid", "text", "Session", ESSENTIAL, narrow_width=12, is_code=True),
    Column("conversation_id", "text", "ID", priority=0, is_code=True),
    Column("conversation", "text", "Conversation", priority=2),
    Column("type", "text", "Type", priority=0),
    Column("ui_type", "text", "UI type", priority=0),
    Column("page", "text", "Page", priority=0, is_address=True),
    Column("started_at", "time", "Started", priority=2),
    Column("engaged_at", "time", "Engaged at", priority=0),
    Column("last_at", "time", "Last active", priority=0),
    Column("duration_seconds", "seconds", "Duration"),
    Column("engaged", "flag", "Engaged"),
    Column("gave_email", "flag", "Gave e-mail", priority=0),
    Column("gave_phone", "flag", "Gave phone", priority=0),
    Column("meetings", "count", "Meetings booked", priority=0),
    Column("live_chats", "count", "Live chats", priority=0),
    Column("last_step", "text", "Last step"),
    Column("outcome", "text", "Outcome", ESSENTIAL),
)

_KEYS = ("sid", "conversation_id", "conversation")

REPORT = Report(
    name="conversations",
    help="A row for each conversation: times, last step, outcome.",
    example="dcevents conversations logs/ --outcome dropped --since 7d",
    make=define_listing(
        "conversations",
        _COLUMNS,
        lambda view: view.list_conversations(),
        keys=_KEYS,
        chart=Chart("tally", ("outcome",)),
    ),
    make_parts=define_parts(
        "conversations", _COLUMNS, lambda view: view.list_conversations_in_parts(), keys=_KEYS
    ),
    figures=list_column_figures(_COLUMNS),
    columns=_COLUMNS,
    order=60,
    filters=("conversation", "type", "ui_type", "page", "agent", "outcome"),
    outcomes=OUTCOMES,
)
