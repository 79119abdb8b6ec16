"""`.ci/run` leaves out no test: what the README's command does not run has a step of its own."""

import re
import tomllib

import harness

SETTINGS = tomllib.loads((harness.ROOT / "pyproject.toml").read_text())["tool"]["pytest"]
CI = (harness.ROOT / ".ci" / "run").read_text()


def test_each_mark_has_a_step() -> None:
    marks = {mark.partition(":")[0] for mark in SETTINGS["ini_options"]["markers"]}

    assert marks == set(re.findall(r"-m (\w+)(?: -k '[^']+')?\"$", CI, re.MULTILINE))


def test_what_is_deselected_is_a_mark() -> None:
    (left_out,) = re.findall(r"^not \((.+)\)$", SETTINGS["ini_options"]["addopts"][-1])
    marks = {mark.partition(":")[0] for mark in SETTINGS["ini_options"]["markers"]}

    assert marks - set(left_out.split(" or ")) == {"examples", "pairwise"}
