"""Completion: of those who were shown a conversation, who engaged, who reached the end (definitions 3)."""

from dcevents.reports._base import CONVERSATION_KEYS, Report, count, rate, seconds
from dcevents.reports._grouped import conversations_report

_METRICS = (
    count("sessions", "Sessions", lambda col: col("sid").n_unique(), within_id=lambda col: col("conv").len()),
    count("triggered", "Triggered", lambda col: col("conv").len()),
    count("engaged", "Engaged", lambda col: col("engaged").sum()),
    rate("engagement_rate", "Engagement rate", "engaged", lambda col: col("triggered")),
    count("completed", "Completed", lambda col: (col("outcome") == "completed").sum()),
    rate("completion_rate", "Completion rate", "completed", lambda col: col("engaged") - col("open")),
    count("emails", "E-mails", lambda col: col("gave_email").sum()),
    count("phones", "Phones", lambda col: col("gave_phone").sum()),
    count("meetings", "Meetings", lambda col: col("meetings").sum()),
    rate("conversion_rate", "Conversion rate", "emails", lambda col: col("engaged")),
    count("open", "Open", lambda col: ((col("outcome") == "open") & col("engaged")).sum()),
    seconds(
        "median_seconds_to_complete",
        "Median time to complete",
        lambda col: (col("completed_at") - col("engaged_at")).quantile(0.5, "linear"),
        where=lambda col: col("outcome") == "completed",
    ),
)

REPORT = Report(
    name="completion",
    help="Who was shown a conversation, who engaged, who reached the end.",
    example="zcat day.ndjson.gz | dcevents completion -f csv > completion.csv",
    make=conversations_report("completion", _METRICS),
    default_by="conversation",
    by=CONVERSATION_KEYS,
    order=20,
)
