#!/bin/sh
# pulumi 3.272.0 (PyPI), Python 3.11. Run without an engine, with the SDK's own mocks.
# Expected: nothing has been registered when a program raises, so a resource declared before the exception is not made.
# Seen: it is registered AFTER the exception, as the SDK waits for all that is queued before it raises the error again. A program
#   that checks something half-way and raises therefore leaves what stands before the check behind: its "nothing was created" is
#   true at the raise, and false a moment later. The same holds for RunError.
# Fails if that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pulumi==3.272.0
cat > "$folder/program.py" <<'PROGRAM'
import asyncio

import pulumi
from pulumi.runtime.mocks import Mocks
from pulumi.runtime.stack import run_pulumi_func

registered = []


class Recorder(Mocks):
    def new_resource(self, args):
        registered.append(args.name)
        return args.name + "-id", dict(args.inputs)

    def call(self, args):
        return {}


def program():
    pulumi.CustomResource("demo:index:Thing", "declared-before", {"size": 1})
    print("at the raise:", registered)
    raise pulumi.RunError("the next one is wrong")


async def main():
    pulumi.runtime.set_mocks(Recorder())
    try:
        await run_pulumi_func(program)
    except pulumi.RunError as error:
        print("program failed:", error)


asyncio.run(main())
print("afterwards:", registered)
PROGRAM
"$folder/venv/bin/python" "$folder/program.py" | tee "$folder/output"
grep -q "^at the raise: \[\]$" "$folder/output"
grep -q "^program failed: the next one is wrong$" "$folder/output"
grep -q "^afterwards: \['declared-before'\]$" "$folder/output"
