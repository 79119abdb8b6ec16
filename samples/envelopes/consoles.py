"""What loggers and consoles write that put text before JSON."""

from samples.envelopes._writing import (
    Event,
    Shape,
    behind,
    bsd,
    comma,
    iso,
    late,
    late_stamp,
    later,
    local,
    millis,
    nano,
    plain,
    seconds,
    text,
    together,
)

PYTHON = "https://docs.python.org/3/library/logging.html"
PHP = "https://www.php.net/manual/en/function.error-log.php"
KUBERNETES = "https://github.com/kubernetes"
KUBECTL = "https://kubernetes.io/docs/reference/kubectl/generated/kubectl_logs/"
RFC5424 = "https://www.rfc-editor.org/rfc/rfc5424#section-6"
RFC3164 = "https://www.rfc-editor.org/rfc/rfc3164#section-4"
CHROME = "https://developer.chrome.com/docs/devtools/console/reference#save"
NGINX = "https://nginx.org/en/docs"


def _sentence(event: Event) -> str:
    """Return a server's time as Apache's error log has it."""
    return f"{later(event):%a %b %d %H:%M:%S.%f %Y}"


SHAPES: dict[str, Shape] = {
    "python-basic": behind("Python's basicConfig", PYTHON, "INFO:root:"),
    "python-logging": behind(
        "Python's logging, with asctime",
        PYTHON,
        lambda e, _: f"{comma(e)} INFO dc: ",
        clock="server",
    ),
    "python-dashes": behind(
        "Python's logging, name and level between dashes",
        PYTHON,
        lambda e, _: f"{comma(e)} - dc - INFO - ",
        clock="server",
    ),
    "loguru-text": behind(
        "loguru",
        "https://loguru.readthedocs.io/en/stable/api/logger.html#message",
        lambda e, n: f"{plain(later(e))} | INFO     | dc:log:{n} - ",
        clock="server",
    ),
    "uvicorn": behind("uvicorn", "https://www.uvicorn.org/settings/#logging", "INFO:     "),
    "gunicorn": behind(
        "gunicorn",
        "https://docs.gunicorn.org/en/stable/settings.html#logging",
        lambda e, _: f"[{later(e):%Y-%m-%d %H:%M:%S} +0000] [7] [INFO] ",
        clock="server",
        resolution_ms=1000,
    ),
    "celery": behind(
        "Celery",
        "https://docs.celeryq.dev/en/stable/userguide/configuration.html#worker-log-format",
        lambda e, _: f"[{comma(e)}: INFO/MainProcess] ",
        clock="server",
    ),
    "spring-boot": behind(
        "Spring Boot",
        "https://docs.spring.io/spring-boot/reference/features/logging.html",
        lambda e, n: f"{late(e)}  INFO {n} --- [web] [nio-8080-exec-1] c.example.Dc : ",
        clock="server",
    ),
    "log4j-pattern": behind(
        "Log4j's PatternLayout",
        "https://logging.apache.org/log4j/2.x/manual/pattern-layout.html",
        lambda e, _: f"{comma(e)} [http-nio-8080-exec-1] INFO  com.example.Dc - ",
        clock="server",
    ),
    "logback-pattern": behind(
        "logback without a date",
        "https://logback.qos.ch/manual/layouts.html",
        lambda e, _: f"{later(e):%H:%M:%S}.120 [main] INFO  com.example.Dc -- ",
    ),
    "tomcat": behind(
        "Tomcat (JULI)",
        "https://tomcat.apache.org/tomcat-10.1-doc/logging.html",
        lambda e, _: (
            f"{later(e):%d-%b-%Y %H:%M:%S}.{millis(later(e)) % 1000:03d} "
            "INFO [main] com.example.Dc.log "
        ),
        clock="server",
    ),
    "winston-printf": behind(
        "winston's printf",
        "https://github.com/winstonjs/winston#formats",
        lambda e, _: f"{late(e)} [dc] info: ",
        clock="server",
    ),
    "winston-simple": behind(
        "winston's simple format",
        "https://github.com/winstonjs/logform#simple",
        "info: dc ",
    ),
    "log4js-basic": behind(
        "log4js",
        "https://log4js-node.github.io/log4js-node/layouts.html#basic",
        lambda e, _: f"[{plain(later(e)).replace(' ', 'T')}] [INFO] dc - ",
        clock="server",
    ),
    "pm2": behind("pm2", "https://pm2.keymetrics.io/docs/usage/log-management/", "0|web      | "),
    "pm2-time": behind(
        "pm2 --time",
        "https://pm2.keymetrics.io/docs/usage/log-management/",
        lambda e, _: f"0|web  | {later(e):%Y-%m-%dT%H:%M:%S}: ",
        clock="server",
        resolution_ms=1000,
    ),
    "serilog-console": behind(
        "Serilog's console",
        "https://github.com/serilog/serilog-sinks-console#readme",
        lambda e, _: f"[{later(e):%H:%M:%S} INF] Chat ",
    ),
    "serilog-file": behind(
        "Serilog's file",
        "https://github.com/serilog/serilog-sinks-file#readme",
        lambda e, _: f"{plain(later(e))} +00:00 [INF] ",
        clock="server",
    ),
    "log4net": behind(
        "log4net",
        "https://logging.apache.org/log4net/manual/configuration/layouts.html",
        lambda e, _: f"{comma(e)} [1] INFO  Web.Dc - ",
        clock="server",
    ),
    "dotnet-simple": behind(
        ".NET's console on one line",
        "https://learn.microsoft.com/en-us/dotnet/core/extensions/console-log-formatter#simple",
        lambda e, _: f"{plain(later(e))} info: Web.Dc[0] ",
        clock="server",
    ),
    "go-log": behind(
        "Go's log",
        "https://pkg.go.dev/log#pkg-constants",
        lambda e, _: f"{later(e):%Y/%m/%d %H:%M:%S} ",
        clock="server",
        resolution_ms=1000,
    ),
    "go-log-micro": behind(
        "Go's log with Lmicroseconds and Lshortfile",
        "https://pkg.go.dev/log#pkg-constants",
        lambda e, _: f"{later(e):%Y/%m/%d %H:%M:%S.%f} dc.go:12: ",
        clock="server",
    ),
    "slog-text": behind(
        "Go's slog as text",
        "https://pkg.go.dev/log/slog#TextHandler",
        lambda e, _: f"time={late(e)} level=INFO msg=dc body=",
        said=text,
    ),
    "logrus-text": behind(
        "logrus as text",
        "https://github.com/sirupsen/logrus#formatters",
        lambda e, _: f'time="{later(e):%Y-%m-%dT%H:%M:%SZ}" level=info msg=',
        said=text,
    ),
    "zap-console": behind(
        "zap's console",
        "https://pkg.go.dev/go.uber.org/zap/zapcore#NewConsoleEncoder",
        lambda e, _: f"{iso(later(e))}\tINFO\tweb/dc.go:12\tdc\t",
        clock="server",
    ),
    "klog": behind(
        "klog",
        "https://pkg.go.dev/k8s.io/klog/v2#hdr-Comment",
        lambda e, n: f"I{later(e):%m%d %H:%M:%S.%f} {n:7d} dc.go:12] ",
    ),
    "env-logger": behind(
        "Rust's env_logger",
        "https://docs.rs/env_logger/latest/env_logger/",
        lambda e, _: f"[{later(e):%Y-%m-%dT%H:%M:%SZ} INFO  dc] ",
        clock="server",
        resolution_ms=1000,
    ),
    "ruby-logger": behind(
        "Ruby's Logger",
        "https://docs.ruby-lang.org/en/master/Logger.html",
        lambda e, n: f"I, [{later(e):%Y-%m-%dT%H:%M:%S.%f} #{n}]  INFO -- : ",
        clock="server",
    ),
    "rails": behind(
        "Rails in production",
        "https://guides.rubyonrails.org/debugging_rails_applications.html#the-logger",
        lambda e, n: (
            f"I, [{later(e):%Y-%m-%dT%H:%M:%S.%f} #{n}]  INFO -- : "
            f"[0f3c{n:04x}-9c1b-4f6e-8d0a-1f2e3d4c5b6a] "
        ),
        clock="server",
    ),
    "elixir": behind(
        "Elixir's Logger",
        "https://hexdocs.pm/logger/Logger.Formatter.html",
        lambda e, _: f"{later(e):%H:%M:%S}.120 [info] ",
    ),
    "php-error-log": behind(
        "PHP's error_log, WordPress' debug.log",
        PHP,
        lambda e, _: f"[{later(e):%d-%b-%Y %H:%M:%S} UTC] ",
        clock="server",
        resolution_ms=1000,
    ),
    "php-warning": behind(
        "PHP's trigger_error",
        "https://www.php.net/manual/en/function.trigger-error.php",
        lambda e, _: f"[{later(e):%d-%b-%Y %H:%M:%S} UTC] PHP Notice:  ",
        tail=" in /srv/dc.php on line 12",
        clock="server",
        resolution_ms=1000,
    ),
    "laravel": behind(
        "Laravel",
        "https://laravel.com/docs/logging",
        lambda e, _: f"[{later(e):%Y-%m-%d %H:%M:%S}] production.INFO: dc ",
        tail=" ",
        clock="server",
        resolution_ms=1000,
    ),
    "monolog-line": behind(
        "Monolog's LineFormatter (Symfony)",
        "https://github.com/Seldaek/monolog/blob/main/doc/02-handlers-formatters-processors.md",
        lambda e, _: f"[{later(e).isoformat(timespec='microseconds')}] app.INFO: dc ",
        tail=" []",
        clock="server",
    ),
    "apache-error": behind(
        "Apache's error log",
        "https://httpd.apache.org/docs/2.4/logs.html#errorlog",
        lambda e, n: f"[{_sentence(e)}] [php:notice] [pid {n}] [client 192.0.2.1:5{n % 1000:03d}] ",
        clock="server",
    ),
    "nginx-error": behind(
        "nginx's error log, of njs or Lua outside a request",
        f"{NGINX}/ngx_core_module.html#error_log",
        lambda e, n: f"{later(e):%Y/%m/%d %H:%M:%S} [notice] {n}#{n}: js: ",
        clock="server",
        resolution_ms=1000,
    ),
    "combined-body": behind(
        "a combined log with the body behind",
        f"{NGINX}/http/ngx_http_log_module.html#log_format",
        lambda e, n: (
            f'192.0.2.{n % 250} - - [{local(later(e))}] "POST /dc HTTP/1.1" 204 0 '
            '"https://www.example.com/pricing" "Mozilla/5.0 (X11)" '
        ),
        clock="server",
        resolution_ms=1000,
    ),
    "haproxy-capture": behind(
        "HAProxy, the captured body as JSON in quotes",
        "https://docs.haproxy.org/2.8/configuration.html#8.2.6",
        lambda e, n: (
            f"{bsd(later(e))} lb haproxy[{n}]: 192.0.2.1:51000 [03/Nov/2025:09:00:00.123] web "
            "web/s1 0/0/1/2/3 204 0 - - ---- 1/1/0/0/0 0/0 body="
        ),
        said=text,
    ),
    "chrome-console": behind("Chrome's console, saved", CHROME, lambda _, n: f"dc.js:{n + 1} "),
    "chrome-vm": behind("Chrome's console, of a snippet", CHROME, lambda _, n: f"VM{n}:3 "),
    "safari-console": behind(
        "a console with the place behind",
        "https://developer.apple.com/documentation/safari-developer-tools/console",
        "[Log] ",
        tail=" (dc.js, line 12)",
    ),
    "firefox-console": behind(
        "Firefox' console, exported",
        "https://firefox-source-docs.mozilla.org/devtools-user/web_console/",
        lambda e, _: f"{later(e):%H:%M:%S}.120 ",
        tail=" dc.js:12:13",
    ),
    "compose": behind(
        "docker compose logs",
        "https://docs.docker.com/reference/cli/docker/compose/logs/",
        "web-1  | ",
    ),
    "compose-time": behind(
        "docker compose logs -t",
        "https://docs.docker.com/reference/cli/docker/compose/logs/",
        lambda e, n: f"web-1  | {nano(e, n)} ",
        clock="server",
    ),
    "cri": behind(
        "CRI: containerd, CRI-O",
        f"{KUBERNETES}/design-proposals-archive/blob/main/node/kubelet-cri-logging.md",
        lambda e, n: f"{nano(e, n)} stdout F ",
    ),
    "kubectl": behind("kubectl logs --timestamps", KUBECTL, lambda e, n: f"{nano(e, n)} "),
    "kubectl-prefix": behind(
        "kubectl logs --prefix", KUBECTL, lambda _, n: f"[pod/web-5d8f7c9b6-{n % 3}/web] "
    ),
    "stern": behind(
        "stern", "https://github.com/stern/stern#readme", lambda _, n: f"web-5d8f7c9b6-{n % 3} web "
    ),
    "cloud-foundry": behind(
        "cf logs (Cloud Foundry)",
        "https://docs.cloudfoundry.org/devguide/deploy-apps/streaming-logs.html",
        lambda e, _: f"   {late(e)[:-1]}+0000 [APP/PROC/WEB/0] OUT ",
        clock="server",
    ),
    "heroku": behind(
        "heroku logs",
        "https://devcenter.heroku.com/articles/logging#log-format",
        lambda e, _: f"{later(e):%Y-%m-%dT%H:%M:%S.%f}+00:00 app[web.1]: ",
        clock="server",
    ),
    "fly": behind(
        "fly logs",
        "https://fly.io/docs/flyctl/logs/",
        lambda e, _: f"{late(e)} app[5683d0a4] ams [info]",
        clock="server",
    ),
    "app-engine": behind(
        "Google App Engine's stdout",
        "https://cloud.google.com/appengine/docs/standard/writing-application-logs",
        lambda e, _: f"{plain(later(e))} default[20251103t090000]  ",
        clock="server",
    ),
    "cloudwatch-export": behind(
        "CloudWatch Logs, exported to S3",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html",
        lambda e, _: f"{late(e)} ",
    ),
    "aws-tail": behind(
        "aws logs tail",
        "https://docs.aws.amazon.com/cli/latest/reference/logs/tail.html",
        lambda e, _: f"{later(e).isoformat(timespec='microseconds')} web/web/0f3c9c1b ",
        clock="server",
    ),
    "lambda-text": behind(
        "a Lambda function's console.log",
        "https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html",
        lambda e, n: f"{late(e)}\t0f3c{n:04x}-9c1b-4f6e-8d0a-1f2e3d4c5b6a\tINFO\t",
        clock="server",
    ),
    "azure-stream": behind(
        "Azure App Service's log stream",
        "https://learn.microsoft.com/en-us/azure/app-service/troubleshoot-diagnostic-logs",
        lambda e, _: f"{later(e):%Y-%m-%dT%H:%M:%S}Z  [Information]  ",
        clock="server",
        resolution_ms=1000,
    ),
    "syslog": behind(
        "rsyslog, syslog-ng",
        RFC3164,
        lambda e, n: f"{bsd(later(e))} web1 dc-events[{700 + n % 9}]: ",
    ),
    "syslog-seconds": behind(
        "rsyslog, syslog-ng, no time in the event",
        RFC3164,
        lambda e, n: f"{bsd(later(e))} web1 dc-events[{700 + n % 9}]: ",
        clock="server",
        resolution_ms=1000,
    ),
    "syslog-5424": behind(
        "rsyslog, syslog-ng as RFC 5424",
        RFC5424,
        lambda e, _: f"<134>1 {iso(later(e), 'microseconds')} web1 dc-events 700 - - ",
    ),
    "syslog-data": behind(
        "RFC 5424 with structured data",
        RFC5424,
        lambda e, n: (
            f"<134>1 {iso(later(e), 'microseconds')} web1 dc 7 ID{n} "
            '[origin software="dc" ip="192.0.2.1"] '
        ),
        clock="server",
    ),
    "journald": behind(
        "journalctl",
        "https://www.freedesktop.org/software/systemd/man/latest/journalctl.html",
        lambda e, _: f"{bsd(later(e))} web1 dc-events[700]: ",
    ),
    "fluent-bit-stdout": behind(
        "Fluent Bit's stdout",
        "https://docs.fluentbit.io/manual/data-pipeline/outputs/standard-output",
        lambda e, n: f"[{n}] dc: [[{seconds(late_stamp(e))}000000, {{}}], ",
        tail="]",
        clock="server",
        has_other_records=True,
    ),
    "fluentd-file": behind(
        "Fluentd's file",
        "https://docs.fluentd.org/formatter/out_file",
        lambda e, _: f"{later(e):%Y-%m-%dT%H:%M:%S}+00:00\tdc.web\t",
        clock="server",
        resolution_ms=1000,
    ),
    "moreutils": behind(
        "moreutils' ts",
        "https://joeyh.name/code/moreutils/",
        lambda e, _: f"{later(e):%b %d %H:%M:%S} ",
        clock="server",
        resolution_ms=1000,
    ),
    "mosquitto": behind(
        "mosquitto_sub -v",
        "https://mosquitto.org/man/mosquitto_sub-1.html",
        "site/dc/events ",
    ),
    "grep": behind(
        "grep over several files",
        "https://www.gnu.org/software/grep/manual/grep.html#Output-Line-Prefix-Control",
        lambda _, n: f"/var/log/dc/dc.log.1:{n + 1}:",
    ),
    "devtools-array": together(
        "a console's group of events, counted",
        CHROME,
        lambda events: "".join(f"({n}) [{text(e)}]\n" for n, e in enumerate(events)).encode(),
    ),
    "unix-time": behind(
        "epoch seconds before the line",
        "https://www.freedesktop.org/software/systemd/man/latest/journalctl.html",
        lambda e, _: f"{seconds(late_stamp(e))}456 web1 dc[7]: ",
        clock="server",
    ),
    "caddy-console": behind(
        "Caddy's console",
        "https://caddyserver.com/docs/caddyfile/directives/log#console",
        lambda e, _: (
            f"{later(e):%Y/%m/%d %H:%M:%S}.{millis(later(e)) % 1000:03d}\tINFO\thttp.log\tdc\t"
        ),
        clock="server",
    ),
}
