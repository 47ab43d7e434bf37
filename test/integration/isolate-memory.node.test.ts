// The page of limits: what an isolate can hold at most, computed from the constants in the code.
import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parsePolicy } from "../../core/config/gateway.ts";

const PAGE = "docs/limits.md";
const START = "<!-- table: the test writes and compares it -->\n";
const MIB = 1_048_576;

/** @returns the value of a constant in a source file */
function constant(file: string, name: string): number {
  const value = new RegExp(`\\b${name} = ([\\d_]+);`).exec(readFileSync(file, "utf8"))?.[1];
  if (value === undefined) throw new Error(`${file} has no constant ${name}`);
  return Number(value.replaceAll("_", ""));
}

const parsed = parsePolicy({ services: { "a.B": { upstream: { url: "https://a.example/" } } } }, new Map([["a.B", ["C"]]]));
if (parsed.kind !== "ok") throw new Error("the defaults are no valid configuration");
const { isolate, memory } = parsed.policy.overload;
const { maxUrlBytes } = parsed.policy;

const ENTRY_BYTES = 200; // a slot of a map, its key as an object, and a small value
const STREAM_BYTES = 8_192; // streams, readers, permits and the call of an open stream
const CALL_BYTES = constant("workers/gateway/layers/shed.ts", "CALL_BYTES");
const CALLS = constant("workers/gateway/layers/shed.ts", "UNRESERVED_CALLS");

interface Structure {
  readonly name: string;
  readonly entries: number;
  readonly bytes: number; // each
}

const structures: readonly Structure[] = [
  { name: "bodies and responses that are held, stored responses (`overload.memoryBytes`)", entries: 1, bytes: memory.maxBytes },
  { name: "open streams (`overload.maxStreams`)", entries: isolate.maxStreams, bytes: STREAM_BYTES },
  { name: "calls in flight; further ones reserve of `overload.memoryBytes`", entries: CALLS, bytes: CALL_BYTES },
  {
    name: "token buckets, local and leased",
    entries: 2 * constant("workers/gateway/rate-limit/rate-limiter.ts", "MAX_BUCKETS"),
    bytes: 700,
  },
  {
    name: "networks whose credentials failed, callers of admin services",
    entries: 3 * constant("workers/gateway/auth/attempts.ts", "MAX_KEYS"),
    bytes: 700,
  },
  { name: "verified JWTs", entries: 1, bytes: constant("workers/gateway/auth/jwt/verified-tokens.ts", "CACHE_BYTES") },
  { name: "API keys (`auth.keys.cacheBytes`)", entries: 1, bytes: 4_194_304 },
  { name: "tokens for services", entries: 1, bytes: constant("workers/gateway/auth/identity/gateway-identity.ts", "MAX_TOKEN_BYTES") },
  { name: "nonces of signed requests", entries: constant("workers/gateway/auth/signature/nonces.ts", "MAX_NONCES"), bytes: ENTRY_BYTES },
  { name: "resources that changed, as hashes", entries: constant("workers/gateway/cache/caches.ts", "MAX_INVALIDATIONS"), bytes: 64 },
  {
    name: "fetches that calls share, with their keys",
    entries: constant("workers/gateway/cache/fetch/single-flight.ts", "MAX_FLIGHTS"),
    bytes: ENTRY_BYTES + maxUrlBytes,
  },
  {
    name: "endpoints of a service",
    entries: constant("core/registry/registry.ts", "MAX_ENDPOINTS"),
    bytes: 2 * constant("core/registry/endpoint-url.ts", "MAX_URL_LENGTH"),
  },
  {
    name: "methods whose cost is learned",
    entries: constant("core/balance/algorithms/learned-cost.ts", "MAX_METHODS"),
    bytes: ENTRY_BYTES,
  },
  { name: "calls that wait in a queue (`overload.maxQueued`)", entries: isolate.maxQueued, bytes: CALL_BYTES },
];

const number = (value: number): string => value.toLocaleString("en-US");
const total = structures.reduce((sum, { entries, bytes }) => sum + entries * bytes, 0);

function table(): string {
  const rows = structures.map(
    ({ name, entries, bytes }) => `| ${name} | ${number(entries)} | ${number(bytes)} | ${((entries * bytes) / MIB).toFixed(1)} |`,
  );
  return [
    "| structure | entries at most | bytes each | MiB at most |",
    "|---|--:|--:|--:|",
    ...rows,
    `| sum | | | ${(total / MIB).toFixed(1)} |`,
  ].join("\n");
}

it("has the table of the limits that are in the code (UPDATE=1 writes it)", () => {
  const page = readFileSync(PAGE, "utf8");
  const [before, after] = page.split(START) as [string, string];
  const end = after.indexOf("Request bodies, responses");
  const next = `${before}${START}\n${table()}\n\n${after.slice(end)}`;
  if (process.env["UPDATE"] === "1") writeFileSync(PAGE, next);
  expect(readFileSync(PAGE, "utf8")).toBe(next);
});

it("counts what a small response takes with its call", () => {
  expect(constant("workers/gateway/protocol/response-messages.ts", "UNRESERVED_BYTES")).toBeLessThanOrEqual(CALL_BYTES / 2);
});

it("keeps an isolate below 100 MB", () => {
  expect(total).toBeLessThan(100_000_000);
});
