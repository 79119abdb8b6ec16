"""A row for each sid."""

from dcevents.model.events import OUTCOMES
from dcevents.reports._listing import list_column_figures, make_listing
from dcevents.reports._report import Report
from dcevents.tables import Column

_COLUMNS = (
    Column("sid", "text", "Session"),
    Column("started_at", "time", "Started"),
    Column("last_at", "time", "Last active", priority=0),
    Column("duration_seconds", "seconds", "Duration"),
    Column("conversations", "count", "Con\u00adver\u00adsations"),
    Column("engaged", "count", "En\u00adgaged"),
    Column("completed", "count", "Com\u00adpleted"),
    Column("emails", "count", "E-mails", priority=0),
    Column("phones", "count", "Phones", priority=0),
    Column("meetings", "count", "Meet\u00adings"),
    Column("live_chats", "count", "Live chats"),
    Column("outcome", "text", "Outcome", priority=2),
)

REPORT = Report(
    name="sessions",
    help="A row for each session: times, conversations, best outcome.",
    example="dcevents sessions logs/ --period yesterday -o sessions-{date}.csv",
    make=make_listing("sessions", _COLUMNS, lambda view: view.list_sessions(), keys=("sid",)),
    figures=list_column_figures(_COLUMNS),
    order=50,
    filters=("conversation", "type", "ui_type", "page", "agent", "outcome"),
    outcomes=OUTCOMES,
)
