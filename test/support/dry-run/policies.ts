// Every policy that can refuse a call, set up so that it objects to some calls: the table of the dry-run contract.

import { create, toJsonString } from "@bufbuild/protobuf";
import { vi } from "vitest";
import type { Enforcement } from "../../../core/config/enforcement.ts";
import type { GatewayInput } from "../../../core/config/gateway.ts";
import type { RouteInput } from "../../../core/config/route.ts";
import type { PolicyName } from "../../../core/enforcement/policy-counters.ts";
import { celExpressions } from "../../../workers/gateway/auth/expression/cel.ts";
import { configure } from "../../../workers/gateway/configure/configuration.ts";
import { parseDescriptors } from "../../../workers/gateway/configure/descriptors/descriptors.ts";
import { protovalidate } from "../../../workers/gateway/configure/protovalidate.ts";
import { createGateway, type Gateway } from "../../../workers/gateway/gateway.ts";
import { AUTH, bearer } from "../callers.ts";
import { enveloped, gatewayTo, PATIENT_MS, rest, unary, userFor } from "../gateway.ts";
import notes from "../notes/notes.descriptors.ts";
import { ED25519, signed } from "../signed-requests.ts";

/** How a call comes to its upstream. */
export type Form = "rpc" | "http";

/** A policy in force, and calls that it decides about. */
export interface Trial {
  readonly name: string; // name under which the policy counts
  /** A call that the policy does not object to; undefined where each later one is objected to. */
  readonly good?: () => Response | Promise<Response>;
  /** A call of this caller that the policy objects to. */
  readonly bad: (caller: string) => Response | Promise<Response>;
  /** Ends what is still under way. */
  readonly end?: () => Promise<unknown>;
}

export interface PolicyCase {
  readonly title: string;
  readonly policy: PolicyName;
  readonly forms: readonly Form[];
  readonly refusal: number; // HTTP status of a refused call
  readonly start: (enforcement: Enforcement, form: Form) => Trial | Promise<Trial>;
}

/** Callers, by address. At 20, 50 and 80 % each of two neighbors of this list differs for some. */
export const CALLERS: readonly string[] = Array.from({ length: 8 }, (_, n) => `198.51.100.${n + 1}`);
const OTHER = "192.0.2.1";
const SERVICE = "users.v1.UserService";
const HELD = "x-held"; // the upstream does not respond to calls with it before the test ends

let rules = 0;
const from = (address: string, headers: Record<string, string> = {}) => ({ "cf-connecting-ip": address, ...headers });
const requestOf = (form: Form, headers: Record<string, string>): Request =>
  form === "rpc" ? unary("GetUser", { id: "a" }, headers) : rest("GET", "/files/a", undefined, headers);

interface Served {
  readonly send: (headers: Record<string, string>) => Promise<Response>;
  readonly gateway: Gateway;
  readonly held: readonly (() => void)[]; // each ends a call that is held
}

/** @param respond what the upstream responds; a user by default */
function served(
  form: Form,
  route: RouteInput,
  input: Partial<GatewayInput> = {},
  respond: (request: Request) => Response = userFor,
): Served {
  const held: (() => void)[] = [];
  const gateway = gatewayTo(
    (request) =>
      request.headers.has(HELD) ? new Promise<Response>((resolve) => held.push(() => resolve(respond(request)))) : respond(request),
    {
      auth: AUTH,
      defaults: { retries: false, ...route },
      services: { [SERVICE]: { upstream: { binding: "USERS" } } },
      httpRoutes: { "/files/": { upstream: { binding: "USERS" } } },
      ...input,
    },
    {},
    celExpressions(),
  );
  return { gateway, send: async (headers) => gateway(requestOf(form, headers)), held };
}

/** A rate limit of one call for each caller. */
function limited(form: Form, enforcement: Enforcement, rule: object, cost?: RouteInput["cost"], respond?: (request: Request) => Response) {
  const name = `dry-run-${rules++}`;
  const methods = cost === undefined ? {} : { GetUser: { cost } };
  const limit = { capacity: 1, rate: 1, intervalMs: 86_400_000, fail: "closed" as const, waitMs: PATIENT_MS };
  const { send } = served(
    form,
    { rateLimits: [name], auth: "off" },
    { rateLimits: { [name]: { ...limit, ...rule, enforcement } }, services: { [SERVICE]: { upstream: { binding: "USERS" }, methods } } },
    respond,
  );
  const good = () => send(from(OTHER));
  const bad = async (caller: string) => {
    await send(from(caller));
    return send(from(caller));
  };
  return { name, good, bad };
}

/** One call is in flight from the start, and the limit is one call. */
async function overloaded(form: Form, input: Partial<GatewayInput>, route: RouteInput, name: string): Promise<Trial> {
  const { send, held } = served(form, { auth: "off", ...route }, input);
  const holding = send(from(OTHER, { [HELD]: "1" }));
  await vi.waitUntil(() => held.length > 0, { timeout: 30_000 });
  const end = async (): Promise<void> => {
    for (const go of held) go();
    await holding;
  };
  return { name, bad: (caller) => send(from(caller)), end };
}

const { services } = parseDescriptors([notes], []);
const addNote = services.flatMap(({ methods }) => methods).find(({ name }) => name === "AddNote")!;
const OPEN_STREAM = "application/connect+proto";

export const POLICY_CASES: readonly PolicyCase[] = [
  {
    title: "address lists",
    policy: "addresses",
    forms: ["rpc", "http"],
    refusal: 403,
    start: (enforcement, form) => {
      const { send } = served(form, { addresses: { deny: ["198.51.100.0/24"], ...enforcement } });
      return { name: "", good: () => send(from(OTHER)), bad: (caller) => send(from(caller)) };
    },
  },
  {
    title: "a required credential",
    policy: "auth",
    forms: ["rpc", "http"],
    refusal: 401,
    start: async (enforcement, form) => {
      const { send } = served(form, { auth: { callers: "required", ...enforcement } });
      const ada = await bearer("ada");
      return { name: "", good: () => send(from(OTHER, ada)), bad: (caller) => send(from(caller)) };
    },
  },
  {
    title: "a wrong credential",
    policy: "auth",
    forms: ["rpc", "http"],
    refusal: 401,
    start: (enforcement, form) => {
      const { send } = served(form, { auth: { callers: "optional", ...enforcement } });
      return { name: "", good: () => send(from(OTHER)), bad: (caller) => send(from(caller, { authorization: "Bearer nonsense" })) };
    },
  },
  {
    title: "a scope",
    policy: "auth",
    forms: ["rpc", "http"],
    refusal: 403,
    start: async (enforcement, form) => {
      const { send } = served(form, { auth: { callers: "required", ...enforcement }, scopes: ["users.read"] });
      const [ada, eve] = [await bearer("ada", { scope: "users.read" }), await bearer("eve")];
      return { name: "", good: () => send(from(OTHER, ada)), bad: (caller) => send(from(caller, eve)) };
    },
  },
  {
    title: "an authorization expression",
    policy: "allow",
    forms: ["rpc", "http"],
    refusal: 403,
    start: (enforcement, form) => {
      const { send } = served(form, { allow: { expression: "headers['x-tenant'] == 'acme'", ...enforcement } });
      return { name: "", good: () => send(from(OTHER, { "x-tenant": "acme" })), bad: (caller) => send(from(caller)) };
    },
  },
  {
    title: "an authorization expression over the message",
    policy: "allow",
    forms: ["rpc"],
    refusal: 403,
    start: (enforcement) => {
      const allow = { expression: "message.id == 'ada'", ...enforcement };
      const { gateway } = served(
        "rpc",
        {},
        { services: { [SERVICE]: { upstream: { binding: "USERS" }, methods: { GetUser: { allow } } } } },
      );
      const send = (id: string, caller: string) => gateway(unary("GetUser", { id }, from(caller)));
      return { name: "", good: () => send("ada", OTHER), bad: (caller) => send("eve", caller) };
    },
  },
  {
    title: "the digest of a signed body",
    policy: "digest",
    forms: ["rpc"],
    refusal: 401,
    start: (digest) => {
      const keys = Object.fromEntries(
        [OTHER, ...CALLERS].map((name) => [`key-${name}`, { algorithm: "ed25519" as const, publicKey: ED25519.x, name }]),
      );
      const { gateway } = served("rpc", { auth: "required" }, { auth: { signatures: { keys, digest } } });
      const send = async (caller: string, body: string) => {
        const request = await signed(unary("GetUser", { id: "a" }), { parameters: { keyid: `key-${caller}` } });
        return gateway(new Request(request, { body }));
      };
      return { name: "", good: () => send(OTHER, '{"id":"a"}'), bad: (caller) => send(caller, '{"id":"b"}') };
    },
  },
  ...(["local", "exact", "leased"] as const).map(
    (mode): PolicyCase => ({
      title: `a rate limit, ${mode}`,
      policy: "rate_limit",
      forms: ["rpc", "http"],
      refusal: 429,
      start: (enforcement, form) => limited(form, enforcement, { mode }),
    }),
  ),
  {
    title: "a rate limit with a cost of the message",
    policy: "rate_limit",
    forms: ["rpc"],
    refusal: 429,
    start: (enforcement) => limited("rpc", enforcement, { mode: "local", capacity: 3 }, { of: () => 2, max: 3 }),
  },
  {
    title: "a rate limit with a cost of the response",
    policy: "rate_limit",
    forms: ["rpc"],
    refusal: 429,
    start: (enforcement) => {
      const respond = (request: Request): Response => {
        const response = userFor(request);
        response.headers.set("x-cost", "4");
        return response;
      };
      return limited("rpc", enforcement, { mode: "local", capacity: 4 }, { header: "x-cost", max: 4 }, respond);
    },
  },
  {
    title: "rules of protos",
    policy: "validate",
    forms: ["rpc"],
    refusal: 400,
    start: (validate) => {
      const added = toJsonString(addNote.output, create(addNote.output, { id: "n1" } as never));
      const NOTES = { fetch: async () => new Response(added, { headers: { "content-type": "application/json" } }) };
      const service = { upstream: { binding: "NOTES" }, methods: { AddNote: { validate } } };
      const gateway = createGateway(
        configure({ descriptors: [notes], services: { "notes.v1.NoteService": service } }, [], { NOTES }, { validator: protovalidate() }),
      );
      const send = (caller: string, message: object) =>
        gateway(
          new Request("https://gateway.example/notes.v1.NoteService/AddNote", {
            method: "POST",
            headers: from(caller, { "content-type": "application/json" }),
            body: JSON.stringify(message),
          }),
        );
      const bad = { title: "a title that is too long", from: 2, to: 1 };
      return { name: "", good: () => send(OTHER, { title: "short", from: 1, to: 2 }), bad: (caller) => send(caller, bad) };
    },
  },
  {
    title: "calls in flight in the isolate",
    policy: "concurrency",
    forms: ["rpc", "http"],
    refusal: 503,
    start: (enforcement, form) =>
      overloaded(form, { overload: { maxInFlight: 1, maxQueued: 0, callerShare: 100, ...enforcement } }, {}, "isolate"),
  },
  {
    title: "calls in flight of a method",
    policy: "concurrency",
    forms: ["rpc"],
    refusal: 503,
    start: (enforcement, form) => {
      const concurrency = { max: 1, maxQueued: 0, adaptive: false, callerShare: 100, ...enforcement };
      return overloaded(form, {}, { concurrency }, `route ${SERVICE}/GetUser`);
    },
  },
  {
    title: "open streams",
    policy: "streams",
    forms: ["rpc"],
    refusal: 503, // stands for the error at the end of a stream
    start: async (enforcement) => {
      const respond = () => new Response(new ReadableStream(), { headers: { "content-type": OPEN_STREAM } });
      const overload = { maxStreams: 1, callerShare: 100, ...enforcement };
      const { gateway } = served("rpc", { auth: "off", concurrency: { mode: "off" } }, { overload }, respond);
      const watch = (caller: string) => gateway(enveloped("WatchUsers", OPEN_STREAM, "", from(caller)));
      const first = await watch(OTHER);
      const bad = async (caller: string) => {
        const response = await watch(caller);
        const reader = response.body!.getReader();
        const nothing = scheduler.wait(20).then(() => undefined);
        const isRefused = (await Promise.race([reader.read(), nothing])) !== undefined;
        return new Response(null, { status: isRefused ? 503 : 200 });
      };
      return { name: "isolate", bad, end: async () => first.body?.cancel() };
    },
  },
  {
    title: "an upstream that refuses most calls",
    policy: "throttle",
    forms: ["rpc"],
    refusal: 503,
    start: async (enforcement, form) => {
      let isWell = false;
      const shed = () => Response.json({ code: "unavailable" }, { status: 503, headers: { "tidegate-shed": "level" } });
      const throttle = { minCalls: 1, ...enforcement };
      const { send } = served(
        form,
        { auth: "off" },
        { services: { [SERVICE]: { upstream: { binding: "USERS" }, breaker: { mode: "off" }, throttle } } },
        (request) => (isWell ? userFor(request) : shed()),
      );
      for (let n = 0; n < 100; n++) await send(from(OTHER));
      isWell = true;
      return { name: SERVICE, bad: (caller) => send(from(caller)) };
    },
  },
  {
    title: "calls that hosts want to be shed",
    policy: "shed_level",
    forms: ["rpc"],
    refusal: 503,
    start: async ({ mode: honor, percent }, form) => {
      const level = "TEXT named_metrics.predicted_ms=9.0,named_metrics.rif=99,named_metrics.shed_level=1";
      const respond = (request: Request): Response => {
        const response = userFor(request);
        response.headers.set("endpoint-load-metrics", level);
        return response;
      };
      const { send } = served(
        form,
        { auth: "off", criticality: "sheddable" },
        { services: { [SERVICE]: { upstream: { binding: "USERS" }, throttle: { honor, percent, mode: "off" } } } },
        respond,
      );
      await send(from(OTHER));
      return { name: SERVICE, bad: (caller) => send(from(caller)) };
    },
  },
  {
    title: "open breakers",
    policy: "breaker",
    forms: ["rpc", "http"],
    refusal: 503,
    start: async (breaker, form) => {
      let isWell = false;
      const route = { upstream: { binding: "USERS" }, breaker };
      const { send } = served(form, { auth: "off" }, { services: { [SERVICE]: route }, httpRoutes: { "/files/": route } }, (request) =>
        isWell ? userFor(request) : new Response("broken", { status: 500 }),
      );
      for (let n = 0; n < 5; n++) await send(from(OTHER));
      isWell = true;
      return { name: form === "rpc" ? SERVICE : "/files/", bad: (caller) => send(from(caller)) };
    },
  },
];
