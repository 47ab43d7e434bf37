// What `explain` says of a call is what `trace` finds of it: 500 seeded calls under seeded configurations, over the real gateway.
import { expect, it } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import type { ExplainedStep, Explanation } from "../../core/explain/explanation.ts";
import { configure } from "../../workers/gateway/configure/configuration.ts";
import { explainer } from "../../workers/gateway/trace/explain.ts";
import { seeded } from "../support/cache-traces.ts";
import { json, USER, userFor } from "../support/gateway.ts";
import { catalog } from "../support/shipped/catalog.ts";
import type { TraceJson } from "../support/trace-json.ts";
import { tracedApp } from "../support/traced-app.ts";

const SERVICE = "users.v1.UserService";
const CONFIGURATIONS = 10;
const CALLS = 50; // under each
const SEED = Math.floor(Math.random() * 2 ** 31);

class Rng {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seeded(seed);
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.#next() * below);
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** Each of the settings, or not. */
  some(settings: Readonly<Record<string, unknown>>): object {
    return Object.fromEntries(Object.entries(settings).filter(() => this.below(2) === 0));
  }
}

/** Settings of a route: each level of a configuration has some of them. */
function routeSettings(rng: Rng): object {
  return rng.some({
    readTimeoutMs: 20_000 + rng.below(10_000),
    bodyIdleMs: 20_000 + rng.below(10_000),
    maxBodyBytes: rng.of([40, 10_000, 20_000]),
    cost: 1 + rng.below(3),
    rateLimits: rng.of([["wide"], ["narrow"], ["wide", "narrow"], []]),
    addresses: rng.of([{ deny: ["192.0.2.0/24"] }, { allow: ["198.51.100.7"] }, false]),
  });
}

function rpcSettings(rng: Rng): object {
  return {
    ...routeSettings(rng),
    ...rng.some({
      retries: rng.of([false, { max: 1, baseMs: 1 }, { max: 2, baseMs: 1, maxMs: 2 }]),
      criticality: rng.of(["sheddable", "critical", "critical_plus"]),
      concurrency: { max: 100 + rng.below(100), ...rng.some({ queueMs: 50 + rng.below(100) }) },
      maxMessageElements: 1_000 + rng.below(1_000),
      requestHeaders: { set: { "x-seeded": String(rng.below(9)) } },
      streamTimeoutMs: 20_000 + rng.below(10_000),
    }),
  };
}

function configuration(rng: Rng): Partial<GatewayInput> {
  const rule = (capacity: number) => ({ key: "ip", capacity, rate: 1, intervalMs: 600_000, mode: "local" as const });
  const cache = rng.of([true, false, { ttlMs: 60_000, l2: "none" }]);
  return {
    rateLimits: { wide: rule(10_000), narrow: rule(20) },
    defaults: rpcSettings(rng),
    overload: rng.some({ maxInFlight: 1_000 + rng.below(100), maxStreams: 50 + rng.below(50), callerShare: 60 + rng.below(40) }),
    headers: rng.some({ maxCount: 50 + rng.below(50), maxBytes: 10_000 + rng.below(100) }),
    services: {
      [SERVICE]: {
        upstream: { binding: "USERS", ...rng.some({ protocol: "connect", retryBudget: { percent: 1 + rng.below(50) } }) },
        breaker: { mode: rng.of(["off", "enforce"]), ...rng.some({ openMs: 1_000 + rng.below(500) }) },
        ...rpcSettings(rng),
        methods: { GetUser: { ...rpcSettings(rng), cache: cache === true ? { l2: "none" } : cache }, DeleteUser: rpcSettings(rng) },
      },
    },
    httpRoutes: { "/assets/": { upstream: { binding: "USERS" }, ...routeSettings(rng) } },
    admin: { secretBinding: "ADMIN_SECRET", host: "admin.example" },
  } as Partial<GatewayInput>;
}

/** Lets calls reach the upstream, whose errors are retried: not every seed has such a configuration. */
function repeating(input: Partial<GatewayInput>): Partial<GatewayInput> {
  const service = input.services![SERVICE]!;
  const open = { retries: { max: 2, baseMs: 1 }, rateLimits: [], addresses: false } as const;
  return { ...input, services: { [SERVICE]: { ...service, ...open, methods: { GetUser: { ...open, cache: false } } } } };
}

interface SeededCall {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

function seededCall(rng: Rng): SeededCall {
  const headers = {
    "cf-connecting-ip": rng.of(["192.0.2.1", "198.51.100.7", "203.0.113.9"]),
    ...(rng.below(8) === 0 && { "connect-timeout-ms": "soon" }),
    ...(rng.below(12) === 0 && { x_unusual: "1" }),
  };
  const user = { user: { displayName: "Ada".repeat(rng.below(20) + 1), email: "ada@example.com" } };
  const [method, path, body] = rng.of<readonly [string, string, unknown?]>([
    ["GET", `/api/v1/users/${USER.id}`],
    ["GET", `/api/v1/users/${USER.id}?n=${rng.below(3)}`],
    ["HEAD", `/api/v1/users/${USER.id}`],
    ["DELETE", `/api/v1/users/${USER.id}`],
    ["POST", "/api/v1/users", user],
    ["PUT", "/api/v1/users", user],
    ["POST", `/${SERVICE}/GetUser`, { id: USER.id }],
    ["POST", `/${SERVICE}/CreateUser`, user],
    ["GET", "/assets/a.js"],
    ["PUT", "/assets/a.js", "text"],
    ["OPTIONS", "/assets/a.js"],
    ["GET", `/none/${rng.below(5)}`],
  ]);
  return { method, path, headers, ...(body !== undefined && { body }) };
}

/** Differences between what was explained and what was traced; none where the two agree. */
function differences(explanation: Explanation, trace: TraceJson): readonly string[] {
  if (explanation.kind === "own") return ["a call that layers have handled was explained as the gateway's own"];
  const keyOf = ({ layer, isAttempt = false }: { layer: string; isAttempt?: boolean }): string =>
    `${layer}${isAttempt ? " of an attempt" : ""}`;
  const walked = [...new Set(trace.steps.map(keyOf))];
  const explained = [...new Set(explanation.steps.map(keyOf))];
  const last = trace.steps.at(-1)!;
  const found: string[] = [];
  if (walked.join() !== explained.slice(0, walked.length).join()) found.push(`walked ${walked.join()}, explained ${explained.join()}`);
  if (walked.length < explained.length && last.outcome === "STEP_OUTCOME_PASSED")
    found.push(`the walk ends at ${last.layer}, which has passed the call on`);
  if (explanation.kind === "refused")
    return last.layer !== "refuse" || last.reason === explanation.reason
      ? found
      : [...found, `refused for ${last.reason}, explained ${explanation.reason}`];
  if (trace.route !== explanation.route) found.push(`route ${trace.route}, explained ${explanation.route}`);
  return [
    ...found,
    ...trace.steps.flatMap((step) =>
      stepDifferences(
        step,
        explanation.steps.filter((one) => keyOf(one) === keyOf(step)),
        explanation.settings,
      ),
    ),
  ];
}

function stepDifferences(
  { layer, values = [], settings = [] }: TraceJson["steps"][number],
  explained: readonly ExplainedStep[],
  all: ExplainedStep["settings"],
): readonly string[] {
  const text = (one: { name: string; value: unknown; source?: string }): string =>
    `${one.name} ${JSON.stringify(one.value)} ${one.source ?? ""}`;
  const expected = explained[0]?.settings.map(text).join("; ") ?? "";
  const own = settings.map(text).join("; ");
  const found = settings.length > 0 && own !== expected ? [`${layer} has ${own}, explained ${expected}`] : [];
  const judged = values.filter(({ source }) => source !== undefined && source !== "");
  const wrong = judged.filter((value) => !all.some((setting) => text(setting) === text(value)));
  return [...found, ...wrong.map((value) => `${layer} has judged by ${text(value)}`)];
}

it(`agree on ${CONFIGURATIONS * CALLS} calls, sources included (seed ${SEED})`, async () => {
  const rng = new Rng(SEED);
  const seen = { routes: new Set<string>(), sources: new Set<string>(), outcomes: new Set<string>(), judged: 0, calls: 0 };
  for (let n = 0; n < CONFIGURATIONS; n++) {
    let responses = 0;
    const { call, traceOf, config, bindings } = tracedApp(n === 0 ? repeating(configuration(rng)) : configuration(rng), (request) => {
      responses += 1;
      return responses % 7 === 0 ? json({ code: "unavailable" }, { status: 503 }) : userFor(request);
    });
    const explain = explainer(configure(config, catalog, bindings as never));
    for (let m = 0; m < CALLS; m++) {
      const { method, path, body, headers } = seededCall(rng);
      const at = `configuration ${n}, call ${m} (seed ${SEED}): ${method} ${path}`;
      const response = await call(method, path, body, headers);
      const trace = await traceOf(response.headers.get("x-request-id") ?? "");
      await response.body?.cancel();
      expect(trace, at).toBeDefined();
      expect(differences(await explain(method, path), trace!), at).toEqual([]);
      seen.calls += 1;
      seen.routes.add(trace!.route ?? "");
      for (const { outcome, values = [] } of trace!.steps) {
        seen.outcomes.add(outcome);
        for (const { source } of values) if (source) seen.judged += 1;
        for (const { source = "" } of values) seen.sources.add(source.replace(/\..*/, ""));
      }
    }
  }
  // The calls are of all kinds: routes, outcomes and sources.
  expect(seen.calls).toBe(500);
  expect(seen.routes.size).toBeGreaterThanOrEqual(5);
  expect(seen.outcomes.size).toBeGreaterThanOrEqual(4);
  expect([...seen.sources]).toEqual(expect.arrayContaining(["defaults", "default", 'services["users']));
  expect(seen.judged).toBeGreaterThan(1_000);
});
