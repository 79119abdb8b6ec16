"""Completion: of those who were shown a conversation, who engaged, who reached the end (definitions 3)."""

from dcevents.reports._grouped import conversations_report, figures
from dcevents.reports._metrics import CONVERSATION_KEYS, count, rate, seconds
from dcevents.reports._report import Report

_METRICS = (
    count(
        "sessions",
        "Ses\u00adsions",
        lambda col: col("sid").n_unique(),
        within_id=lambda col: col("conv").len(),
    ),
    count("triggered", "Trig\u00adgered", lambda col: col("conv").len()),
    count("engaged", "En\u00adgaged", lambda col: col("engaged").sum()),
    rate("engagement_rate", "En\u00adgage\u00adment rate", "engaged", lambda col: col("triggered")),
    count("completed", "Com\u00adpleted", lambda col: (col("outcome") == "completed").sum()),
    rate(
        "completion_rate",
        "Com\u00adple\u00adtion rate",
        "completed",
        lambda col: col("engaged") - col("open"),
    ),
    count("emails", "E-mails", lambda col: col("gave_email").sum()),
    count("phones", "Phones", lambda col: col("gave_phone").sum(), rank=0),
    count("meetings", "Meet\u00adings", lambda col: col("meetings").sum()),
    rate("conversion_rate", "Con\u00adver\u00adsion rate", "emails", lambda col: col("engaged")),
    count("open", "Open", lambda col: ((col("outcome") == "open") & col("engaged")).sum()),
    seconds(
        "median_seconds_to_complete",
        "Median time to com\u00adplete",
        lambda col: (col("completed_at") - col("engaged_at")).quantile(0.5, "linear"),
        where=lambda col: col("outcome") == "completed",
    ),
)

REPORT = Report(
    name="completion",
    help="Who was shown a conversation, who engaged, who completed it.",
    example="zcat day.ndjson.gz | dcevents completion -f csv > completion.csv",
    make=conversations_report("completion", _METRICS),
    default_by="conversation",
    by=CONVERSATION_KEYS,
    order=20,
    sids=False,
    rated=True,
    figures=figures(_METRICS),
)
