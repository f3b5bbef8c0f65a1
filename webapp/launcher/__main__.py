"""`python -m webapp.launcher`: `run` the house, `env -- COMMAND` with its servers, `build` what the browser loads."""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys

from webapp.launcher import assets, run, translations
from webapp.launcher.child import PR_SET_PDEATHSIG
from webapp.launcher.embedded import EmbeddedServerError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m webapp.launcher", description="Set Innkeep up and run it.")
    parser.add_argument(
        "--die-with-parent", action="store_true", help="stop when the process that started this one ends"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start everything and look after it until Ctrl-C")
    commands.add_parser("build", help="build the browser assets and compile translations that changed")
    env = commands.add_parser("env", help="run one command with the embedded servers up: env -- flask --app wsgi …")
    env.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    options = parser.parse_args(arguments)
    if options.die_with_parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if options.command == "build":
        return build()
    if options.command == "run":
        return build() or run.Launcher(os.environ).run()
    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    if not words:
        parser.error("env needs a command: env -- flask --app wsgi …")
    try:
        return run.run_command(os.environ, words)
    except EmbeddedServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def build() -> int:
    try:
        assets.build()
    except assets.AssetError as error:
        sys.stderr.write(f"assets: {error}\n")
        return 1
    translations.compile_changed()
    return 0


if __name__ == "__main__":
    sys.exit(main())
