"""What anybody would write first: a loop over the lines with Python's json, completion counts for each id.

python benchmarks/rivals/pyjson_job.py FILE
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict

COUNTED = {"CONVERSATION_COMPLETED": "completed", "CONVERSATION_INPUT_EMAIL": "emails"}
NO_ANSWER = {"CONVERSATION_TRIGGERED", "CONVERSATION_CLOSED"}


def completion(path: str) -> list[dict[str, object]]:
    """Return a row for each conversation id."""
    found: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if "data" not in record:
                continue
            event, payload = record["event"], record["data"]["payload"]
            sids = found[payload["id"]]
            sids["triggered"].add(payload["sid"])
            if event not in NO_ANSWER:
                sids["engaged"].add(payload["sid"])
            if event in COUNTED:
                sids[COUNTED[event]].add(payload["sid"])
    columns = ("triggered", "engaged", "completed", "emails")
    counts = {key: {name: len(sids[name]) for name in columns} for key, sids in found.items()}
    return [{"conversation_id": key, **row} for key, row in counts.items()]


if __name__ == "__main__":
    print(json.dumps({"completion": completion(sys.argv[1])}, indent=1))
