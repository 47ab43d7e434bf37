// `tidegate new service` in a copy of the project: what it writes is served by the gateway, and its test passes.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyProject, type ProjectCopy } from "../../project-copy.ts";
import { dev } from "../gateway.ts";

let copy: ProjectCopy;
beforeAll(() => {
  copy = copyProject();
});
afterAll(() => copy.remove());

const TOUCHED = ["gateway.config.ts", "wrangler.toml", "workers/services/catalog.ts"];
const add = (...args: string[]) => copy.run("tidegate/main.ts", "new", "service", ...args);

describe("tidegate new service", () => {
  it("writes nothing under --dry-run, for a wrong name, and where a file cannot be changed", () => {
    const before = TOUCHED.map((file) => copy.read(file));
    const shown = add("billing", "--dry-run", "--json");
    expect(JSON.parse(shown.stdout)).toMatchObject({ service: "billing.v1.BillingService", path: "/api/v1/billing/{id}" });
    for (const name of ["Billing", "9lives", "a--b", "x".repeat(41)]) expect(add(name)).toMatchObject({ status: 2 });
    expect(add("billing", "--package", "acme")).toMatchObject({ status: 2, stderr: expect.stringContaining("as in acme.v1") });
    expect(add("users", "--package", "acme.v1")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("workers/services/users/index.ts"),
    });
    copy.write("gateway.config.ts", before[0]!.replace("  services: {\n", "  services: { ...others,\n"));
    expect(add("billing")).toMatchObject({ status: 1, stderr: expect.stringContaining("where: gateway.config.ts") });
    copy.write("gateway.config.ts", before[0]!);
    expect(TOUCHED.map((file) => copy.read(file))).toEqual(before);
    expect(existsSync(join(copy.folder, "workers/services/billing"))).toBe(false);
  });

  it("adds services that the gateway serves, in two packages, whose protos pass buf and whose tests pass", async () => {
    expect(add("billing", "--package", "acme.v1")).toMatchObject({ status: 0, stderr: "" });
    expect(add("user-profiles")).toMatchObject({ status: 0, stderr: "" });
    expect(add("billing")).toMatchObject({ status: 1 });
    const buf = (...args: string[]) => spawnSync("buf", args, { cwd: copy.folder, env: copy.env, encoding: "utf8" });
    const own = ["--path", "protos/acme", "--path", "protos/user_profiles"];
    expect(buf("lint", ...own)).toMatchObject({ status: 0, stdout: "" });
    expect(buf("format", "protos", ...own, "--diff", "--exit-code")).toMatchObject({ status: 0, stdout: "" });
    expect(copy.read("wrangler.toml").match(/^service = "tidegate-user-profiles(-staging)?"$/gm)).toHaveLength(2);

    const gateway = await dev(copy);
    try {
      expect(await (await fetch(`${gateway.url}/api/v1/user-profiles/7`)).json()).toEqual({ id: "7" });
      const call = { method: "POST", headers: { "content-type": "application/json" }, body: '{"id":"8"}' };
      expect(await (await fetch(`${gateway.url}/acme.v1.BillingService/GetBilling`, call)).json()).toEqual({ billing: { id: "8" } });
    } finally {
      await gateway.stop();
    }
    const tests = spawnSync("vitest", ["run", "--project", "billing", "--project", "user-profiles"], {
      cwd: copy.folder,
      env: copy.env,
      encoding: "utf8",
    });
    expect(tests.status, tests.stdout + tests.stderr).toBe(0);
    expect(tests.stdout).toMatch(/4 passed/);
  });
});
