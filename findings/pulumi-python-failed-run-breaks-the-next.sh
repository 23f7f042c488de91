#!/bin/sh
# pulumi 3.250.0 (PyPI; mended by 3.272.0), Python 3.11. Run without an engine, with the SDK's own mocks, as unit tests of programs do.
# Expected: two programs run one after the other in a process, each with its own mocks and its own event loop, know nothing of
#   each other: the second is right whatever became of the first.
# Seen: what the first one, which failed, still had to await stays in a set of the whole process (SETTINGS.outputs). The second
#   program awaits it as well, and fails with "Event loop is closed", a sentence about nothing that it does. In a test suite the
#   test after one of a failing program fails, and passes alone.
# Fails if that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 3.250.0 3.272.0; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "pulumi==$version"
done
cat > "$folder/program.py" <<'PROGRAM'
import asyncio

import pulumi
from pulumi.runtime import settings
from pulumi.runtime.mocks import Mocks
from pulumi.runtime.stack import run_pulumi_func


class Quiet(Mocks):
    def new_resource(self, args):
        return args.name + "-id", dict(args.inputs)

    def call(self, args):
        return {}


def fails():
    async def late():
        raise ValueError("wrong")

    pulumi.CustomResource("demo:index:Thing", "first", {"size": late()})


def is_right():
    pulumi.CustomResource("demo:index:Thing", "second", {"size": 1})


async def run(program, forget):
    settings.ROOT.set(None)
    pulumi.runtime.set_mocks(Quiet())
    if forget:
        settings.SETTINGS.outputs.clear()
    await run_pulumi_func(program)


for program, forget in ((fails, False), (is_right, False), (fails, True), (is_right, True)):
    try:
        asyncio.run(run(program, forget))
        print(program.__name__, "forget" if forget else "as it is", "ok")
    except Exception as error:
        print(program.__name__, "forget" if forget else "as it is", str(error).splitlines()[0])
PROGRAM
for version in 3.250.0 3.272.0; do
    echo "pulumi $version"
    "$folder/$version/bin/python" "$folder/program.py" 2> /dev/null | tee "$folder/output-$version"
done
grep -q "^is_right as it is Event loop is closed$" "$folder/output-3.250.0"
grep -q "^is_right forget ok$" "$folder/output-3.250.0"
grep -q "^is_right as it is ok$" "$folder/output-3.272.0"
