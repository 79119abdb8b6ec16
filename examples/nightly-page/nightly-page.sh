#!/bin/sh
# Every night: take in what is new, then write the pages that colleagues look at in the morning.
#
#   40 0 * * *  /usr/local/bin/nightly-page.sh
#
# The folder is the root of a site that only colleagues may see: pages have the names of dialogues, pages and agents.
set -eu

logs=${LOGS:-/var/log/dc}
store=${STORE:-/var/lib/dcevents}
pages=${PAGES:-/srv/reports}
dcevents=${DCEVENTS:-/usr/local/bin/dcevents}
DCEVENTS_TZ=${DCEVENTS_TZ:-Europe/Berlin}
export DCEVENTS_TZ

"$dcevents" ingest "$logs" --store "$store" -q

# The month so far, beside as much of the month before. --stale makes cron send a mail when no events come in any more.
status=0
"$dcevents" summary --store "$store" --period "${PERIOD:-this-month}" --compare previous --stale "${STALE:-26h}" -q -o "$pages/index.html" || status=$?

# A page of each day, and a workbook for whoever wants to calculate.
"$dcevents" summary --store "$store" --period "${DAY:-yesterday}" -q -o "$pages/day-{date}.html"
"$dcevents" completion --store "$store" --period "${DAY:-yesterday}" --by hour -q -o "$pages/hours-{date}.xlsx"
exit "$status"
