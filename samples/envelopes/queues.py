"""What queues, streams and their tools print."""

from samples.envelopes._writing import (
    MEETING,
    Shape,
    b64,
    behind,
    each,
    late,
    late_stamp,
    later,
    payload,
    scalars,
    stamp,
    text,
    together,
    untimed,
)

KAFKA = "https://kafka.apache.org/documentation/"
DEBEZIUM = "https://debezium.io/documentation/reference/stable/connectors/postgresql.html"
REDIS = "https://redis.io/docs/latest"

SHAPES: dict[str, Shape] = {
    "kafka-console": behind(
        "kafka-console-consumer with timestamps",
        f"{KAFKA}#basic_ops_consumer_lag",
        lambda e, _: f"CreateTime:{late_stamp(e)}\tkey1\t",
    ),
    "kafka-json": each(
        "a consumer that prints records as JSON",
        f"{KAFKA}#messageformat",
        lambda e, n: {
            "topic": "dc",
            "partition": 0,
            "offset": n,
            "timestamp": late_stamp(e),
            "key": None,
            "value": e,
        },
    ),
    "kafka-untimed": each(
        "a consumer that prints records as JSON, no time in the event",
        f"{KAFKA}#messageformat",
        lambda e, n: {
            "offset": n,
            "timestamp": late_stamp(e),
            "key": "k",
            "value": text(untimed(e)),
        },
        clock="server",
    ),
    "kcat": each(
        "kcat -J",
        "https://github.com/edenhill/kcat#readme",
        lambda e, n: {
            "topic": "dc",
            "partition": 0,
            "offset": n,
            "tstype": "create",
            "ts": late_stamp(e),
            "broker": 1,
            "key": None,
            "payload": text(untimed(e)),
        },
        clock="server",
    ),
    "kafka-connect": each(
        "Kafka Connect's JsonConverter",
        f"{KAFKA}connect/",
        lambda e, _: {"schema": {"type": "string", "optional": False}, "payload": text(e)},
    ),
    "kafka-connect-struct": each(
        "Kafka Connect's JsonConverter, a struct",
        f"{KAFKA}connect/",
        lambda e, _: {
            "schema": {
                "type": "struct",
                "fields": [
                    {"field": "event", "type": "string"},
                    {"field": "sid", "type": "string"},
                ],
                "name": "dc",
            },
            "payload": {"event": e["event"], "ts": stamp(e), "page": e.get("page"), **payload(e)},
        },
    ),
    "kafka-rest": together(
        "Confluent's REST Proxy",
        "https://docs.confluent.io/platform/current/kafka-rest/api.html",
        lambda events: text(
            [
                {"topic": "dc", "key": None, "value": e, "partition": 0, "offset": n}
                for n, e in enumerate(events)
            ]
        ).encode(),
    ),
    "redpanda": each(
        "rpk topic consume",
        "https://docs.redpanda.com/current/reference/rpk/rpk-topic/rpk-topic-consume/",
        lambda e, n: {
            "topic": "dc",
            "value": text(e),
            "timestamp": late_stamp(e),
            "partition": 0,
            "offset": n,
        },
    ),
    "akhq": each(
        "AKHQ's download",
        "https://akhq.io/docs/",
        lambda e, n: {
            "topic": {"name": "dc"},
            "partition": 0,
            "offset": n,
            "timestamp": late(e),
            "value": text(e),
            "headers": [],
        },
    ),
    "debezium": each(
        "Debezium, the event in a column",
        f"{DEBEZIUM}#postgresql-create-events",
        lambda e, n: {
            "payload": {
                "before": None,
                "after": {"id": n + 1, "body": text(e), "created_at": late_stamp(e) * 1000},
                "source": {"name": "db", "ts_ms": late_stamp(e) + 20, "table": "dc"},
                "op": "c",
                "ts_ms": late_stamp(e) + 40,
            }
        },
    ),
    "debezium-columns": each(
        "Debezium, Adobe's keys as columns",
        f"{DEBEZIUM}#postgresql-create-events",
        lambda e, _: {
            "before": None,
            "after": {
                "event": e["event"],
                "page": e.get("page"),
                "occurred_at": stamp(e) * 1000,
                **scalars(payload(e)),
            },
            "source": {"connector": "postgresql", "name": "db", "ts_ms": late_stamp(e)},
            "op": "c",
            "ts_ms": late_stamp(e),
        },
        loses=MEETING,
    ),
    "avro": each(
        "Avro as JSON",
        "https://avro.apache.org/docs/1.11.1/specification/#json-encoding",
        lambda e, _: {
            "event": {"string": e["event"]},
            "timestamp": {"long": stamp(e)},
            "page": {"string": e["page"]} if "page" in e else None,
            **{key: {"string": value} for key, value in scalars(payload(e)).items()},
        },
        loses=MEETING,
    ),
    "rabbitmq": each(
        "RabbitMQ's management API",
        "https://rawcdn.githack.com/rabbitmq/rabbitmq-server/main/deps/rabbitmq_management/priv/"
        "www/api/index.html",
        lambda e, n: {
            "payload_bytes": len(text(e)),
            "redelivered": False,
            "exchange": "",
            "routing_key": "dc",
            "message_count": n,
            "properties": {"delivery_mode": 2},
            "payload": text(e),
            "payload_encoding": "string",
        },
    ),
    "rabbitmq-base64": each(
        "RabbitMQ's management API, base64",
        "https://rawcdn.githack.com/rabbitmq/rabbitmq-server/main/deps/rabbitmq_management/priv/"
        "www/api/index.html",
        lambda e, _: {
            "routing_key": "dc",
            "properties": {},
            "payload": b64(text(e)),
            "payload_encoding": "base64",
        },
    ),
    "nats": behind(
        "nats sub",
        "https://docs.nats.io/using-nats/nats-tools/nats_cli",
        lambda _, n: f'[#{n}] Received on "site.dc"\n',
        has_other_records=True,
    ),
    "pulsar": each(
        "pulsar-admin's messages",
        "https://pulsar.apache.org/docs/next/client-libraries-consumers/",
        lambda e, n: {
            "messageId": f"1:{n}",
            "publishTime": late_stamp(e),
            "key": None,
            "content": text(e),
        },
    ),
    "redis-stream": each(
        "a stream of Redis",
        f"{REDIS}/develop/data-types/streams/",
        lambda e, _: {"id": f"{late_stamp(e)}-0", "message": {"event": text(e)}},
    ),
    "redis-cli": behind(
        "redis-cli lrange",
        f"{REDIS}/develop/tools/cli/",
        lambda _, n: f"{n + 1}) ",
        said=text,
    ),
    "redis-xrange": together(
        "redis-cli xrange",
        f"{REDIS}/commands/xrange/",
        lambda events: "".join(
            f'{n + 1:3d}) 1) "{late_stamp(e)}-0"\n     2) 1) "body"\n        2) {text(text(e))}\n'
            for n, e in enumerate(events)
        ).encode(),
        has_other_records=True,
    ),
    "eventstore": each(
        "EventStoreDB",
        "https://docs.kurrent.io/server/v24.10/http-api/introduction.html",
        lambda e, n: {
            "eventStreamId": "dc",
            "eventNumber": n,
            "eventType": e["event"],
            "eventId": f"e{n}",
            "data": {**payload(e), "page": e.get("page"), "at": stamp(e)},
            "metadata": {},
        },
    ),
    "hasura": each(
        "an event trigger of Hasura",
        "https://hasura.io/docs/2.0/event-triggers/payload/",
        lambda e, n: {
            "id": f"h{n}",
            "created_at": late(e),
            "table": {"schema": "public", "name": "dc"},
            "trigger": {"name": "dc"},
            "event": {
                "op": "INSERT",
                "data": {"old": None, "new": {"id": n, "body": e}},
                "session_variables": {},
            },
        },
    ),
    "supabase-hook": each(
        "a webhook of Supabase",
        "https://supabase.com/docs/guides/database/webhooks",
        lambda e, n: {
            "type": "INSERT",
            "table": "dc",
            "schema": "public",
            "record": {"id": n, "body": e, "created_at": late(e)},
            "old_record": None,
        },
    ),
    "singer": each(
        "Singer, Meltano",
        "https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md",
        lambda e, _: {
            "type": "RECORD",
            "stream": "dc",
            "time_extracted": late(e),
            "record": e,
        },
    ),
    "airbyte": each(
        "Airbyte's raw tables",
        "https://docs.airbyte.com/understanding-airbyte/airbyte-protocol",
        lambda e, n: {
            "_airbyte_ab_id": f"a{n}",
            "_airbyte_emitted_at": late_stamp(e),
            "_airbyte_data": e,
        },
    ),
    "sidekiq": each(
        "a job of Sidekiq",
        "https://github.com/sidekiq/sidekiq/wiki/Job-Format",
        lambda e, n: {
            "class": "DcJob",
            "args": [e],
            "retry": True,
            "queue": "default",
            "jid": f"j{n}",
            "created_at": late_stamp(e) / 1000,
            "enqueued_at": late_stamp(e) / 1000,
        },
    ),
    "bullmq": each(
        "a job of BullMQ",
        "https://docs.bullmq.io/guide/jobs",
        lambda e, n: {
            "name": "dc",
            "data": untimed(e),
            "opts": {"attempts": 1},
            "id": str(n),
            "timestamp": late_stamp(e),
        },
        clock="server",
    ),
    "celery-task": each(
        "a task of Celery, as an event",
        "https://docs.celeryq.dev/en/stable/userguide/monitoring.html#event-reference",
        lambda e, n: {
            "type": "task-received",
            "uuid": f"t{n}",
            "name": "dc.log",
            "kwargs": text(e),
            "hostname": "w@web1",
            "timestamp": later(e).timestamp(),
        },
    ),
    "mqtt-json": each(
        "mosquitto_sub -F %j",
        "https://mosquitto.org/man/mosquitto_sub-1.html",
        lambda e, _: {
            "tst": later(e).isoformat(),
            "topic": "site/dc",
            "qos": 0,
            "retain": 0,
            "payloadlen": len(text(e)),
            "payload": text(e),
        },
    ),
}
