"""A collector for AWS Lambda behind a function URL:
each request becomes an object of one line in an S3 bucket.

Set the environment variable BUCKET, and let the function's role do `s3:PutObject` there. CORS of
the function URL is not needed for the snippet. Anyone can call it: set a reserved concurrency.
tests/snippet/test_collectors.py runs this file.
"""

import base64
import json
import os
import uuid
from datetime import UTC, datetime
from typing import Any

import boto3

MOST = 64 * 1024
"""Bytes of a request: browsers send no more."""

s3 = boto3.client("s3")


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer a request of payload format 2.0."""
    if event["requestContext"]["http"]["method"] != "POST":
        return {"statusCode": 405}
    body = event.get("body") or ""
    data = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    if len(data) > MOST:
        return {"statusCode": 413}
    now = datetime.now(UTC)
    line = json.dumps(
        {
            "received": now.isoformat(timespec="milliseconds"),
            "body": data.decode("utf-8", "replace"),
        }
    )
    name = f"dc/{now:%Y-%m-%d}/{now:%H%M%S}-{uuid.uuid4()}.ndjson"
    s3.put_object(Bucket=os.environ["BUCKET"], Key=name, Body=line.encode() + b"\n")
    return {"statusCode": 204}
