#!/usr/bin/env python3
"""Commands that pages and --help show without output are such as the program takes: commands, options, plug-ins.

Those with output are run by tests/docs/test_pages.sh.

Use: tests/docs/test_commands.py     (environment: SOURCE, and THRONG or BUILD)
"""
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

SOURCE = pathlib.Path(os.environ.get("SOURCE", pathlib.Path(__file__).resolve().parents[2]))
THRONG = os.environ.get("THRONG", SOURCE / "build/throng")
COMMAND = re.compile(r"^(?: {2}| {4})(?:build/)?throng ((?:.*\\\n)*.*)$", re.M)
NAMED = {"--indicator": "indicators", "--method": "methods", "--world": "worlds", "--graph-model": "graphs",
         "--policy": "policies", "--generate": "generators"}


def ask(*arguments):
    return subprocess.run([THRONG, *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout


def names_of(kind):
    return {one["name"] for one in json.loads(ask("list", kind, "--json"))}


def wrong_in(line, commands, known):
    """What is wrong with a command; None if nothing is."""
    words = shlex.split(line.replace("\\\n", " "), comments=True)
    words = words[:next((i for i, word in enumerate(words) if word in ("|", ">", "&", "&&", ";")), len(words))]
    if not words or words[0] == "help" or words[0].startswith("-"):
        return None
    if words[0] not in commands:
        return f"there is no command {words[0]}"
    for i, word in enumerate(words):
        option, _, value = word.partition("=")
        if not option.startswith("--"):
            continue
        if option not in commands[words[0]]:
            return f"{words[0]} has no option {option}"
        value = value or (words[i + 1] if i + 1 < len(words) else "")
        name = value.split(":")[0]
        # A shared object's; "METHOD", to be filled in; players of a game, which are others.
        own = "--plugin" in line or name.isupper() or words[0] == "play"
        if option in NAMED and not own and name not in known[NAMED[option]]:
            return f"there is no {name} among the {NAMED[option]}"
    return None


def main():
    described = json.loads(ask("help", "--json"))
    commands = {one["name"]: {option["name"] for option in one["options"]} for one in described}
    known = {kind: names_of(kind) for kind in set(NAMED.values())}
    pages = {str(page.relative_to(SOURCE)): page.read_text(encoding="utf-8")
             for folder in ("", "docs", "docs/gallery", "studies", "python") for page in SOURCE.glob(f"{folder or '.'}/*.md")}
    pages |= {f"throng {one['name']} --help": one["details"] for one in described}
    found = failed = 0
    for name, text in pages.items():
        for line in COMMAND.findall(re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)):
            found += 1
            reason = wrong_in(line, commands, known)
            if reason:
                failed += 1
                print(f"{name}: throng {line}: {reason}")
    print(f"{found} commands, {failed} wrong")
    return 1 if failed or found < 20 else 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    sys.exit(main())
