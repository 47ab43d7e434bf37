// The fault bench: the gateway in workerd between callers on raw sockets and the raw origin, with its log.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GATEWAY_OBJECTS, subjects } from "../../bench/subjects.ts";
import { type Running, start } from "../../bench/workerd.ts";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { type RawOrigin, rawOrigin } from "./origin.ts";

export interface FaultBench {
  readonly gateway: Running;
  readonly origin: RawOrigin;
  /** Lines of the log since the last call of `clearLog`: warnings and errors. */
  readonly log: readonly string[];
  clearLog(): void;
  stop(): void;
}

export interface BenchSettings {
  /** Settings instead of those of the bench, field by field of the top level. JSON only. @param origin URL of the raw origin */
  readonly config?: (origin: string) => Partial<GatewayInput>;
  /** Where calls go instead of straight to the raw origin: a proxy in front of it, for example. */
  readonly through?: (origin: RawOrigin) => Promise<string> | string;
  readonly cpu?: number;
  readonly v8Flags?: readonly string[]; // default: none
}

/** Secrets of the admin services, each under the name of its binding. */
export const SECRETS = {
  REGISTRY_TOKEN: "a-secret-of-registering-services",
  OPERATOR_TOKEN: "a-secret-of-the-operators",
  CACHE_TOKEN: "a-secret-of-those-who-purge",
} as const;

/** Far below the deadlines of the tests, and long enough for a busy machine. */
export const READ_TIMEOUT_MS = 4_000;

const defaults = (url: string): GatewayInput => ({
  defaults: { readTimeoutMs: READ_TIMEOUT_MS, maxBodyBytes: 1_048_576 },
  registry: { tokenBinding: "REGISTRY_TOKEN", allowPrivate: true },
  breakers: { tokenBinding: "OPERATOR_TOKEN" },
  purge: { tokenBinding: "CACHE_TOKEN" },
  services: {
    // The raw origin, over RPC and REST.
    "users.v1.UserService": { upstream: { url } },
    "notes.v1.NoteService": { upstream: { url }, validate: "enforce", methods: { ImportNotes: { validate: "off" } } },
    "uploads.v1.UploadService": { upstream: { url } },
    // The real service, with the real users service behind it.
    "orders.v1.OrderService": { upstream: { binding: "ORDERS" } },
  },
  httpRoutes: {
    "/pub/": { upstream: { url } },
    "/pub/admin/": { upstream: { url: `${url}/guarded` } },
    "/cached/": { upstream: { url }, cache: { l2: "none", heuristicPercent: 10 } },
  },
});

export async function startFaultBench({ config, through, cpu = 0, v8Flags = [] }: BenchSettings = {}): Promise<FaultBench> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-faults-"));
  const origin = await rawOrigin();
  const url = (await through?.(origin)) ?? origin.url;
  const log: string[] = [];
  const users = subjects["service"]!;
  const orders = { ...users, entry: "workers/services/orders/index.ts", objects: [{ binding: "ORDER_STORE", className: "OrderStore" }] };
  const subject = {
    entry: "test/support/faults/gateway.ts",
    about: "",
    flags: ["enable_request_signal"], // the flags of wrangler.toml
    variables: { CONFIGURATION: JSON.stringify({ ...defaults(url), ...config?.(url) }), ...SECRETS },
    gatewayObjects: GATEWAY_OBJECTS,
    workers: { USERS: users, ORDERS: { ...orders, workers: { USERS: users } } },
    prepare: () => Promise.reject(new Error("no load")),
  };
  const placement = { upstreamPort: 1, cpu, v8Flags, onLog: (line: string) => void log.push(line) };
  let gateway: Running;
  try {
    gateway = await start(folder, subject, placement);
  } catch (error) {
    origin.stop();
    throw error;
  }
  const stop = (): void => {
    gateway.stop();
    origin.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const { status } = await fetch(`${gateway.origin}/healthz`);
  if (status !== 200) {
    stop();
    throw new Error(`the gateway of the bench responds with ${status}\n${log.join("\n")}`);
  }
  return { gateway, origin, log, clearLog: () => void log.splice(0), stop };
}

/** Lines that report a fault of the gateway itself: level `error`, and what workerd reports of an uncaught error. */
export function errorLines(log: readonly string[]): string[] {
  return log.filter((line) => line.includes('"level":"error"') || /\bUncaught\b|internal error|exceeded/i.test(line));
}
