// `tidegate explain` as a process, on the configuration of this repository.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Explanation } from "../../../core/explain/explanation.ts";
import { command } from "../admin/admin-server.ts";

const explain = (...args: string[]) => command("explain", args, { NO_COLOR: "1" }).ended;

it("shows a route for people: upstream, layers, sources", async () => {
  const { code, stdout, stderr } = await explain("GET", "/api/v1/users/usr_1");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("GET /api/v1/users/usr_1  ->  users.v1.UserService/GetUser");
  expect(stdout).toMatch(/readTimeoutMs +15000 +defaults\.readTimeoutMs/);
});

it("explains an RPC by its name, as JSON", async () => {
  const { code, stdout } = await explain("--json", "users.v1.UserService/ListUsers");
  const explanation = JSON.parse(stdout) as Explanation & { kind: "route" };
  expect([code, explanation.route, explanation.method]).toEqual([0, "users.v1.UserService/ListUsers", "POST"]);
  expect(explanation.settings).toContainEqual({
    name: "cost",
    value: 5,
    source: 'services["users.v1.UserService"].methods.ListUsers.cost',
  });
});

it("exits with 1 where the request is refused, and with 2 for other words", async () => {
  const refused = await explain("GET", "/api/v2/users");
  expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining("Nearest routes")]);
  expect(await explain("users")).toMatchObject({ code: 2, stderr: expect.stringContaining("METHOD /path") });
});

it("names what is wrong with a configuration", async () => {
  const folder = mkdtempSync("explain-test-");
  try {
    const file = join(folder, "wrong.config.ts");
    writeFileSync(file, 'export default { services: { "users.v1.UserService": { upstream: { binding: "NONE" } } } };\n');
    expect(await explain("--config", file, "GET", "/")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("name a service binding"),
    });
    expect(await explain("--config", join(folder, "none.ts"), "GET", "/")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no such file"),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
