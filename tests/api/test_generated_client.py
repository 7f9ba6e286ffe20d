"""Client code that is generated from the description compiles, and knows the answers' types."""

import shutil
import subprocess

import pytest
from rest_framework.test import APIClient

TOOLS = ("--package=openapi-typescript@7", "--package=typescript@5")
# Each line fails to compile where the description says something else.
CLIENT = """
import type { components, paths } from "./schema";

type Answer = paths["/api/v1/presence/query/"]["post"]["responses"]["200"]["content"]["application/json"];
type Beat = paths["/presence/heartbeat"]["post"]["responses"]["200"]["content"]["application/json"];

export function statuses(answer: Answer): Array<"online" | "away" | "busy" | "offline"> {
  return answer.users.map((each) => each.status);
}
export const pace = (beat: Beat): number => beat.next_in_ms;
export type Schemas = keyof components["schemas"];
"""


@pytest.fixture
def run(tmp_path):
    """Run a program of the npm registry, or skip where that is not to be had."""
    if shutil.which("npx") is None:
        pytest.skip("no npx here, so nothing generates a client")

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["npx", "--yes", *TOOLS, "--", *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=180,
        )

    if run("tsc", "--version").returncode:
        pytest.skip("npx cannot fetch openapi-typescript and tsc here")
    return run


@pytest.mark.slow
@pytest.mark.django_db
def test_a_client_generated_from_the_description_compiles(tmp_path, run):
    schema = APIClient().get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi"})
    assert schema.status_code == 200
    (tmp_path / "schema.yaml").write_bytes(schema.content)
    (tmp_path / "client.ts").write_text(CLIENT)

    generated = run("openapi-typescript", "schema.yaml", "--output", "schema.ts")
    assert generated.returncode == 0, generated.stdout + generated.stderr
    compiled = run("tsc", "--noEmit", "--strict", "--target", "es2022", "client.ts", "schema.ts")
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
