"""What programs of one's own do with Pulumi besides resources: dynamic ones, policy packs, the Automation API."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from support.lab import ROOT, Lab

pytestmark = pytest.mark.stage

PROGRAM = """
import json, sys
import pulumi
from pulumi import automation, dynamic


class Notes(dynamic.ResourceProvider):
    def create(self, props):
        return dynamic.CreateResult("note-1", {**props, "length": len(props["text"])})


class Note(dynamic.Resource):
    length: pulumi.Output[int]

    def __init__(self, text):
        super().__init__(Notes(), "note", {"text": text, "length": None})


def program():
    pulumi.export("length", Note(pulumi.Config().require("text")).length)


def up(text):
    stack.set_config("text", automation.ConfigValue(text))
    try:
        return stack.up(policy_packs=sys.argv[2:]).outputs["length"].value
    except automation.CommandError as error:
        return str(error)


command = automation.PulumiCommand(root=sys.argv[1])
options = automation.LocalWorkspaceOptions(pulumi_command=command)
stack = automation.create_or_select_stack("mine", project_name="notes", program=program, opts=options)
try:
    print(json.dumps([up("hello"), up("too long for the policy")]))
finally:
    stack.destroy()
    stack.workspace.remove_stack("mine")
"""

# What the package pulumi_policy makes of a policy, which is not among this project's.
POLICY = """
from concurrent import futures

import grpc
from pulumi.runtime.proto import analyzer_pb2 as messages, analyzer_pb2_grpc, plugin_pb2


class Policies(analyzer_pb2_grpc.AnalyzerServicer):
    def GetAnalyzerInfo(self, request, context):
        return messages.AnalyzerInfo(name="short", version="1.0.0", policies=[messages.PolicyInfo(name="short-notes")])

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="1.0.0")

    def Configure(self, request, context):
        return messages.google_dot_protobuf_dot_empty__pb2.Empty()

    def AnalyzeStack(self, request, context):
        return messages.AnalyzeResponse()

    def Analyze(self, request, context):
        if "text" not in request.properties or len(request.properties["text"]) < 10:
            return messages.AnalyzeResponse()
        found = messages.AnalyzeDiagnostic(policyName="short-notes", policyPackName="short", policyPackVersion="1.0.0",
            message="this note is too long", enforcementLevel=messages.MANDATORY, urn=request.urn)
        return messages.AnalyzeResponse(diagnostics=[found])


server = grpc.server(futures.ThreadPoolExecutor())
analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Policies(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(port, flush=True)
server.wait_for_termination()
"""


def test_dynamic_resources_under_a_policy_by_the_automation_api(lab: Lab, tmp_path: Path) -> None:
    lab.run("preview", "single-host")  # sets up the engine
    (pack := tmp_path / "pack").mkdir()
    project = f"runtime: {{name: python, options: {{virtualenv: {ROOT}/.venv}}}}\n"
    for file, text in ((pack / "PulumiPolicy.yaml", project), (pack / "__main__.py", POLICY), (tmp_path / "notes.py", PROGRAM)):
        file.write_text(text, encoding="utf-8")
    done = lab.call(sys.executable, str(tmp_path / "notes.py"), str(ROOT / ".venv"), str(pack), timeout=120, check=True)
    length, refused = json.loads(done.stdout)
    assert length == 5
    assert "this note is too long" in refused and "short-notes" in refused
