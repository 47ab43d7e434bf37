// Upstreams with a binding and a URL, in workerd: what the Worker behind the binding receives.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Running, start } from "../../bench/workerd.ts";

const folder = mkdtempSync(join(tmpdir(), "tidegate-bound-urls-"));
const prepare = () => ({ method: "GET", path: "/healthz", headers: {} }); // unused: nothing is measured here
const worker = (name: string) => ({ entry: `test/support/bound-urls/${name}.ts`, about: "", prepare });
let gateway: Running;

beforeAll(async () => {
  gateway = await start(join(folder, "gateway"), { ...worker("gateway"), workers: { ECHO: worker("echo") } }, { upstreamPort: 1, cpu: 0 });
}, 60_000);

afterAll(() => {
  gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The URL that the upstream receives. */
async function received(path: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(gateway.origin + path, init);
  const { displayName } = (await response.json()) as { displayName: string };
  return (JSON.parse(displayName) as { url: string }).url;
}

it.each([
  ["/alone/x?y=1", "https://echo.internal/alone/x?y=1"],
  ["/bound/x?y=1", "http://10.0.0.7:9000/bound/x?y=1"],
  ["/listed/x", "https://users.internal/listed/x"],
])("%s reaches the upstream as %s", async (path, url) => expect(await received(path)).toBe(url));

it("sends calls of a service below the path of its URL, with host and port", async () => {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: '{"id":"usr_01arz3ndektsv4rrffq69g5fav"}' };
  expect(await received("/users.v1.UserService/GetUser", init)).toBe(
    "https://users.partner.example:8443/base/users.v1.UserService/GetUser",
  );
});
