"""Proxies: requests go through tunnels, where the environment says so, and no proxy sees a secret
or has its password in a message.
"""

import base64
from collections.abc import Iterator
from pathlib import Path

import harness
import proxies
import pytest
import sends
import standins

pytestmark = [pytest.mark.sends, proxies.needs_openssl]

HOST = "analytics.example"
"""A name that leads nowhere: only the proxy knows the way."""
LOGIN = "proxy-User:proxy-Pass_5b%2F"
ESCAPED = LOGIN.replace("%", "%25")


@pytest.fixture(params=["ga4", "adobe-edge"])
def platform(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def encrypted(
    standin: standins.Standin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> standins.Standin:
    """The stand-in, with a certificate for its name."""
    folder = tmp_path / "certificate"
    folder.mkdir()
    key, certificate = proxies.make_certificate(folder, HOST)
    standin.encrypt(key, certificate, HOST)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return standin


@pytest.fixture
def proxy(encrypted: standins.Standin) -> Iterator[proxies.Proxy]:
    made = proxies.Proxy(encrypted.port, LOGIN)
    yield made
    made.close()


def send(
    platform: str, standin: standins.Standin, log: Path, env: dict[str, str], *more: str | Path
) -> harness.Result:
    state = ("--state", log.parent / "state")
    return sends.run(platform, standin, log, *state, *more, env={**standins.SECRETS, **env})


def check_no_secret(text: bytes) -> None:
    password = LOGIN.partition(":")[2]
    encoded = base64.b64encode(LOGIN.encode()).decode()
    for secret in (*standins.SECRETS.values(), password, ESCAPED.partition(":")[2], encoded):
        assert secret.encode() not in text


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_all_goes_through_an_encrypted_tunnel(
    name: str, platform: str, encrypted: standins.Standin, proxy: proxies.Proxy, log: Path
) -> None:
    told = send(platform, encrypted, log, {name: f"http://{ESCAPED}@{proxy.place}"})

    assert (0, []) == (told.status, encrypted.faults), told.err
    assert {*encrypted.accepted.values()} == {1}
    assert {head.partition(" HTTP/")[0] for head in proxy.heads} == {
        f"CONNECT {HOST}:{encrypted.port}"
    }
    seen = bytes(proxy.seen)
    for head in proxy.heads:
        seen = seen.replace(head.encode(), b"")
    check_no_secret(seen)
    assert not any(secret in "".join(proxy.heads) for secret in standins.SECRETS.values())
    check_no_secret(told.err.encode() + told.out)


def test_no_proxy_is_asked_where_none_is_wanted(
    platform: str, encrypted: standins.Standin, proxy: proxies.Proxy, log: Path
) -> None:
    """The name leads nowhere without the proxy, which is said."""
    env = {"HTTPS_PROXY": f"http://{ESCAPED}@{proxy.place}", "NO_PROXY": f"other, {HOST}"}
    told = send(platform, encrypted, log, env, "--give-up", "0s")

    assert (1, [], 0) == (told.status, proxy.heads, encrypted.requests)
    assert "its address is not found (no network, or a slip in --endpoint); " in told.err


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (407, "the proxy of HTTPS_PROXY wants another user or password (407)"),
        (403, "the proxy of HTTPS_PROXY lets nothing through (it answers 403)"),
        (502, "the proxy of HTTPS_PROXY lets nothing through (it answers 502)"),
    ],
)
def test_a_proxy_that_makes_no_tunnel_is_said(
    status: int,
    message: str,
    platform: str,
    encrypted: standins.Standin,
    proxy: proxies.Proxy,
    log: Path,
) -> None:
    """All stays due. What may pass is tried again."""
    proxy.status = status
    told = send(platform, encrypted, log, {"HTTPS_PROXY": f"http://{ESCAPED}@{proxy.place}"}, "-q")

    assert told.status == 1
    assert f"remain due: {message}; they go with the next run" in told.err
    assert told.err.count("\n") == 1
    assert (len(proxy.heads) > 8) == (status == 502)
    check_no_secret(told.err.encode())
    proxy.status = 200
    env = {"HTTPS_PROXY": f"http://{ESCAPED}@{proxy.place}"}
    assert send(platform, encrypted, log, env).status == 0
    assert {*encrypted.accepted.values()} == {1}


def test_a_wrong_password_is_said_without_it(
    platform: str, encrypted: standins.Standin, proxy: proxies.Proxy, log: Path
) -> None:
    env = {"HTTPS_PROXY": f"http://proxy-User:Wrong_77@{proxy.place}"}
    told = send(platform, encrypted, log, env, "-q")

    assert "wants another user or password" in told.err
    assert "Wrong_77" not in told.err


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["HTTPS_PROXY"], id="as it is spelled"),
        pytest.param(["https_proxy"], id="in small letters"),
        pytest.param(["ALL_PROXY"], id="the one for all"),
        pytest.param(["HTTPS_PROXY", "ALL_PROXY"], id="the one for encrypted ones goes first"),
        pytest.param(["https_proxy", "HTTPS_PROXY"], id="small letters go first"),
    ],
)
def test_a_proxy_that_is_away_is_said(
    names: list[str], platform: str, encrypted: standins.Standin, proxy: proxies.Proxy, log: Path
) -> None:
    """The variable that names it is the one to mend."""
    proxy.close()
    addresses = [f"http://{ESCAPED}@{proxy.place}", "http://other.invalid:9"]
    env = dict(zip(names, addresses, strict=False))
    told = send(platform, encrypted, log, env, "-q", "--give-up", "0s")

    assert f"remain due: the proxy of {names[0]} cannot be reached; they go with" in told.err
    check_no_secret(told.err.encode())


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize(
    "place", ["socks5://u:proxy-Pass_5b@127.0.0.1:1080", "http://u:proxy-Pass_5b@:99999", "http://"]
)
def test_what_is_no_proxy_is_said_at_once(
    place: str, name: str, platform: str, encrypted: standins.Standin, log: Path
) -> None:
    told = send(platform, encrypted, log, {name: place}, "-q")

    assert told.status == 1
    assert f"{name} names no proxy that can be used (write http://HOST:PORT); they" in told.err
    assert "proxy-Pass_5b" not in told.err
