"""`[defaults]` of the configuration stand in for options that neither words nor variables give."""

from pathlib import Path

import harness
import pytest

LOG = harness.log(
    """
    09:00:00 a triggered
    09:00:05 a engaged
    09:00:09 a live_chat_requested
    09:00:49 a live_chat_initiated agent=anna
    09:01:00 b engaged
    10:00:00 c triggered
    """
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A folder of configuration."""
    (tmp_path / "dcevents").mkdir()
    return tmp_path / "dcevents" / "config.toml"


def write(config: Path, text: str) -> dict[str, str]:
    """Write the user's configuration; return the variable that names its folder."""
    config.write_text(f"[defaults]\n{text}\n")
    return {"XDG_CONFIG_HOME": str(config.parents[1])}


def test_they_stand_in_for_options(config: Path) -> None:
    env = write(config, 'tz = "Asia/Tokyo"\nformat = "json"\nservice-level = "30s"\nidle = "24h"')

    made = harness.run("live-chat", stdin=LOG, env=env).json
    opened = harness.run("completion", stdin=LOG, env=env).json["total"]

    assert made["tz"] == "Asia/Tokyo"
    assert made["total"]["service_level"] == 0
    assert opened["open"] == 1
    assert harness.report(LOG, "live-chat")["total"]["service_level"] == 1
    assert harness.report(LOG, "completion")["total"]["open"] == 0


def test_options_go_before_variables_and_these_before_the_file(config: Path) -> None:
    env = write(config, 'tz = "Asia/Tokyo"')

    def find_zone(*options: str, **more: str) -> str:
        result = harness.run("completion", "-f", "json", *options, stdin=LOG, env=env | more)
        return str(result.json["tz"])

    assert find_zone() == "Asia/Tokyo"
    assert find_zone(DCEVENTS_TZ="Europe/Paris") == "Europe/Paris"
    assert find_zone("--tz", "UTC", DCEVENTS_TZ="Europe/Paris") == "UTC"
    other = config.with_name("other.toml")
    other.write_text('[defaults]\ntz = "Asia/Kolkata"')
    assert find_zone("--config", str(other)) == "Asia/Kolkata"
    assert find_zone(DCEVENTS_CONFIG=str(other)) == "Asia/Kolkata"


@pytest.mark.parametrize("name", ["DCEVENTS_IDLE", "DCEVENTS_SERVICE_LEVEL"])
def test_variables_of_durations(name: str) -> None:
    result = harness.run("live-chat", stdin=LOG, env={name: "3x"})

    option = name.removeprefix("DCEVENTS_").lower().replace("_", "-")
    assert (result.status, result.out) == (2, b"")
    assert f"--{option}: '3x' is no duration" in result.err


def test_a_store_of_the_file_is_used_where_no_source_is_named(config: Path, tmp_path: Path) -> None:
    log, store = tmp_path / "a.log", tmp_path / "store"
    log.write_bytes(LOG)
    env = write(config, f'store = "{store}"')

    assert harness.run("ingest", log, env=env).status == 0
    of_store = harness.run("completion", "-f", "csv", env=env)
    assert of_store.out == harness.run("completion", "-f", "csv", log).out
    log.write_bytes(LOG.splitlines(keepends=True)[0])
    of_log = harness.run("completion", "-f", "json", log, env=env).json
    assert of_log["total"]["sessions"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('zone = "x"', "[defaults]: no option 'zone'; there are tz, ", id="a key"),
        pytest.param('idel = "1h"', "no option 'idel'; did you mean idle?", id="nearly a key"),
        pytest.param("idle = 30", '[defaults]: idle is no text; write idle = "30m"', id="a number"),
        pytest.param('idle = "3x"', "--idle: '3x' is no duration", id="a value"),
        pytest.param('[default]\ntz = "UTC"', "only [map] and [defaults] are known", id="a table"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(config: Path, text: str, said: str) -> None:
    result = harness.run("completion", stdin=LOG, env=write(config, text))

    assert (result.status, result.out) == (2, b"")
    assert said in result.err
    assert result.err.count("\n") == 1
