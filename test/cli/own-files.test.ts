// The rules of this repository apply to its own files, and not to files of a team or a tool beside them.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { isOwn, ownFilesIn } from "../../cli/own-files.ts";

const OTHERS = [
  "workers/services/billing/index.ts",
  "workers/services/billing/deep/store.ts",
  "workers/services/users-v2/index.ts",
  "workers/services/catalog.ts",
  "protos/acme/v1/billing.proto",
  "protos/gen/acme/v1/billing_pb.ts",
  "gateway.config.ts",
  "wrangler.toml",
  "scratch/notes.ts",
  "notes.ts",
  "dist/index.ts",
  "core/dist/index.ts",
  ".wrangler/tmp/bundle-1/middleware-loader.entry.ts",
  "workers/services/users/.wrangler/tmp/bundle-1/middleware-loader.entry.ts",
  "core/.#hash.ts",
  "core/hash.ts~",
  "core/#hash.ts#",
  "core/.hash.ts.swp",
  "core/hash.ts.orig",
  "node_modules/hono/index.ts",
  ".dev.vars",
];
const OWN = [
  "core/hash.ts",
  "workers/service.ts",
  "workers/services/fields.ts",
  "workers/services/users/store.ts",
  "workers/gateway/layers/trace.ts",
  "protos/users/v1/users.proto",
  "protos/gen/users/v1/users_pb.ts",
  "protos/gen/openapi.json",
  "protos/third_party/google/api/http.proto",
  "test/architecture.test.ts",
  "vitest.config.ts",
];

describe("isOwn", () => {
  it.each(OTHERS)("is not for %s", (path) => expect(isOwn(path)).toBe(false));
  it.each(OWN)("is for %s", (path) => expect(isOwn(path)).toBe(true));
});

it("finds own files alone in a folder that has others, and links to nothing", () => {
  const root = mkdtempSync(join(tmpdir(), "tidegate-own-"));
  try {
    for (const path of [...OTHERS, ...OWN]) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), "");
    }
    symlinkSync("nowhere", join(root, "core/.#other.ts"));
    const own = OWN.filter((path) => /^(core|workers|protos)\//.test(path));
    expect(["core", "workers", "protos"].flatMap((folder) => ownFilesIn(root, folder)).sort()).toEqual(own.sort());
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

it("lints own files alone: planted in a copy, each is reported and no other", () => {
  const root = mkdtempSync(join(tmpdir(), "tidegate-lint-"));
  try {
    for (const path of ["biome.json", ".gitignore"]) writeFileSync(join(root, path), execFileSync("cat", [path]));
    const typescript = (path: string): boolean => path.endsWith(".ts") && !path.startsWith("protos/");
    for (const path of [...OTHERS, ...OWN].filter(typescript)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), "const  badly = 1\n");
    }
    const run = () =>
      execFileSync("biome", ["check", "--error-on-warnings", "--max-diagnostics=none", "--reporter=json", "."], { cwd: root });
    expect(run).toThrow();
    let output = "";
    try {
      run();
    } catch (error) {
      output = String((error as { stdout: Buffer }).stdout);
    }
    const reported = new Set([...output.matchAll(/"path":\s*"([^"]+)"/g)].map(([, path]) => path));
    expect([...reported].sort()).toEqual(OWN.filter(typescript).sort());
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
