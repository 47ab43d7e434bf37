// `tidegate init`: it creates what create-tidegate creates, and its exit codes are those of every command.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tidegate-init-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const init = (...args: string[]) =>
  spawnSync(process.execPath, [resolve("cli/tidegate/main.ts"), "init", ...args], { cwd: folder, encoding: "utf8" });

it("writes the files of a project, with the name filled in", () => {
  const { status, stdout, stderr } = init("my-shop", "--no-install", "--json");
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(JSON.parse(stdout)).toEqual({ name: "my-shop", folder: join(folder, "my-shop") });
  expect(readFileSync(join(folder, "my-shop/gateway.config.ts"), "utf8")).toContain("defineGateway");
  expect(existsSync(join(folder, "my-shop/workers/services/catalog.ts"))).toBe(true);
  expect(init("my-shop", "--no-install")).toMatchObject({ status: 1, stderr: expect.stringContaining("found files in my-shop") });
});

it("exits with 2 without a name where nobody can be prompted, and for a wrong name", () => {
  expect(init()).toMatchObject({ status: 2, stderr: expect.stringContaining("error: found no NAME") });
  expect(init("My Shop", "--no-install")).toMatchObject({ status: 2, stderr: expect.stringContaining("write lower-case letters") });
});
