"""Secrets: where they may come from, and that no output has one."""

import subprocess
import sys
from pathlib import Path

import harness
import proxies
import pytest
import sends
import standins
from sends import Send

from dcevents.sending._secrets import Secrets

TROUBLES = ["401", "403", "404", "400", "413", "429 9999", "500", "reset", "lost", "302", "307"]


def check_no_secret(result: harness.Result, folder: Path) -> None:
    """None is in what a run has printed or written."""
    files = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for secret in {*standins.SECRETS.values(), *standins.CREDENTIALS.values()}:
        assert secret not in result.text + result.err
        assert secret.encode() not in files


@pytest.mark.sends
@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_output_has_a_secret(
    trouble: str,
    standin: standins.Standin,
    send: Send,
    tmp_path: Path,
) -> None:
    standin.headers = {"Location": "http://localhost:1/?api_secret=ga4-Secret_7f3a"}
    standin.troubles = [trouble] * 40
    for told in (send("--give-up", "0s"), send("--dry-run"), send("--status")):
        assert "Traceback" not in told.err
        check_no_secret(told, tmp_path / "state")


@pytest.mark.parametrize("kind", [RuntimeError, AssertionError, KeyError, ValueError])
def test_no_fault_of_the_http_client_tells_a_secret(
    kind: type[Exception], send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error has all that it was given: address, headers, body."""

    def fail(*given: object, **more: object) -> None:
        raise kind(f"cannot send {given} {more}")

    monkeypatch.setattr("urllib3.PoolManager.urlopen", fail)
    told = send("--give-up", "0s")

    assert told.status == 1
    assert f"the request failed ({kind.__name__})" in told.err
    assert not any(secret in told.err + told.text for secret in standins.SECRETS.values())


def test_what_a_server_repeats_is_redacted() -> None:
    secrets = Secrets({"A": "s3cret/+x", "B": "s3cret"})

    assert secrets.redact("no s3cret/+x, s3cret%2F%2Bx or s3cret") == (
        "no (secret), (secret) or (secret)"
    )
    assert "s3cret" not in repr(secrets)


@pytest.mark.parametrize("form", [r"s3cret\/\u002Bx\"", r"s3cret/\u002bx\"", "s3cret%2f%2bx%22"])
def test_a_repeated_secret_is_known_however_it_is_written(form: str) -> None:
    """JSON and URLs have several ways to write a character."""
    assert Secrets({"A": 's3cret/+x"'}).redact(f"no {form}.") == "no (secret)."


def test_nobody_listens(send: Send, standin: standins.Standin, tmp_path: Path) -> None:
    standin.close()
    told = send("--give-up", "0s", "-q")

    assert told.status == 1
    assert "no connection" in told.err
    check_no_secret(told, tmp_path / "state")


# -- a file ----------------------------------------------------------------------------------------


def write_secrets(path: Path, mode: int = 0o600, more: str = "") -> Path:
    lines = [f'{name} = "{value}"\n' for name, value in standins.SECRETS.items()]
    path.write_text("".join(lines) + more)
    path.chmod(mode)
    return path


def test_a_file_for_its_owner_alone_is_read(
    platform: str, standin: standins.Standin, log: Path, tmp_path: Path
) -> None:
    file = write_secrets(tmp_path / "secrets.toml")
    options = (log, "--state", tmp_path / "state", "--secret-file", file)

    assert sends.run(platform, standin, *options, env={}).status == 0
    assert standin.faults == []


@pytest.mark.parametrize(
    ("mode", "more", "message"),
    [
        pytest.param(0o640, "", "others may read it; write: chmod 600", id="others"),
        pytest.param(0o600, "x = ga4-Secret_7f3a\n", "no TOML", id="no TOML"),
        pytest.param(0o600, 'OTHER = "1"\n', "no secret 'OTHER'", id="another name"),
        pytest.param(0o600, "DCEVENTS_ADOBE_CLIENT_ID = 5\n", "a text in quotes", id="no text"),
    ],
)
def test_a_file_that_cannot_be_used_is_said(
    mode: int, more: str, message: str, log: Path, tmp_path: Path
) -> None:
    file = write_secrets(tmp_path / "secrets.toml", mode, more)
    options = ("--measurement-id", "G-ABC123", "--state", tmp_path / "s", "--secret-file", file)
    told = harness.run("send", "ga4", log, *options)

    assert told.status == 2
    assert message in told.err
    check_no_secret(told, tmp_path / "s")


def test_how_to_keep_others_out_can_be_copied_as_it_is(log: Path, tmp_path: Path) -> None:
    """Also where names have spaces."""
    file = write_secrets(tmp_path / "my secrets.toml", 0o644)
    state = tmp_path / "my state"
    state.mkdir()
    (state / "x").touch()
    state.chmod(0o777)
    options = ("--measurement-id", "G-ABC123", "--state", state)
    of_file = harness.run("send", "ga4", log, *options, "--secret-file", file)
    of_folder = harness.run("send", "ga4", log, *options, env=standins.SECRETS)

    assert of_file.err.endswith(f"write: chmod 600 '{file}'\n")
    assert of_folder.err.endswith(f"keep them out: chmod -R go-w '{state}'\n")


@pytest.mark.parametrize("value", ["a b", "a\nb", "a\r\nX-More: 1", "ä"])
def test_a_secret_that_is_none_is_not_repeated(value: str, log: Path, tmp_path: Path) -> None:
    options = ("--measurement-id", "G-ABC123", "--state", tmp_path / "s")
    env = {"DCEVENTS_GA4_API_SECRET": value}
    told = harness.run("send", "ga4", log, *options, env=env)

    assert told.status == 2
    assert "DCEVENTS_GA4_API_SECRET: it has" in told.err
    assert value not in told.err


def test_a_missing_secret_is_named(log: Path, tmp_path: Path) -> None:
    options = ("--measurement-id", "G-ABC123", "--state", tmp_path / "s")
    told = harness.run("send", "ga4", log, *options)

    assert told.status == 2
    assert "no secret: set DCEVENTS_GA4_API_SECRET" in told.err


@pytest.mark.sends
def test_without_the_extra_one_line_says_what_to_install(log: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['urllib3'] = None; from dcevents.__main__ import main; "
        f"sys.argv[1:] = ['send', 'ga4', {str(log)!r}, '--measurement-id', 'G-ABC123', "
        f"'--state', {str(tmp_path / 's')!r}]; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"DCEVENTS_GA4_API_SECRET": "x", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == "dcevents: send needs urllib3: pip install 'dcevents[send]'\n"


# -- TLS -------------------------------------------------------------------------------------------


@pytest.mark.sends
@proxies.needs_openssl
def test_certificates_are_verified(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = proxies.make_certificate(tmp_path, "localhost")
    standin = standins.Ga4(harness.CLOCK.timestamp())
    standin.encrypt(key, certificate, "localhost")
    strange = sends.run("ga4", standin, log, "--state", tmp_path / "s")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    trusted = sends.run("ga4", standin, log, "--state", tmp_path / "s")
    standin.close()

    assert strange.status == 1
    assert "its certificate cannot be verified" in strange.err
    assert trusted.status == 0, trusted.err
