// Settings of routes with a small effect: each row calls one gateway without the setting and one with it.
import * as v from "valibot";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { defineLayer } from "../../workers/gateway/layer.ts";
import { AUTH, bearer } from "../support/callers.ts";
import { type EffectRow, observed } from "../support/effects/effect-row.ts";
import { endOfStream, enveloped, gatewayTo, json, rest, USER, unary, userFor } from "../support/gateway.ts";

type Input = Partial<GatewayInput>;
type Fields = Record<string, string>;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const SERVICE = "users.v1.UserService";
const USERS = { upstream: { binding: "USERS" } } as const;
const ADA = await bearer("ada");

const getUser = (headers: Fields = {}) => unary("GetUser", { id: USER.id }, headers);
const getFile = (headers: Fields = {}) => rest("GET", "/files/a", undefined, headers);
const filesRoute = (more: object = {}): Input => ({ httpRoutes: { "/files/": { ...USERS, ...more } } });
const service = (more: object): Input => ({ services: { [SERVICE]: { ...USERS, ...more } } });

const status =
  (request: () => Request) =>
  async (input: Input): Promise<number> =>
    (await gatewayTo(userFor, input)(request())).status;

/** Calls that reach an upstream, of `calls` that are made. @param respond to the call of that number, from 0 */
function reached(calls: number, request: () => Request, respond: (call: number) => Response) {
  return async (input: Input): Promise<number> => {
    let count = 0;
    const gateway = gatewayTo(() => respond(count++), input);
    for (let call = 0; call < calls; call++) await (await gateway(request())).arrayBuffer();
    return count;
  };
}

const unavailable = (headers: Fields = {}): Response => json({ code: "unavailable" }, { status: 503, headers });
const broken = (): Response => new Response("broken", { status: 500 });
/** Sheds seven of ten calls. */
const overloaded = (call: number): Response => (call % 10 < 7 ? unavailable({ "tidegate-shed": "level" }) : json(USER));

/** Whether all of 200 calls are sent to an upstream that sheds most of them. */
async function areAllSent(input: Input): Promise<boolean> {
  vi.spyOn(console, "warn").mockReturnValue(undefined);
  return (await reached(200, getUser, overloaded)(input)) === 200;
}

/** A field that the upstream gets where the caller has sent none, and where it has sent its own. */
async function requestField(input: Input, request = getUser): Promise<unknown> {
  const seen: (string | null)[] = [];
  const gateway = gatewayTo((call) => {
    seen.push(call.headers.get("x-tier"));
    return userFor(call);
  }, input);
  await gateway(request());
  await gateway(request({ "x-tier": "gold" }));
  return seen;
}

/** A field that the caller gets where the upstream has sent none, and where it has sent its own. */
async function responseField(input: Input): Promise<unknown> {
  const fields = [{}, { "x-tier": "gold" }];
  const gateway = gatewayTo(() => json(USER, { headers: fields.shift()! }), input);
  return [(await gateway(getUser())).headers.get("x-tier"), (await gateway(getUser())).headers.get("x-tier")];
}

const greeting = defineLayer({
  name: "greeting",
  at: "response",
  schema: v.strictObject({ text: v.string() }),
  layer:
    ({ text }) =>
    async (_, next) => {
      const response = await next();
      response.headers.set("x-greeting", text);
      return response;
    },
});
const greeted =
  (request: () => Request) =>
  async (input: Input): Promise<string | null> =>
    (await gatewayTo(userFor, input, {}, undefined, [greeting])(request())).headers.get("x-greeting");

/** The error at the end of a stream that the upstream ends by itself after 400 ms. */
async function streamError(input: Input): Promise<string | undefined> {
  const end = new Uint8Array([2, 0, 0, 0, 2, 123, 125]);
  const upstream = ({ signal }: Request): Response => {
    const start = (controller: ReadableStreamDefaultController): void => {
      const timer = setTimeout(() => {
        controller.enqueue(end);
        controller.close();
      }, 400);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        controller.error(signal.reason);
      });
    };
    return new Response(new ReadableStream({ start }), { headers: { "content-type": "application/connect+json" } });
  };
  const response = await gatewayTo(upstream, input)(enveloped("WatchUsers", "application/connect+json", "{}"));
  return (await endOfStream(response)).error?.code;
}

const ONE_CALL = { max: 1, adaptive: false, queueMs: 60_000, callerShare: 100 } as const;

/** Statuses of three calls: while the upstream holds the first one, the second may wait, and the third is refused. */
async function served(input: Input): Promise<number[]> {
  vi.spyOn(console, "warn").mockReturnValue(undefined);
  vi.setSystemTime(Date.now()); // the clock stands still: a call that has waited for long would be dropped
  const held: (() => void)[] = [];
  const upstream = (call: Request) => new Promise<Response>((resolve) => held.push(() => resolve(userFor(call))));
  const gateway = gatewayTo(upstream, input);
  const calls = [gateway(getUser())];
  await vi.waitUntil(() => held.length === 1, { timeout: 30_000 });
  calls.push(gateway(getUser()), gateway(getUser()));
  await calls[2]; // refused, and so the second one has been decided about, too
  let isOver = false;
  const all = Promise.all(calls).finally(() => {
    isOver = true;
  });
  const release = (): boolean => {
    held.shift()?.();
    return isOver;
  };
  await vi.waitUntil(release, { timeout: 30_000 });
  return (await all).map(({ status }) => status);
}

const ROWS: readonly EffectRow[] = [
  {
    setting: "defaults.maxMessageElements",
    input: { defaults: { maxMessageElements: 1 } },
    observe: status(() => rest("POST", "/api/v1/users", { displayName: "a".repeat(5_000), email: "ada@example.com" })),
    before: 200,
    after: 413,
  },
  {
    setting: "defaults.streamTimeoutMs",
    input: { defaults: { streamTimeoutMs: 50 } },
    observe: streamError,
    before: undefined,
    after: "deadline_exceeded",
  },
  {
    setting: "defaults.retries.maxMs",
    base: { defaults: { retries: { max: 2, baseMs: 60_000, maxMs: 60_000 } } },
    input: { defaults: { retries: { max: 2, baseMs: 60_000, maxMs: 1 } } },
    observe: (input) => {
      vi.spyOn(Math, "random").mockReturnValue(0.9);
      return reached(1, getUser, () => unavailable())(input);
    },
    before: 1, // a retry after 54 s is beyond the deadline
    after: 3,
  },
  {
    setting: "defaults.retries.baseMs",
    base: { defaults: { retries: { max: 1, baseMs: 60_000, maxMs: 60_000 } } },
    input: { defaults: { retries: { max: 1, baseMs: 1, maxMs: 60_000 } } },
    observe: (input) => {
      vi.spyOn(Math, "random").mockReturnValue(0.9);
      return reached(1, getUser, () => unavailable())(input);
    },
    before: 1,
    after: 2,
  },
  {
    setting: "defaults.requestHeaders.default",
    input: { defaults: { requestHeaders: { default: { "x-tier": "free" } } } },
    observe: requestField,
    before: [null, "gold"],
    after: ["free", "gold"],
  },
  {
    setting: "defaults.responseHeaders.default",
    input: { defaults: { responseHeaders: { default: { "x-tier": "free" } } } },
    observe: responseField,
    before: [null, "gold"],
    after: ["free", "gold"],
  },
  {
    setting: "defaults.layers",
    input: { defaults: { layers: { greeting: { text: "hello" } } } },
    observe: greeted(getUser),
    before: null,
    after: "hello",
  },
  // Plain HTTP
  {
    setting: "httpRoutes.requestHeaders",
    base: filesRoute(),
    input: filesRoute({ requestHeaders: { set: { "x-tier": "free" } } }),
    observe: (input) => requestField(input, getFile),
    before: [null, "gold"],
    after: ["free", "free"],
  },
  {
    setting: "httpRoutes.layers",
    base: filesRoute(),
    input: filesRoute({ layers: { greeting: { text: "hello" } } }),
    observe: greeted(getFile),
    before: null,
    after: "hello",
  },
  {
    setting: "httpRoutes.scopes",
    base: { auth: AUTH, ...filesRoute({ auth: "required" }) },
    input: filesRoute({ auth: "required", scopes: ["files.read"] }),
    observe: status(() => getFile(ADA)),
    before: 200,
    after: 403,
  },
  {
    setting: "httpRoutes.breaker",
    base: filesRoute(),
    input: filesRoute({ breaker: { consecutive: 2 } }),
    observe: reached(12, getFile, broken),
    before: 5,
    after: 2,
  },
  // Services
  {
    setting: "overload.maxQueued",
    base: { overload: { maxInFlight: 1, maxQueued: 1, queueMs: 60_000, callerShare: 100 } },
    input: { overload: { maxInFlight: 1, maxQueued: 0, queueMs: 60_000, callerShare: 100 } },
    observe: served,
    before: [200, 200, 503],
    after: [200, 503, 503],
  },
  {
    setting: "defaults.concurrency.maxQueued",
    base: { defaults: { concurrency: { ...ONE_CALL, maxQueued: 1 } } },
    input: { defaults: { concurrency: { ...ONE_CALL, maxQueued: 0 } } },
    observe: served,
    before: [200, 200, 503],
    after: [200, 503, 503],
  },
  {
    setting: "services.breaker.mode",
    base: service({ retries: false }),
    input: service({ retries: false, breaker: { mode: "off" } }),
    observe: reached(12, getUser, broken),
    before: 5,
    after: 12,
  },
  {
    setting: "services.throttle.minCalls",
    base: service({ retries: false, breaker: { mode: "off" }, throttle: { minCalls: 20 } }),
    input: service({ retries: false, breaker: { mode: "off" }, throttle: { minCalls: 1_000 } }),
    observe: areAllSent,
    before: false,
    after: true,
  },
  {
    setting: "services.throttle.belowPercent",
    base: service({ retries: false, breaker: { mode: "off" }, throttle: { minCalls: 20 } }),
    input: service({ retries: false, breaker: { mode: "off" }, throttle: { minCalls: 20, belowPercent: 10 } }),
    observe: areAllSent,
    before: false,
    after: true,
  },
];

describe("the setting", () => {
  it.each(ROWS)("$setting has its effect", async (row) => {
    expect(await observed(row)).toEqual([row.before, row.after]);
  });
});
