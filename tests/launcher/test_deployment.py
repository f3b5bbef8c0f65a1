"""The files around the code say the same as the code: variables, commands, what goes into the image."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from rq import Queue, SimpleWorker

from tests.launcher.support import ROOT
from webapp.launcher import commands, healthcheck
from webapp.launcher.embedded import EmbeddedValkey
from webapp.web.health import SCHEDULER_HEARTBEAT

READERS = {"get", "_int", "_flag", "_secret", "_needed"}
OF_THE_SERVER = {"HOST", "PORT"}
PLAN = commands.Plan()


def _variables_of_config() -> set[str]:
    """Every variable that config.py reads, from its syntax tree."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / "config.py").read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if node.func.attr in READERS:
            names |= set(texts[:1])
        elif node.func.attr == "_group":
            names |= set(texts[1:])
    return {name for name in names if re.fullmatch(r"[A-Z][A-Z0-9_]+", name)}


def _compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def _example() -> dict[str, list[str]]:
    """The variables of .env.example with the comment lines before each."""
    found: dict[str, list[str]] = {}
    comments: list[str] = []
    for line in (ROOT / ".env.example").read_text().splitlines():
        variable = re.fullmatch(r"#?([A-Z][A-Z0-9_]+)=.*", line)
        if variable:
            assert variable[1] not in found, f"{variable[1]} is there twice"
            found[variable[1]] = list(comments)
        elif line.startswith("# ") and not line.startswith("# ---"):
            comments = [line] if not comments or found else [*comments, line]
        else:
            comments = []
    return found


def test_example_lists_exactly_what_is_read() -> None:
    of_config, example = _variables_of_config(), _example()
    assert {"SECRET_KEY", "DATABASE_URL", "TWILIO_AUTH_TOKEN", "LOG_LEVEL"} <= of_config
    of_compose = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))
    assert example.keys() == of_config | OF_THE_SERVER | of_compose
    assert [name for name, comments in example.items() if not comments] == []


def test_example_holds_no_secret() -> None:
    for line in (ROOT / ".env.example").read_text().splitlines():
        assert not re.fullmatch(r"#?[A-Z_]*(SECRET|KEY|KEYS|TOKEN|PASSWORD)[A-Z_]*=.+", line), line


def test_procfile_compose_and_launcher_run_the_same() -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()
    procfile = {name: tuple(shlex.split(command)) for name, command in (line.split(": ", 1) for line in lines)}
    compose = {name: tuple(service.get("command", ())) for name, service in _compose()["services"].items()}
    expected = {"web": PLAN.web, "worker": PLAN.worker, "scheduler": PLAN.scheduler, "live": commands.LIVE}
    assert procfile == {**expected, "release": PLAN.migrate}
    assert {name: compose[name] for name in expected} == expected
    assert compose["migrate"] == PLAN.migrate


def test_every_service_has_a_health_check_and_waits_for_what_it_needs() -> None:
    services = _compose()["services"]
    for name, service in services.items():
        assert "healthcheck" in service, name
        for needed, condition in service.get("depends_on", {}).items():
            assert needed in services
            assert condition["condition"] in ("service_healthy", "service_completed_successfully"), (name, needed)
    for name in ("web", "live", "worker", "scheduler"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        check = services[name]["healthcheck"]["test"]
        assert check[:4] == ["CMD", "python", "-m", "webapp.launcher.healthcheck"]
        assert check[4] in healthcheck.CHECKS


@pytest.mark.parametrize(
    ("path", "is_live"),
    [
        ("/staff/harbour-house/events", True),
        ("/api/staff/hotel/harbour-house/events/", True),
        ("/api/staff/hotel/harbour-house/events", True),
        ("/staff/harbour-house/board", False),
        ("/hotels/staff/events", False),
        ("/staff/harbour-house/events/calendar", False),
    ],
)
def test_proxy_sends_streams_to_live(path: str, is_live: bool) -> None:
    caddyfile = _compose()["configs"]["caddyfile"]["content"].replace("$$", "$")
    pattern = re.search(r"@live path_regexp (\S+)", caddyfile)
    assert pattern
    assert bool(re.search(pattern[1], path)) == is_live


def test_image_holds_what_the_application_needs_and_runs_as_nobody_special() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^USER (\S+)", dockerfile, re.MULTILINE) == ["innkeep"]
    assert f"CMD {list(PLAN.web)}".replace("'", '"') in dockerfile
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {"config.py", "wsgi.py", "webapp", "jobs", "migrations", "translations", "requirements.txt"} <= kept


def test_gunicorn_takes_its_settings() -> None:
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / "gunicorn", *commands.GUNICORN[1:], "--print-config", "wsgi:app"],
        cwd=ROOT, env={"PORT": "8123", "WEB_CONCURRENCY": "3", "DATABASE_URL": "postgresql://x/x", "REDIS_URL": "redis://x"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    settings = dict(re.findall(r"^(\w+)\s+= (.*)$", done.stdout, re.MULTILINE))
    assert settings, done.stderr
    assert settings["bind"] == "['127.0.0.1:8123']"
    assert (settings["workers"], settings["threads"], settings["graceful_timeout"]) == ("3", "32", "5")


@pytest.mark.parametrize("script", [".ci/run"])
def test_scripts_are_valid_shell(script: str) -> None:
    bash = shutil.which("bash")
    assert bash
    done = subprocess.run([bash, "-n", ROOT / script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (ROOT / script).stat().st_mode & 0o111


def test_health_checks_tell_well_from_unwell(open_folder: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    assert healthcheck.SCHEDULER_HEARTBEAT == SCHEDULER_HEARTBEAT
    monkeypatch.setenv("PORT", str(port))
    assert healthcheck.main(["web"]) == 1
    assert healthcheck.main(["something"]) == 2
    with EmbeddedValkey(open_folder / "valkey") as url:
        monkeypatch.setenv("REDIS_URL", url)
        assert (healthcheck.main(["worker"]), healthcheck.main(["scheduler"])) == (1, 1)
        with redis.Redis.from_url(url) as client:
            client.set(SCHEDULER_HEARTBEAT, "now", ex=30)
            SimpleWorker([Queue("any", connection=client)], connection=client).register_birth()
            assert (healthcheck.main(["worker"]), healthcheck.main(["scheduler"])) == (0, 0)
    assert (healthcheck.main(["worker"]), healthcheck.main(["scheduler"])) == (1, 1)
