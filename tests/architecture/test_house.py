"""The plan of the house, checked against the code: who imports whom, who reads the environment, which names exist."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

from jobs.runner import job_function
from jobs.schedule import SCHEDULE
from webapp import FEATURES

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted([*(ROOT / "webapp").rglob("*.py"), *(ROOT / "jobs").rglob("*.py")])
READS_ENVIRONMENT = {"config.py", "wsgi.py", "jobs/app.py"}


def imports_of(path: Path) -> Iterator[str]:
    """Absolute names of the modules that a file imports, relative ones resolved."""
    package = list(path.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_import_rules_are_kept():
    linter = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_services_know_no_request():
    names = ("services.py", "queries.py", "domain.py", "policies.py", "ports.py")
    guilty = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.name in names
        and {"flask", "flask_login", "flask_wtf"} & {name.split(".")[0] for name in imports_of(path)}
    ]
    assert guilty == []


def test_features_import_each_other_in_one_direction():
    graph: dict[str, set[str]] = {feature: set() for feature in FEATURES}
    for path in SOURCES:
        parts = path.relative_to(ROOT).parts
        if len(parts) > 2 and parts[1] in graph and parts[1] != "demo":
            others = {name.split(".")[1] for name in imports_of(path) if name.startswith("webapp.") and "." in name}
            graph[parts[1]] |= (others & graph.keys()) - {parts[1]}
    assert set(TopologicalSorter(graph).static_order()) == set(FEATURES)


def test_features_never_reach_for_each_others_pages():
    private = re.compile(r"webapp\.\w+\.(routes|api|cli|forms|schemas)(\.|$)")
    guilty = []
    for path in SOURCES:
        parts = path.relative_to(ROOT).parts
        if len(parts) < 3 or parts[1] not in FEATURES or parts[1] == "demo":
            continue
        for name in imports_of(path):
            other = name.split(".")[1] if name.count(".") >= 2 and name.startswith("webapp.") else parts[1]
            if other in FEATURES and other != parts[1] and private.match(name):
                guilty.append(f"{path.relative_to(ROOT)} imports {name}")
    assert guilty == []


def test_only_the_settings_read_the_environment():
    guilty = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if re.search(r"os\.environ|os\.getenv|\bgetenv\(", path.read_text())
        and "launcher" not in path.parts
        and "sandbox" not in path.parts
        and str(path.relative_to(ROOT)) not in READS_ENVIRONMENT
    ]
    assert guilty == []


def test_only_the_clock_tells_the_time():
    telling = re.compile(r"datetime\.now\(|date\.today\(|utcnow\(")
    guilty = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if telling.search(path.read_text())
        and path.name != "clock.py"
        and not {"launcher", "sandbox"} & set(path.parts)
    ]
    assert guilty == []


def test_every_job_that_is_named_exists():
    named = {
        name
        for path in SOURCES
        if path.parent.name != "jobs" or path.name == "schedule.py"
        for name in re.findall(r'"(jobs\.\w+\.\w+)"', path.read_text())
    }
    assert len(named) > 5
    for name in sorted(named):
        assert callable(job_function(name)), name


def test_the_schedule_is_sound():
    from crontab import CronTab

    assert len({entry.name for entry in SCHEDULE}) == len(SCHEDULE)
    for entry in SCHEDULE:
        assert callable(job_function(entry.function))
        assert CronTab(entry.cron).next(default_utc=True) > 0


def test_functions_and_modules_stay_small():
    """Longer ones are two things. The limits leave room for a table; they are not a target."""
    long = []
    for path in SOURCES:
        source = path.read_text()
        if source.count("\n") > 450:
            long.append(f"{path.relative_to(ROOT)}: {source.count(chr(10))} lines")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno
                if length > 60:
                    long.append(f"{path.relative_to(ROOT)}:{node.name}: {length} lines")
    assert long == []
