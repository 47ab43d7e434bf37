// The manifest of the package names what is built, and nothing of this repository's tools comes with it.
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { COPIED, EXPORTS, moduleOf, PROGRAMS } from "../../../cli/package/entries.ts";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));

it("has an export for each entry, with its declarations", () => {
  const built = Object.entries(EXPORTS).map(([name, source]) => {
    const path = source.replace(/\.ts$/, "");
    const module = source.startsWith("cli/") ? path : `lib/${moduleOf(name)}`;
    return [name, { types: `./dist/types/${path}.d.ts`, default: `./dist/${module}.js` }];
  });
  expect(manifest.exports).toEqual({ ...Object.fromEntries(built), "./package.json": "./package.json" });
});

it("is built from files that exist", () => {
  const missing = [...Object.values(EXPORTS), ...PROGRAMS, ...COPIED].filter((file) => !existsSync(file));
  expect(missing).toEqual([]);
  expect(COPIED.map((file) => `dist/${file}`)).toContain(manifest.bin.tidegate);
});

it("brings a user five libraries, as ranges, and no tool", () => {
  expect(Object.keys(manifest.dependencies).sort()).toEqual(["@bufbuild/protobuf", "@connectrpc/connect", "hono", "jose", "valibot"]);
  expect(Object.values(manifest.dependencies).filter((range) => !/^\^\d/.test(range as string))).toEqual([]);
  expect(manifest.optionalDependencies).toBeUndefined();
  const required = Object.keys(manifest.peerDependencies).filter((name) => manifest.peerDependenciesMeta[name]?.optional !== true);
  expect(required).toEqual([]);
});

it("pins what this repository is built and tested with", () => {
  const ranges = Object.entries(manifest.devDependencies as Record<string, string>).filter(([, version]) => !/^(\d|file:)/.test(version));
  expect(ranges).toEqual([]);
});
