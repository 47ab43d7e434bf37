// The structure as a reader meets it: names of types, sizes of folders, and a test where one looks for it.
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { OWN_FOLDERS, ownFilesIn } from "../cli/own-files.ts";

const ROOT = join(import.meta.dirname, "..");
const FOLDERS = ["core", "durable-objects", "workers", "cli", "console", "bench"];
const SMALL = 30; // lines; a shorter source file needs no test of its own
const CROWDED = 15; // files in a folder

/** Source files that are tested elsewhere, with the file that tests each: at most 24. */
const TESTED_ELSEWHERE: Readonly<Record<string, string>> = {
  // the contract of an evaluator, and its bounds
  "core/auth/expression.ts": "test/workers/gateway/auth/expression/cel.test.ts",
  // every block of settings is read by these three; the tests of the blocks have their bounds, defaults and problems
  "core/config/read.ts": "test/core/config/overload.test.ts",
  "core/config/setting.ts": "test/cli/gen/settings.test.ts",
  // the fields of two messages; every test of leases has them
  "core/rate-limit/lease-messages.ts": "test/core/rate-limit/grant-lease.test.ts",
  "core/config/service.ts": "test/core/config/upstream.test.ts",
  // types only
  "core/telemetry/summary/figures.ts": "test/core/telemetry/summary/summary.test.ts",
  // the compiled configuration, tested as a whole
  // who may call them, and their limits
  "workers/gateway/admin/own-methods.ts": "test/workers/gateway/layers/admin-access.test.ts",
  "workers/gateway/admin/telemetry/telemetry-service.ts": "test/workers/gateway/admin/telemetry/tap.test.ts",
  "workers/gateway/call/end/observers.ts": "test/workers/gateway/admin/telemetry/tap.test.ts",
  "workers/gateway/admin/served.ts": "test/workers/gateway/layers/admin-access.test.ts",
  "workers/gateway/configure/admin-checks.ts": "test/cli/project/configuration.test.ts",
  "workers/gateway/configure/cache-checks.ts": "test/workers/gateway/cache/cacheable.test.ts",
  "workers/gateway/configure/configuration.ts": "test/cli/project/configuration.test.ts",
  "workers/gateway/configure/descriptors/link-descriptors.ts": "test/integration/foreign-protos.test.ts",
  "workers/gateway/configure/overrides.ts": "test/integration/foreign-protos.test.ts",
  "workers/gateway/configure/route-checks.ts": "test/workers/gateway/layers/validate.test.ts",
  "workers/gateway/configure/served-methods.ts": "test/workers/gateway/assemble.test.ts",
  "workers/gateway/configure/upstreams.ts": "test/workers/gateway/upstream/pool.test.ts",
  "workers/gateway/auth/authenticator.ts": "test/workers/gateway/layers/authenticate.test.ts", // types only
  "workers/gateway/auth/authenticators.ts": "test/workers/gateway/layers/authenticate.test.ts",
  "workers/gateway/rate-limit/charging.ts": "test/workers/gateway/layers/rate-limit.test.ts",
  "workers/gateway/call/concurrency-scope.ts": "test/workers/gateway/layers/open-streams.test.ts",
  "workers/gateway/upstream/upstream.ts": "test/workers/gateway/upstream/pool.test.ts", // types only
};

/** Folders of more files than that, with the reason. */
const MAY_BE_CROWDED: Readonly<Record<string, string>> = {
  "bench/workers": "a table: one subject of the benchmark per file",
  "cli/tidegate/commands": "a table: one command per file",
  "core/config": "a table: one block of settings per file",
  "workers/gateway/layers": "a table: one layer per file, in the order of pipeline.ts; layers never import one another",
};

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const sources = FOLDERS.flatMap((folder) => ownFilesIn(ROOT, folder)).filter((path) => /\.(ts|tsx|mts|mjs|js)$/.test(path));

/** @returns each name of an exported type that more than one file declares, with the files */
function declaredTwice(files: ReadonlyMap<string, string>): string[] {
  const declared = new Map<string, string[]>();
  for (const [path, text] of files) {
    for (const [, name] of text.matchAll(/^export (?:abstract )?(?:interface|type|class|enum) (\w+)/gm)) {
      declared.set(name!, [...(declared.get(name!) ?? []), path]);
    }
  }
  return [...declared].filter(([, paths]) => paths.length > 1).map(([name, paths]) => `${name}: ${paths.join(", ")}`);
}

/** @returns sources above `SMALL` lines without a test at the mirrored path (`a/b/c.ts` -> `test/a/b/c.test.ts`) */
function withoutTest(files: ReadonlyMap<string, string>, hasTest: (path: string) => boolean): string[] {
  return [...files]
    .filter(([path, text]) => /^(core|durable-objects|workers)\//.test(path) && text.split("\n").length - 1 > SMALL)
    .map(([path]) => path)
    .filter((path) => !hasTest(`test/${path.replace(/\.ts$/, ".test.ts")}`));
}

/** @returns folders with more than `CROWDED` files, subfolders not counted */
function crowded(paths: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > CROWDED).map(([folder]) => folder);
}

/** @returns the paths of a tree drawn with ├── and └──, folders with a slash at the end */
function pathsOfTree(text: string): string[] {
  const parents: string[] = [];
  return text.split("\n").flatMap((line) => {
    const [, indent, name] = /^((?:│ {3}| {4})*)[├└]── (\S+)/.exec(line) ?? [];
    if (indent === undefined || name === undefined) return [];
    const depth = indent.length / 4;
    parents.length = depth;
    parents[depth] = name;
    return [parents.join("")];
  });
}

/** @returns folders of `parent` that hold files of this repository */
function foldersIn(parent: string): string[] {
  const inside = sources.filter((path) => path.startsWith(parent)).map((path) => path.slice(parent.length));
  return [...new Set(inside.filter((path) => path.includes("/")).map((path) => `${parent}${path.split("/")[0]}/`))];
}

const texts = new Map(sources.map((path) => [path, read(path)]));

describe("the structure", () => {
  it("declares every exported type name once", () => {
    expect(declaredTwice(texts)).toEqual([]);
  });

  it("has a test at the mirrored path of every source file above 30 lines, or a named one elsewhere", () => {
    const missing = withoutTest(texts, (path) => existsSync(join(ROOT, path)));
    expect(missing.filter((path) => !(path in TESTED_ELSEWHERE))).toEqual([]);
    expect(Object.keys(TESTED_ELSEWHERE).filter((path) => !missing.includes(path))).toEqual([]); // no exception is left that needs none
    expect(Object.values(TESTED_ELSEWHERE).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(Object.keys(TESTED_ELSEWHERE).length).toBeLessThanOrEqual(24);
  });

  it("has no folder of more than 15 files without a reason, and at most 9 files at the top of workers/gateway", () => {
    expect(crowded(sources).filter((folder) => !(folder in MAY_BE_CROWDED))).toEqual([]);
    expect(Object.keys(MAY_BE_CROWDED).filter((folder) => !crowded(sources).includes(folder))).toEqual([]);
    const top = sources.filter((path) => dirname(path) === "workers/gateway").map((path) => basename(path));
    expect(top.length, top.join(", ")).toBeLessThanOrEqual(9);
  });
});

describe("the trees in the documents", () => {
  it.each(["README.md", "docs/architecture.md"])("of %s name files and folders that exist, and all at the top", (document) => {
    const paths = pathsOfTree(read(document));
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const top = OWN_FOLDERS.map((folder) => `${folder}/`);
    expect([...top, ...foldersIn("workers/")].filter((folder) => !paths.includes(folder))).toEqual([]);
  });

  it("of the architecture name every folder of core/ and of the gateway", () => {
    const paths = pathsOfTree(read("docs/architecture.md"));
    const folders = [...foldersIn("core/"), ...foldersIn("workers/gateway/"), ...foldersIn("core/cache/")];
    expect(folders.filter((folder) => !paths.includes(folder))).toEqual([]);
  });
});

describe("the checks of the structure", () => {
  it("name a type that two files declare", () => {
    const files = new Map([
      ["core/a.ts", "export interface Report {}\n"],
      ["core/b.ts", "export type Report = string;\ninterface Other {}\n"],
      ["core/c.ts", "interface Other {}\n"],
    ]);
    expect(declaredTwice(files)).toEqual(["Report: core/a.ts, core/b.ts"]);
  });

  it("name a source without a test, and no small one", () => {
    const files = new Map([
      ["core/large.ts", "\n".repeat(SMALL + 1)],
      ["core/tested.ts", "\n".repeat(SMALL + 1)],
      ["core/small.ts", "\n".repeat(SMALL)],
      ["cli/large.ts", "\n".repeat(SMALL + 1)],
    ]);
    expect(withoutTest(files, (path) => path === "test/core/tested.test.ts")).toEqual(["core/large.ts"]);
  });

  it("name a crowded folder", () => {
    const files = Array.from({ length: CROWDED + 1 }, (_, index) => `core/many/${index}.ts`);
    expect(crowded([...files, ...files.slice(1).map((path) => path.replace("many", "few"))])).toEqual(["core/many"]);
  });

  it("read a tree of a document", () => {
    expect(pathsOfTree("├── core/   decisions\n│   ├── cache/\n│   │   └── store/\n│   └── ip.ts\n└── docs/")).toEqual([
      "core/",
      "core/cache/",
      "core/cache/store/",
      "core/ip.ts",
      "docs/",
    ]);
  });
});
