"""python -m config.machine: what the Makefile calls."""

import argparse
import shlex
import signal
import sys

from config.machine import PROCESSES, Machine, MachineError, down, fresh, of_this_checkout, run, serve, status, throwaway, up


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m config.machine", description="The private machine of this checkout.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, text in (
        ("up", "start PostgreSQL and Redis"),
        ("down", "end everything"),
        ("status", "what runs"),
        ("env", 'print the environment for a shell: eval "$(python -m config.machine env)"'),
        ("fresh", "an empty database and outbox"),
    ):
        verbs.add_parser(verb, help=text)
    running = verbs.add_parser("run", help="run a command with the servers up")
    running.add_argument("--with", dest="names", default="", help=f"comma separated, of {', '.join(PROCESSES)}")
    running.add_argument("command", nargs=argparse.REMAINDER, help="-- and the command")
    serving = verbs.add_parser("serve", help="everything in the foreground, until Ctrl-C")
    for either in (running, serving):
        either.add_argument("--throwaway", action="store_true", help="on a machine of its own, removed afterwards")
    serving.add_argument("announce", nargs=argparse.REMAINDER, help="-- and a command to run once all is up")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `finally` ends what was started
    try:
        return _carry_out(throwaway() if getattr(given, "throwaway", False) else of_this_checkout(), given)
    except MachineError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _carry_out(machine: Machine, given: argparse.Namespace) -> int:
    if given.verb == "run":
        names = [name for name in given.names.split(",") if name]
        return run(machine, names, given.command[given.command[:1] == ["--"] :])
    if given.verb == "serve":
        return serve(machine, given.announce[given.announce[:1] == ["--"] :])
    if given.verb == "env":
        for name, value in machine.environment().items():
            print(f"export {name}={shlex.quote(value)}")
        return 0
    if given.verb in (verbs := {"up": up, "down": down, "fresh": fresh}):
        verbs[given.verb](machine)
    for name, line in status(machine).items():
        print(f"{name:<12}{line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
