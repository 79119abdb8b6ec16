"""A row for each event.

Of duplicates the first by file and line.
"""

from dcevents.model.events import OUTCOMES
from dcevents.reports._listing import define_listing, list_column_figures
from dcevents.reports._report import Report
from dcevents.tables import ESSENTIAL, Chart, Column

_COLUMNS = (
    Column("timestamp", "time", "Time", ESSENTIAL),
    Column("kind", "text", "Event", priority=2),
    Column("sid", "text", "Session", ESSENTIAL, narrow_width=12, is_code=True),
    Column("conversation_id", "text", "ID", priority=0, is_code=True),
    Column("conversation", "text", "Conversation"),
    Column("type", "text", "Type", priority=0),
    Column("ui_type", "text", "UI type", priority=0),
    Column("page", "text", "Page", is_address=True),
    Column("agent_id", "text", "Agent ID", priority=0, is_code=True),
    Column("agent", "text", "Agent"),
    Column("meeting_info", "text", "Meeting", priority=0),
    Column("file", "text", "File"),
    Column("line", "number", "Line", priority=0),
)

REPORT = Report(
    name="events",
    help="A row for each event, with the file and line it stands in.",
    example="dcevents events logs/ --conversation Pricing -f ndjson",
    make=define_listing(
        "events",
        _COLUMNS,
        lambda view: view.list_events(),
        keys=("sid", "file", "line"),
        chart=Chart("tally", ("kind",)),
    ),
    figures=list_column_figures(_COLUMNS),
    columns=_COLUMNS,
    order=80,
    filters=("conversation", "type", "ui_type", "page", "agent", "outcome"),
    outcomes=OUTCOMES,
    needs_locations=True,
    needs_stored_events=True,
)
