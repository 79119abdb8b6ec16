"""How tests run `send`, against stand-ins."""

from collections.abc import Callable, Mapping
from pathlib import Path

import harness
import standins

PLATFORMS = {
    "ga4": (standins.Ga4, ("--measurement-id", "G-ABC123DEF4")),
    "adobe-edge": (standins.AdobeEdge, ("--datastream", "ebebf826-a01f-4458-8cec-ef61de241c93")),
    "adobe-analytics": (standins.AdobeAnalytics, ("--report-suite", "examplersid")),
}
Send = Callable[..., harness.Result]


def run(
    name: str,
    standin: standins.Standin,
    *arguments: str | Path,
    env: Mapping[str, str] = standins.SECRETS,
) -> harness.Result:
    """Send to a stand-in, some seconds after a former run."""
    standin.rest(2)
    return harness.run(*command(name, standin, *arguments), env=env)


def command(name: str, standin: standins.Standin, *arguments: str | Path) -> list[str | Path]:
    """The arguments of such a run."""
    return ["send", name, *PLATFORMS[name][1], "--endpoint", standin.endpoint, *arguments]
