"""The engine's sources without what only clouds need: half of what would be compiled serves states, keys and logs kept there.

The module is pinned by engine/go.sum, so each text to take out stands there exactly once. What takes its place is in
engine/added: whoever asks for a driver that is left out gets a sentence.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

RECIPE = Path(__file__).parent / "engine"
ADDED = RECIPE / "added"
RECIPE_FILES = ("engine_edits.py", "go_build.py")  # beside the folder: how it is built


@dataclass(frozen=True)
class Cut:
    """Text to take out of one file: from `begin` up to `end` (which stays), or `begin` alone. `put` takes its place."""

    path: str
    begin: str
    end: str = ""
    put: str = ""

    def apply(self, text: str) -> str:
        """Raises ValueError where the text is not the one that is pinned."""
        head, found, rest = text.partition(self.begin)
        if not found or self.begin in rest:
            raise ValueError(f"{self.path} does not hold exactly once: {self.begin.strip()}")
        if self.end:
            _, found, rest = rest.partition(self.end)
            if not found:
                raise ValueError(f"{self.path} does not go on to: {self.end.strip()}")
        return head + self.put + self.end + rest


STATES = "backend/diy/backend.go"
BUCKETS = "backend/diy/bucket.go"
SECRETS = "secrets/cloud/manager.go"
ENVELOPE = "cmd/pulumi/cloud/envelope.go"
CUTS = (
    Cut(STATES, '\t_ "gocloud.dev/blob/azureblob" // driver for azblob://\n'),
    Cut(STATES, '\t"gocloud.dev/blob/gcsblob"     // driver for gs://\n'),
    Cut(STATES, '\t_ "gocloud.dev/blob/s3blob"    // driver for s3://\n'),
    Cut(STATES, '\t"github.com/pulumi/pulumi/pkg/v3/authhelpers"\n'),
    Cut(STATES, '\t_ "github.com/pulumi/pulumi/pkg/v3/backend/diy/postgres" // driver for postgres://\n'),
    Cut(STATES, "\tif p.Scheme == gcsblob.Scheme {\n", "\tbucket, err := blobmux.OpenBucket(ctx, u)\n"),
    Cut(BUCKETS, '\tawss3 "github.com/aws/aws-sdk-go-v2/service/s3"\n'),
    Cut(BUCKETS, '\t"net/url"\n'),
    Cut(BUCKETS, "\t\tvar input *awss3.CopyObjectInput\n", "\t\tif beforeCopy != nil {\n"),
    Cut(BUCKETS, "// fixupS3CopySource rewrites", "func (b *wrappedBucket) Delete("),
    Cut(SECRETS, '\tnetUrl "net/url"\n'),
    Cut(SECRETS, '\t_ "gocloud.dev/secrets/awskms"        // support for awskms://\n'),
    Cut(SECRETS, '\t_ "gocloud.dev/secrets/azurekeyvault" // support for azurekeyvault://\n'),
    Cut(SECRETS, '\t"gocloud.dev/secrets/gcpkms"          // support for gcpkms://\n'),
    Cut(SECRETS, '\t_ "gocloud.dev/secrets/hashivault"    // support for hashivault://\n'),
    Cut(SECRETS, '\t"google.golang.org/api/cloudkms/v1"\n'),
    Cut(SECRETS, '\t"github.com/pulumi/pulumi/pkg/v3/authhelpers"\n'),
    Cut(
        SECRETS,
        "\tu, err := netUrl.Parse(url)\n",
        "// generateNewDataKey generates",
        put="\treturn gosecrets.OpenKeeper(ctx, url)\n}\n\n",
    ),
    Cut(ENVELOPE, '\tParameters      []ParamSpec `json:"parameters,omitempty"`\n'),
)
# Whole files; `pulumi api` alone, with the OpenAPI library that only it needs, is a quarter of all that is compiled.
API_FILES = (
    *("api", "describe", "describe_markdown", "encoding", "fields", "format", "list", "output", "paginate", "pathmatch"),
    *("schema", "spec", "spec_fetch"),
)
LEFT_OUT = (
    "operations/operations_aws.go",
    "operations/operations_gcp.go",
    *(f"cmd/pulumi/cloud/{name}.go" for name in API_FILES),
)


def copy_edited(source: Path, destination: Path, cuts: Sequence[Cut] = CUTS, left_out: Sequence[str] = LEFT_OUT) -> None:
    """Makes `destination` anew: the module's sources without tests, cut, and what takes the place of what is missing.

    Raises ValueError where a cut does not fit, OSError.
    """
    shutil.rmtree(destination, ignore_errors=True)
    # Contents only: a module cache is read-only, and what is copied from it is to be changed and removed.
    shutil.copytree(source, destination, ignore=_tests, copy_function=shutil.copyfile)
    for folder in (destination, *(path for path in destination.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    for name in left_out:
        (destination / name).unlink()
    for cut in cuts:
        path = destination / cut.path
        path.write_text(cut.apply(path.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copytree(ADDED, destination, dirs_exist_ok=True)


def _tests(folder: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name == "testdata" or name.endswith("_test.go")]


def recipe_digest() -> str:
    """A name for what is built and how: an engine built by another recipe is built anew."""
    digest = hashlib.sha256()
    files = sorted(path for path in RECIPE.rglob("*") if path.is_file())
    for path in (*files, *(RECIPE.parent / name for name in RECIPE_FILES)):
        digest.update(f"\0{os.path.relpath(path, RECIPE)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
