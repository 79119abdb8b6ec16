#!/bin/sh
# What a shell user would write: how many lines each (id, event) has. A subset: lines, not conversations.
# (Faster than counting inside jq with `reduce inputs`.)
#
# sh benchmarks/rivals/jq_job.sh FILE [wrapped]      wrapped: some lines are a text (`log`) in another record
jq -r "${2:+if has(\"log\") then .log | fromjson else . end | }"'"\(.data.payload.id)\t\(.event)"' "$1" | LC_ALL=C sort | uniq -c
