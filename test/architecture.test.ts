// The rules of the architecture: which folder may import which, where clocks and random numbers may be read, and how large a file may be.
import { readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { ownFilesIn } from "../cli/own-files.ts";

const ROOT = join(import.meta.dirname, "..");
const FOLDERS = ["core", "durable-objects", "workers", "protos/gen", "cli", "console", "bench"];

/** What a file may import: project paths from the root, packages by their name. The most specific folder applies. */
const MAY_IMPORT: Readonly<Record<string, RegExp>> = {
  core: /^core\//,
  "core/config":
    /^core\/(access-log\/log-fields\.ts$|config\/|header-edits\/|auth\/(address-lists|admin-role|expression|jwt\/public-key|signature\/signature-(agent|rules))\.ts$|headers\.ts$|ip\.ts$|overload\/criticality\.ts$|path\/prefix-rewrite\.ts$|protocol\/(inflation|native-grpc|received-headers)\.ts$|rate-limit\/token-bucket\.ts$|region\.ts$)|^valibot$/,
  // Log records are written by one function of the whole project, which cannot be in core/: it writes to the console.
  "durable-objects": /^core\/|^durable-objects\/\w+(-\w+)*\/|^workers\/log\.ts$|^cloudflare:workers$/,
  "protos/gen": /^protos\/gen\/|^@bufbuild\/protobuf/,
  workers: /^(core|protos\/gen|workers)\/|^cloudflare:workers$|^(hono|@connectrpc\/connect|@bufbuild\/protobuf)(\/|$)/,
  "workers/service":
    /^(protos\/gen|workers\/service)\/|^core\/(deadline|exchange\/(messages|metrics\/metrics-messages|relay-load)|hash|headers|protocol\/(envelope|inflation|printable)|region|trace|tracing\/call-spans|transcode\/json-text|(auth\/identity|elements|idempotency|mesh|metrics|overload|violations)\/\w+(-\w+)*)\.ts$|^workers\/(discovery\/discovery|log|sampled|shed-log|wait)\.ts$|^(@connectrpc\/connect|@bufbuild\/protobuf)(\/|$)/,
  // A Durable Object, which only Workers load: service.ts does not import it.
  "workers/service/idempotency/object": /^core\/idempotency\/|^workers\/service\/idempotency\/|^cloudflare:workers$/,
  // What gateway and clients share runs in any runtime.
  "workers/call": /^(core|workers\/call)\/|^workers\/wait\.ts$/,
  "workers/client":
    /^(core|workers\/(call|client))\/|^workers\/service\/(identity\/(caller|identity-token|key-set)|in-process\/local-call|mesh\/retry-chain)\.ts$|^workers\/(log|sampled|wait)\.ts$|^(@connectrpc\/connect|@bufbuild\/protobuf)(\/|$)/,
  "workers/background-work": /^(core|workers)\/background-work\/|^workers\/(log|settled-within)\.ts$|^cloudflare:workers$/,
  // Events of services: in Workers and in objects, for any service.
  "workers/queue":
    /^(protos\/gen\/tidegate\/queue|core\/queue|workers\/queue)\/|^core\/(concurrently|trace)\.ts$|^workers\/(alarm-schedule|log|settled-within)\.ts$|^cloudflare:workers$|^(@connectrpc\/connect|@bufbuild\/protobuf)(\/|$)/,
  "workers/services":
    /^(protos\/gen|workers\/services|workers\/client)\/|^workers\/(alarm-schedule|idempotency|queue|service)\.ts$|^cloudflare:workers$|^ulid$|^(@connectrpc\/connect|@bufbuild\/protobuf)(\/|$)/,
  // Development entries only: no deployed bundle contains them (test/cli/project/network.test.ts).
  "workers/dev": /^core\/headers\.ts$|^workers\/dev\/|^cloudflare:workers$|^node:async_hooks$/,
  "workers/discovery":
    /^(protos\/gen|workers\/discovery)\/|^workers\/wait\.ts$|^cloudflare:workers$|^(@connectrpc\/connect|@bufbuild\/protobuf)(\/|$)/,
  "workers/gateway":
    /^(core|protos\/gen|workers\/(call|gateway|discovery)|durable-objects)\/|^workers\/(log|sampled|shed-log|service|services\/catalog|service\/(compression|host-load|identity\/identity-token|limits\/(element-limit|message-shape)|query))\.ts$|^gateway\.config\.ts$|^cloudflare:workers$|^(hono|@connectrpc\/connect|@bufbuild\/(protobuf|protovalidate))(\/|$)/,
  "workers/gateway/layers":
    /^core\/|^workers\/call\/|^workers\/gateway\/call(\.ts$|\/)|^workers\/(log|sampled|shed-log)\.ts$|^workers\/gateway\/(auth|bodies|cache|protocol|rate-limit|tracing|transcode|translate)\/|^workers\/service\/(compression|identity\/identity-token|query)\.ts$|^durable-objects\/|^cloudflare:workers$|^(@connectrpc\/connect|@bufbuild\/protobuf)(\/|$)/,
  "workers/gateway/auth":
    /^core\/|^workers\/(log|sampled|service\/identity\/identity-token)\.ts$|^workers\/gateway\/call(\.ts$|\/)|^workers\/gateway\/(auth|background|protocol|region)\/|^durable-objects\/|^cloudflare:workers$|^jose$|^@bufbuild\/(protobuf|cel)(\/|$)/,
  "workers/gateway/cache":
    /^core\/|^workers\/log\.ts$|^workers\/gateway\/call(\.ts$|\/)|^workers\/gateway\/(background|bodies|cache|protocol|region|translate)\/|^workers\/service\/query\.ts$|^cloudflare:workers$|^(@connectrpc\/connect|@bufbuild\/protobuf)(\/|$)/,
  "workers/gateway/rate-limit":
    /^(core|durable-objects|workers\/gateway\/(background|rate-limit|region))\/|^workers\/log\.ts$|^workers\/gateway\/call\.ts$|^cloudflare:workers$|^@bufbuild\/protobuf(\/|$)/,
  "workers/gateway/bodies":
    /^core\/|^workers\/gateway\/call(\.ts$|\/)|^workers\/gateway\/(bodies|protocol)\/|^workers\/service\/query\.ts$|^cloudflare:workers$|^@connectrpc\/connect(\/|$)/,
  "workers/gateway/transcode":
    /^(core|protos\/gen|workers\/gateway\/transcode)\/|^workers\/(log|service\/limits\/element-limit)\.ts$|^workers\/gateway\/protocol\/retry-info\.ts$|^(@connectrpc\/connect|@bufbuild\/protobuf)(\/|$)/,
  "workers/gateway/translate":
    /^core\/(headers|reasons|protocol\/printable)\.ts$|^workers\/gateway\/call(\.ts$|\/)|^workers\/gateway\/(protocol|translate)\/|^workers\/service\/(compression|query)\.ts$|^@connectrpc\/connect(\/|$)/,
  "workers/gateway/auth/expression": /^(core|workers\/gateway\/auth\/expression)\/|^@bufbuild\/(cel|protobuf|re2)(\/|$)/,
  "workers/gateway/openapi": /^(core|protos\/gen|workers\/gateway\/(openapi|transcode))\/|^@bufbuild\/protobuf(\/|$)/,
  // The package is built here: it names its tools, and the tests of a project that uses it.
  "cli/package": /^(core|cli)\/|^(node:|(tsdown|vitest\/config|@cloudflare\/vitest-plugin)$)/,
  cli: /^(core|workers|protos\/gen|cli)\/|^durable-objects\/classes\.ts$|^gateway\.config\.ts$|^(node:|(wrangler|esbuild|miniflare|yaml)$|(@bufbuild|@connectrpc|@valibot|@stricli)\/)/,
  // Two pure files of the control plane beside the contracts: snapshots are written and compared by one code.
  console:
    /^core\/control\/(configuration-diff|snapshot)\.ts$|^(console\/src|protos\/gen\/tidegate)\/|^(preact(\/hooks)?|@bufbuild\/protobuf(\/wkt)?)$/,
  bench: /.*/,
};

/** The Worker of the Durable Objects lists its classes; its exports are all that it has. */
const OBJECTS_ENTRY = "durable-objects/index.ts";

/** In core/, time and random numbers are arguments. */
const FORBIDDEN_IN_CORE = /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|crypto\.|fetch\(|setTimeout|process\.)/;

/** Files above 250 lines, each with its reason. */
const MAY_BE_LONG: Readonly<Record<string, string>> = {
  "core/config/gateway.ts": "the table of the settings at the top: a block each, which other files define",
  "workers/gateway/pipeline.ts": "the lists of all layers, which are read as one; a team adds its own lines",
};

interface Source {
  readonly path: string; // from the root, with forward slashes
  readonly text: string;
}

interface Import {
  readonly target: string; // project path from the root, or the name of a package
  readonly isType: boolean;
}

const sources = FOLDERS.flatMap(sourcesIn);

function sourcesIn(folder: string): Source[] {
  return ownFilesIn(ROOT, folder)
    .filter((path) => /\.(ts|tsx|mts)$/.test(path) && !path.endsWith(".d.ts"))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

function importsOf({ path, text }: Source): Import[] {
  const statements = text.matchAll(
    /^\s*(?:import|export)\b(\s+type\b)?[^"';]*?\bfrom\s*"([^"]+)"|^\s*import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm,
  );
  return [...statements].map(([, type, named, bare, dynamic]) => {
    const name = (named ?? bare ?? dynamic)!;
    const target = name.startsWith(".") ? posix.normalize(posix.join(dirname(path), name)) : name;
    return { target, isType: type !== undefined };
  });
}

function rulesFor(path: string): RegExp {
  const folders = Object.keys(MAY_IMPORT).filter((folder) => path.startsWith(`${folder}/`));
  return MAY_IMPORT[folders.sort((a, b) => b.length - a.length)[0]!]!;
}

function violations(all: readonly Source[]): string[] {
  return all.flatMap((source) =>
    importsOf(source)
      .filter(
        ({ target }) => !rulesFor(source.path).test(target) && !(source.path === OBJECTS_ENTRY && dirname(target) === "durable-objects"),
      )
      .map(({ target }) => `${source.path} may not import ${target}`),
  );
}

/** Import cycles. Type imports count: a reader follows them, too. */
function cycles(all: readonly Source[]): string[] {
  const edges = new Map(all.map((source) => [source.path, importsOf(source).map(({ target }) => target)]));
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(" > "));
    if (trail.includes(path) || done.has(path)) return;
    for (const target of edges.get(path) ?? []) if (edges.has(target)) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return found;
}

describe("the architecture", () => {
  it("finds files in every folder that a rule names", () => {
    for (const folder of Object.keys(MAY_IMPORT)) {
      if (folder === "workers/service" || folder === "workers/client") continue;
      expect(sources.filter(({ path }) => path.startsWith(`${folder}/`)).length, folder).toBeGreaterThan(0);
    }
    expect(sources.flatMap(importsOf).length).toBeGreaterThan(100);
  });

  it("lets every folder import only what its rule allows", () => {
    expect(violations(sources)).toEqual([]);
  });

  it("has no cycles", () => {
    expect(cycles(sources.filter(({ path }) => !path.startsWith("protos/gen/")))).toEqual([]);
  });

  it("reads neither clock nor random numbers in core/", () => {
    const impure = sources.filter(({ path, text }) => path.startsWith("core/") && FORBIDDEN_IN_CORE.test(withoutComments(text)));
    expect(impure.map(({ path }) => path)).toEqual([]);
  });

  it("keeps objects and layers apart from their siblings", () => {
    const others = sources.filter(({ path }) => path !== OBJECTS_ENTRY);
    const siblings = others.flatMap((source) =>
      importsOf(source)
        .filter(
          ({ target }) => /^(durable-objects|workers\/gateway\/layers)$/.test(dirname(target)) && dirname(target) === dirname(source.path),
        )
        .map(({ target }) => `${source.path} imports its sibling ${target}`),
    );
    expect(siblings).toEqual([]);
  });

  it("keeps Durable Object classes out of the gateway but for their types", () => {
    const values = sources
      .filter(({ path }) => path.startsWith("workers/gateway/"))
      .flatMap((source) => importsOf(source).filter(({ target, isType }) => target.startsWith("durable-objects/") && !isType));
    expect(values).toEqual([]);
  });

  it("keeps the schemas of settings out of clients: of core/config, they and what they share with the gateway import types only", () => {
    const values = sources
      .filter(({ path }) => /^workers\/(call|client)\//.test(path))
      .flatMap((source) => importsOf(source).filter(({ target, isType }) => target.startsWith("core/config/") && !isType));
    expect(values).toEqual([]);
  });

  it("keeps files under 250 lines, save those with a reason", () => {
    const long = sources.filter(
      ({ path, text }) => !path.startsWith("protos/gen/") && text.split("\n").length > 251 && !(path in MAY_BE_LONG),
    );
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it("writes log records through the one function in workers/log.ts", () => {
    expect(consoleCalls(sources)).toEqual([]);
  });

  it("opens every file with what it is, in one sentence", () => {
    const silent = sources.filter(({ path, text }) => !path.startsWith("protos/gen/") && !/^(#!.*\n)?\/\/ \S/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });
});

/** Workers and Durable Objects call `console` in one file; what runs in Node writes texts for people there, and no records. */
function consoleCalls(all: readonly Source[]): string[] {
  const calls = all.flatMap(({ path, text }) => {
    if (path === "workers/log.ts") return [];
    const forbidden = /^(core|durable-objects|workers)\//.test(path)
      ? /(?<![.\w])console\b(?!\s*:)/
      : /\bconsole\.\w+\([^;]*JSON\.stringify/;
    // The setting `console`, and texts that name it, write nothing.
    return forbidden.test(withoutComments(text).replace(/"[^"\n]*"/g, '""')) ? [path] : [];
  });
  return calls;
}

describe("the checks of the architecture", () => {
  const planted = (path: string, text: string): Source => ({ path, text });

  it("name a foreign import", () => {
    const sources = [
      planted("core/rate-limit/bad.ts", 'import { Hono } from "hono";'),
      planted("workers/services/a.ts", 'import "../gateway/app.ts";'),
    ];
    expect(violations(sources)).toEqual([
      "core/rate-limit/bad.ts may not import hono",
      "workers/services/a.ts may not import workers/gateway/app.ts",
    ]);
  });

  it("name a cycle", () => {
    const sources = [planted("core/a.ts", 'import { b } from "./b.ts";'), planted("core/b.ts", 'import type { A } from "./a.ts";')];
    expect(cycles(sources)).toEqual(["core/a.ts > core/b.ts > core/a.ts"]);
  });

  it("name a file that writes to the console itself", () => {
    const sources = [
      planted("workers/gateway/a.ts", "const write = console.warn;"),
      planted("cli/a.ts", "console.error(JSON.stringify({ a: 1 }));"),
      planted("cli/b.ts", 'console.error("text"); // never console.log(JSON.stringify(a))'),
      planted("workers/log.ts", "console.warn(JSON.stringify(record));"),
      planted("core/config/a.ts", 'const policy = { console: top.console, text: "the console" };'),
    ];
    expect(consoleCalls(sources)).toEqual(["workers/gateway/a.ts", "cli/a.ts"]);
  });

  it("detect a clock that is read, and ignore one in a comment", () => {
    expect(FORBIDDEN_IN_CORE.test(withoutComments("const now = Date.now();"))).toBe(true);
    expect(FORBIDDEN_IN_CORE.test(withoutComments("// never Date.now() here"))).toBe(false);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}
