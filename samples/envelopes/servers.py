"""What web servers, proxies and functions log of requests, whose bodies hold events."""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from samples.envelopes._writing import (
    MEETING,
    Event,
    Shape,
    b64,
    batches,
    each,
    flat,
    iso,
    late,
    late_stamp,
    later,
    lines,
    local,
    scalars,
    seconds,
    text,
    together,
    untimed,
)

NGINX = "https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format"
AWS = "https://docs.aws.amazon.com"
GATEWAY = f"{AWS}/apigateway/latest/developerguide"
FORM = "https://url.spec.whatwg.org/#application/x-www-form-urlencoded"


def _nginx(event: Event, n: int, said: object) -> Event:
    """Return a line of nginx with `escape=json`."""
    return {
        "time": later(event).isoformat(timespec="seconds"),
        "remote_addr": f"192.0.2.{n % 250}",
        "request": "POST /dc-events HTTP/1.1",
        "status": "204",
        "body": said if isinstance(said, str) else text(said),
    }


def _nginx_lines(events: Sequence[Event], n: int) -> Event:
    """Return the same of a request with several lines, as a page sends them that gathers events."""
    return _nginx(events[0], n, "".join(text(event) + "\n" for event in events))


def _gateway(event: Event, n: int, *, encoded: bool = False) -> Event:
    """Return a proxy event of API Gateway."""
    return {
        "resource": "/dc-events",
        "path": "/dc-events",
        "httpMethod": "POST",
        "headers": {"Content-Type": "text/plain"},
        "requestContext": {"requestId": f"r-{n:06x}", "requestTimeEpoch": late_stamp(event)},
        "body": b64(text(event)) if encoded else text(event),
        "isBase64Encoded": encoded,
    }


def _http_api(event: Event, n: int) -> Event:
    """Return an event of an HTTP API or a function's URL: payload format 2.0."""
    http = {"method": "POST", "path": "/dc", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}
    when = {"time": local(later(event)), "timeEpoch": late_stamp(event)}
    return {
        "version": "2.0",
        "routeKey": "POST /dc-events",
        "rawPath": "/dc-events",
        "rawQueryString": "",
        "headers": {"content-type": "text/plain"},
        "requestContext": {"http": http, "requestId": f"r-{n:06x}", **when},
        "body": text(event),
        "isBase64Encoded": False,
    }


def _query(event: Event) -> str:
    return urlencode(scalars(flat(event)))


def _har(events: Sequence[Event]) -> bytes:
    entries = [
        {
            "startedDateTime": late(event),
            "time": 12.5,
            "request": {
                "method": "POST",
                "url": "https://www.example.com/dc-events",
                "httpVersion": "HTTP/1.1",
                "headers": [{"name": "Accept", "value": "*/*"}],
                "queryString": [],
                "postData": {"mimeType": "application/json", "text": text(event)},
            },
            "response": {"status": 204, "statusText": "No Content", "content": {"size": 0}},
        }
        for event in events
    ]
    creator = {"name": "WebInspector", "version": "537.36"}
    return text({"log": {"version": "1.2", "creator": creator, "entries": entries}}).encode()


SHAPES: dict[str, Shape] = {
    "nginx": each("nginx, `escape=json`", NGINX, lambda e, n: _nginx(e, n, e)),
    "nginx-lines": together(
        "nginx, several events a request",
        NGINX,
        lambda events: lines(_nginx_lines(batch, n) for n, batch in enumerate(batches(events))),
    ),
    "nginx-seconds": each(
        "nginx, no time in the event",
        NGINX,
        lambda e, n: _nginx(e, n, untimed(e)),
        clock="server",
        resolution_ms=1000,
    ),
    "nginx-local": each(
        "nginx with $time_local and $request_body",
        NGINX,
        lambda e, n: {
            "time_local": local(later(e)),
            "remote_addr": f"192.0.2.{n % 250}",
            "request": "POST /dc HTTP/1.1",
            "request_time": "0.003",
            "request_body": text(untimed(e)),
        },
        clock="server",
        resolution_ms=1000,
    ),
    "nginx-msec": each(
        "nginx with $msec",
        "https://nginx.org/en/docs/http/ngx_http_log_module.html#var_msec",
        lambda e, _: {
            "msec": seconds(late_stamp(e)),
            "request": "POST /dc HTTP/1.1",
            "request_body": text(untimed(e)),
        },
        clock="server",
    ),
    "openresty": each(
        "OpenResty, the body decoded",
        "https://github.com/openresty/lua-nginx-module#ngxreqget_body_data",
        lambda e, n: {"ts": seconds(late_stamp(e)), "ip": f"192.0.2.{n % 250}", "request_body": e},
    ),
    "caddy": each(
        "Caddy with the request's body",
        "https://caddyserver.com/docs/caddyfile/directives/log_append",
        lambda e, _: {
            "level": "info",
            "ts": later(e).timestamp(),
            "logger": "http.log.access",
            "msg": "handled request",
            "request": {
                "remote_ip": "192.0.2.1",
                "method": "POST",
                "host": "www.example.com",
                "uri": "/dc",
                "headers": {"Cookie": ["REDACTED"], "User-Agent": ["Mozilla/5.0"]},
            },
            "status": 204,
            "body": text(e),
        },
    ),
    "haproxy-json": each(
        "HAProxy with a JSON log-format",
        "https://docs.haproxy.org/2.8/configuration.html#8.2.6",
        lambda e, _: {"accept_date": local(later(e)), "http_method": "POST", "req_body": text(e)},
    ),
    "envoy": each(
        "Envoy's JSON access log, the body as metadata",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage",
        lambda e, _: {
            "start_time": late(e),
            "method": "POST",
            "path": "/dc",
            "response_code": 204,
            "dynamic_metadata": {"body": text(e)},
        },
    ),
    "lambda": each(
        "API Gateway, REST", f"{GATEWAY}/set-up-lambda-proxy-integrations.html", _gateway
    ),
    "lambda-base64": each(
        "API Gateway, REST, base64",
        f"{GATEWAY}/set-up-lambda-proxy-integrations.html",
        lambda e, n: _gateway(e, n, encoded=True),
    ),
    "lambda-http": each(
        "API Gateway, HTTP; a function's URL",
        f"{GATEWAY}/http-api-develop-integrations-lambda.html",
        _http_api,
    ),
    "lambda-alb": each(
        "an Application Load Balancer's Lambda target",
        f"{AWS}/elasticloadbalancing/latest/application/lambda-functions.html",
        lambda e, _: {
            "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:dc"}},
            "httpMethod": "POST",
            "path": "/dc",
            "headers": {"x-amzn-trace-id": "Root=1-5c536348"},
            "body": text(e),
            "isBase64Encoded": False,
        },
    ),
    "azure-function": each(
        "an Azure function's HTTP trigger",
        "https://learn.microsoft.com/en-us/azure/azure-functions/functions-custom-handlers",
        lambda e, _: {
            "Data": {
                "req": {
                    "Url": "https://x.example/api/dc",
                    "Method": "POST",
                    "Query": "{}",
                    "Headers": {"Content-Type": ["application/json"]},
                    "Body": text(e),
                }
            },
            "Metadata": {"sys": {"MethodName": "dc", "UtcNow": late(e)}},
        },
    ),
    "webhook-site": each(
        "webhook.site, exported",
        "https://docs.webhook.site/api/examples.html",
        lambda e, n: {
            "uuid": f"0f3c{n:04x}",
            "type": "web",
            "method": "POST",
            "ip": "192.0.2.1",
            "content": text(e),
            "url": "https://webhook.site/x",
            "created_at": late(e),
        },
    ),
    "form": each(
        "a form's body",
        FORM,
        lambda e, _: {"time": late(e), "body": _query(e)},
        loses=MEETING,
    ),
    "form-untimed": each(
        "a form's body without a time",
        FORM,
        lambda e, _: {"time": late(e), "body": _query(untimed(e))},
        clock="server",
        loses=MEETING,
    ),
    "form-field": each(
        "JSON in a form's field",
        FORM,
        lambda e, _: {"time": late(e), "body": f"data={quote(text(e))}"},
    ),
    "percent": each(
        "a percent-encoded body", FORM, lambda e, _: {"time": late(e), "body": quote(text(e))}
    ),
    "pixel": each(
        "a pixel's request line",
        NGINX,
        lambda e, _: {
            "time": late(e),
            "request": f"GET /dc.gif?{_query(e)} HTTP/1.1",
            "status": 200,
        },
        loses=MEETING,
    ),
    "pixel-uri": each(
        "a pixel's URI",
        NGINX,
        lambda e, _: {"ts": late(e), "request_uri": f"/dc.gif?{_query(e)}"},
        loses=MEETING,
    ),
    "pixel-untimed": each(
        "a pixel without a time",
        NGINX,
        lambda e, _: {"msec": seconds(late_stamp(e)), "uri": f"/dc.gif?{_query(untimed(e))}"},
        clock="server",
        loses=MEETING,
    ),
    "pixel-parameters": each(
        "a pixel's query, taken apart",
        f"{GATEWAY}/set-up-lambda-proxy-integrations.html",
        lambda e, _: {
            "httpMethod": "GET",
            "path": "/dc.gif",
            "queryStringParameters": scalars(flat(e)),
            "requestContext": {"requestTimeEpoch": late_stamp(e)},
            "body": None,
        },
        loses=MEETING,
    ),
    "har": together(
        "a HAR file of the browser", "http://www.softwareishard.com/blog/har-12-spec/", _har
    ),
    "mitmproxy": each(
        "mitmproxy's JSON dump",
        "https://docs.mitmproxy.org/stable/api/mitmproxy/http.html",
        lambda e, _: {
            "request": {
                "method": "POST",
                "scheme": "https",
                "path": "/dc",
                "timestamp_start": later(e).timestamp(),
                "content": text(e),
            },
            "response": {"status_code": 204},
        },
    ),
    "fastly": each(
        "Fastly, the body logged as JSON",
        "https://www.fastly.com/documentation/guides/integrations/logging/",
        lambda e, _: {
            "time": iso(later(e), "seconds"),
            "service_id": "x",
            "method": "POST",
            "req_body": text(e),
        },
    ),
}
