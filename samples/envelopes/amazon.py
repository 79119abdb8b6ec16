"""What the services of AWS write, deliver and export."""

from collections.abc import Sequence

from samples.envelopes._writing import (
    MEETING,
    Event,
    Shape,
    b64,
    batches,
    dynamo,
    each,
    late,
    late_stamp,
    later,
    lines,
    payload,
    plain,
    pretty,
    text,
    together,
    untimed,
)

AWS = "https://docs.aws.amazon.com"
LOGS = f"{AWS}/AmazonCloudWatch/latest/logs"
LAMBDA = f"{AWS}/lambda/latest/dg"
EVENTS = f"{AWS}/eventbridge/latest/userguide/eb-events-structure.html"


def _filtered(event: Event, n: int) -> Event:
    """Return an event of `aws logs filter-log-events`."""
    return {
        "logStreamName": "dc/1",
        "timestamp": late_stamp(event),
        "message": text(event),
        "ingestionTime": late_stamp(event) + 900,
        "eventId": f"3750{n:012d}",
    }


def _subscription(batch: Sequence[Event]) -> Event:
    """Return what CloudWatch Logs sends to a subscriber, unpacked."""
    logged = [
        {"id": f"3750{n:052d}", "timestamp": late_stamp(e), "message": text(e)}
        for n, e in enumerate(batch)
    ]
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "dc",
        "logStream": "web",
        "subscriptionFilters": ["dc"],
        "logEvents": logged,
    }


def _insights(event: Event, n: int) -> list[Event]:
    """Return a row of `aws logs get-query-results`."""
    fields = {
        "@timestamp": plain(later(event)),
        "@message": text(event),
        "@ptr": f"Cm{n:08x}",
    }
    return [{"field": field, "value": value} for field, value in fields.items()]


def _query_results(events: Sequence[Event]) -> bytes:
    counts = {"recordsMatched": 1.0 * len(events), "recordsScanned": 99.0, "bytesScanned": 9999.0}
    rows = [_insights(e, n) for n, e in enumerate(events)]
    return pretty({"results": rows, "statistics": counts, "status": "Complete"}, 4)


def _sns(event: Event, n: int, message: object) -> Event:
    return {
        "Type": "Notification",
        "MessageId": f"m{n}",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:dc",
        "Message": message,
        "Timestamp": late(event),
        "SignatureVersion": "1",
    }


def _bridge(event: Event, n: int, name: str, detail: Event) -> Event:
    return {
        "version": "0",
        "id": f"i{n}",
        "detail-type": name,
        "source": "site.dc",
        "account": "123456789012",
        "time": f"{later(event):%Y-%m-%dT%H:%M:%SZ}",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }


def _kinesis(event: Event, n: int) -> Event:
    held = {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": "p",
        "sequenceNumber": f"4959{n}",
        "data": b64(text(event)),
        "approximateArrivalTimestamp": late_stamp(event) / 1000,
    }
    return {"kinesis": held, "eventSource": "aws:kinesis", "eventName": "aws:kinesis:record"}


SHAPES: dict[str, Shape] = {
    "cloudwatch-filter": together(
        "aws logs filter-log-events",
        f"{AWS}/cli/latest/reference/logs/filter-log-events.html",
        lambda events: pretty(
            {"events": [_filtered(e, n) for n, e in enumerate(events)], "searchedLogStreams": []}, 4
        ),
    ),
    "cloudwatch-subscription": together(
        "CloudWatch Logs to a subscriber",
        f"{LOGS}/SubscriptionFilters.html",
        lambda events: b"".join(text(_subscription(batch)).encode() for batch in batches(events)),
    ),
    "insights": together(
        "CloudWatch Logs Insights",
        f"{AWS}/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html",
        _query_results,
    ),
    "sqs": each(
        "aws sqs receive-message",
        f"{AWS}/cli/latest/reference/sqs/receive-message.html",
        lambda e, n: {
            "Messages": [
                {
                    "MessageId": str(n),
                    "ReceiptHandle": "AQEB",
                    "MD5OfBody": "x",
                    "Body": text(e),
                    "Attributes": {"SentTimestamp": str(late_stamp(e))},
                }
            ]
        },
    ),
    "sqs-lambda": each(
        "SQS to Lambda, no time in the event",
        f"{LAMBDA}/with-sqs.html",
        lambda e, n: {
            "Records": [
                {
                    "messageId": str(n),
                    "body": text(untimed(e)),
                    "attributes": {
                        "ApproximateReceiveCount": "1",
                        "SentTimestamp": str(late_stamp(e)),
                    },
                    "eventSource": "aws:sqs",
                }
            ]
        },
        clock="server",
    ),
    "sns": each(
        "SNS by HTTP",
        f"{AWS}/sns/latest/dg/http-notification-json.html",
        lambda e, n: _sns(e, n, text(e)),
    ),
    "sns-sqs-lambda": each(
        "SNS in SQS to Lambda",
        f"{AWS}/sns/latest/dg/sns-sqs-as-subscriber.html",
        lambda e, n: {
            "Records": [
                {
                    "messageId": f"m{n}",
                    "body": text(_sns(e, n, text(e))),
                    "attributes": {"SentTimestamp": str(late_stamp(e))},
                }
            ]
        },
    ),
    "sns-lambda": each(
        "SNS to Lambda",
        f"{LAMBDA}/with-sns.html",
        lambda e, n: {
            "Records": [
                {"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": _sns(e, n, text(e))}
            ]
        },
    ),
    "eventbridge": each(
        "EventBridge, the event as its detail",
        EVENTS,
        lambda e, n: _bridge(e, n, "dc", e),
    ),
    "eventbridge-named": each(
        "EventBridge, the event's name as its type",
        EVENTS,
        lambda e, n: _bridge(e, n, e["event"], {**payload(e), "page": e.get("page")}),
        clock="server",
        resolution_ms=1000,
    ),
    "kinesis": each(
        "Kinesis to Lambda",
        f"{LAMBDA}/with-kinesis.html",
        lambda e, n: {"Records": [_kinesis(e, n)]},
    ),
    "kinesis-get": each(
        "aws kinesis get-records",
        f"{AWS}/cli/latest/reference/kinesis/get-records.html",
        lambda e, n: {
            "Records": [
                {
                    "SequenceNumber": f"4959{n}",
                    "ApproximateArrivalTimestamp": late(e),
                    "Data": b64(text(e)),
                    "PartitionKey": "p",
                }
            ],
            "MillisBehindLatest": 0,
        },
    ),
    "firehose-transform": each(
        "Firehose to Lambda",
        f"{AWS}/firehose/latest/dev/data-transformation.html",
        lambda e, n: {
            "invocationId": f"r{n}",
            "region": "us-east-1",
            "records": [
                {
                    "recordId": f"r{n}",
                    "approximateArrivalTimestamp": late_stamp(e),
                    "data": b64(text(e)),
                }
            ],
        },
    ),
    "dynamodb": each(
        "aws dynamodb get-item",
        f"{AWS}/amazondynamodb/latest/APIReference/API_AttributeValue.html",
        lambda e, _: {"Item": {key: dynamo(value) for key, value in e.items()}},
        rewrites=MEETING,
    ),
    "dynamodb-scan": together(
        "aws dynamodb scan",
        f"{AWS}/cli/latest/reference/dynamodb/scan.html",
        lambda events: pretty(
            {
                "Items": [{key: dynamo(value) for key, value in e.items()} for e in events],
                "Count": len(events),
                "ScannedCount": len(events),
                "ConsumedCapacity": None,
            },
            4,
        ),
        rewrites=MEETING,
    ),
    "dynamodb-stream": each(
        "a stream of DynamoDB",
        f"{AWS}/amazondynamodb/latest/developerguide/Streams.Lambda.html",
        lambda e, n: {
            "eventID": f"x{n}",
            "eventName": "INSERT",
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "ApproximateCreationDateTime": late_stamp(e) // 1000,
                "Keys": {"pk": {"S": f"{n}"}},
                "NewImage": {key: dynamo(value) for key, value in e.items()},
                "StreamViewType": "NEW_IMAGE",
            },
        },
        rewrites=MEETING,
    ),
    "step-functions": each(
        "an execution of Step Functions",
        f"{AWS}/step-functions/latest/apireference/API_DescribeExecution.html",
        lambda e, n: {
            "executionArn": f"arn:aws:states:dc:{n}",
            "status": "SUCCEEDED",
            "startDate": late(e),
            "input": text(e),
            "output": "{}",
        },
    ),
    "kinesis-batch": together(
        "Kinesis to Lambda, several records",
        f"{LAMBDA}/with-kinesis.html",
        lambda events: lines(
            {"Records": [_kinesis(e, n) for n, e in enumerate(batch)]} for batch in batches(events)
        ),
    ),
}
