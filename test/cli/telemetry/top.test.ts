// `tidegate top` against a server that speaks Connect: each view, as a table and as JSON.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SummarySchema, TelemetryService } from "../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { type AdminServer, bearerOf, command, serve } from "../admin/admin-server.ts";

const DIGEST = "abcdef0123456789";
const SUMMARY = create(SummarySchema, {
  time: timestampFromMs(1_000),
  windowSeconds: 60,
  total: { rate: 120.4, errorRatio: 0.001, p50Ms: 3.21, p95Ms: 12.34, p99Ms: 456.7, upstreamP95Ms: 0, inFlight: 4n },
  routes: [{ route: "a.A/B", traffic: { rate: 120.4, errorRatio: 0.001, p50Ms: 3.21, p95Ms: 12.34, p99Ms: 456.7, inFlight: 4n } }],
  endpoints: [
    { upstream: "a.A", endpoint: "slow", rate: 10, errorRatio: 0, p50Ms: 800, p95Ms: 1_234.5, p99Ms: 2_000 },
    { upstream: "a.A", endpoint: "fast", rate: 110, errorRatio: 0.25, p50Ms: 1, p95Ms: 2, p99Ms: 3 },
  ],
  limits: [{ rule: "per-caller", allowed: 100n, refused: 20n, wouldRefuse: 0n }],
  hotKeys: [{ rule: "per-caller", hash: "00ff00ff00ff00ff", allowed: 3n, refused: 20n }],
  caches: [{ route: "a.A/B", l1Hits: 70n, l2Hits: 5n, staleHits: 0n, misses: 25n }],
  breakers: [{ upstream: "a.A", endpoint: "slow", openIsolates: 2, sharedState: "open", refused: 7n }],
  reasons: [{ reason: "rate_limited", count: 20n }],
  configurations: [
    { digest: DIGEST, version: 7n, isolates: 3 },
    { digest: DIGEST, version: 0n, isolates: 1 },
  ],
});
let gateway: AdminServer;
let served = SUMMARY;
const requests: [token: string | null, windowSeconds: number][] = [];

beforeAll(async () => {
  gateway = await serve((router) => {
    router.service(TelemetryService, {
      getSummary: ({ windowSeconds }, context: HandlerContext) => {
        requests.push([bearerOf(context), windowSeconds]);
        return served;
      },
    });
  });
});
afterAll(() => gateway.close());
beforeEach(() => {
  served = SUMMARY;
  requests.splice(0);
});

const run = (args: readonly string[], variables: Record<string, string> = {}) =>
  command("top", [...args, "--gateway", gateway.origin], variables).ended;

describe("tidegate top", () => {
  it.each<[string, string[]]>([
    [
      "endpoints",
      ["slow      a.A       800     1235    2000    10.0        0 %", "fast      a.A       1.00    2.00    3.00    110         25.0 %"],
    ],
    ["limits", ["per-caller  all keys          20       100      0", "per-caller  00ff00ff00ff00ff  20       3"]],
    ["cache", ["a.A/B  75.0 %     70  5   0      25"]],
    ["breakers", ["slow      a.A       open          2                      7"]],
    ["configuration", ["7        abcdef012345  3", "bundled  abcdef012345  1"]],
    [
      "routes",
      [
        "all    120      0.10 %  3.21    12.3    457     0                4",
        "a.A/B  120      0.10 %  3.21    12.3    457     0                4",
      ],
    ],
    ["reasons", ["rate_limited  20"]],
  ])("%s has the figures in a table", async (view, lines) => {
    const { code, stdout, stderr } = await run([view]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const line of lines) expect(stdout.split("\n")).toContain(`  ${line}`);
    expect(stdout).not.toMatch(/\bnone\b/);
  });

  it("shows every view where none is named, with a bound of rows", async () => {
    const { stdout } = await run(["--rows", "1"]);
    for (const question of ["slow", "limited", "cache hits", "open", "runs"]) expect(stdout).toContain(question);
    expect(stdout).toContain("  1 more\n");
    expect(stdout).not.toContain("fast");
  });

  it("says what an empty table means", async () => {
    served = create(SummarySchema, { windowSeconds: 12.4 });
    const { stdout } = await run([]);
    expect(stdout).toMatch(/^last 12 s\n/);
    for (const text of ["no calls", "no breaker is open", "no isolate has reported in the last 15 s: each reports while it is called"])
      expect(stdout).toContain(`  ${text}\n`);
  });

  it("is JSON of the view alone under --json", async () => {
    const { stdout } = await run(["endpoints", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      windowSeconds: 60,
      endpoints: [{ endpoint: "slow", p95Ms: 1_234.5 }, { endpoint: "fast" }],
    });
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual(["time", "windowSeconds", "endpoints"]);
    const limits = JSON.parse((await run(["limits", "--json"])).stdout) as object;
    expect(limits).toMatchObject({ limits: [{ refused: "20" }], hotKeys: [{ hash: "00ff00ff00ff00ff" }] });
  });

  it("sends the credential and the window; a gateway on this machine needs no credential", async () => {
    await run(["routes", "--window", "300"], { ADMIN_TOKEN: "secret" });
    await run(["routes"]);
    expect(requests).toEqual([
      ["Bearer secret", 300],
      [null, 60],
    ]);
    const elsewhere = await command("top", ["--gateway", "https://gateway.example"], {}).ended;
    expect([elsewhere.code, elsewhere.stderr]).toEqual([2, expect.stringContaining("found no ADMIN_TOKEN")]);
  });

  it("refuses a view that it does not have", async () => {
    expect(await run(["endpoint"])).toMatchObject({ code: 2, stderr: expect.stringContaining("routes, endpoints, limits") });
  });

  it("repeats under --watch, until it is ended", async () => {
    const { child, output, ended } = command("top", ["breakers", "--watch", "--gateway", gateway.origin], {});
    await expect.poll(() => output.stdout.match(/last 60 s/g)?.length ?? 0, { timeout: 60_000 }).toBeGreaterThanOrEqual(2);
    child.kill("SIGTERM");
    await ended;
  });
});
