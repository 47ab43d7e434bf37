// Gateways, each a process of its own, with the objects and the upstream in another one; and calls whose outcomes are counted.
import { join } from "node:path";
import { subjects } from "../../../bench/subjects.ts";
import { type Running, start } from "../../../bench/workerd.ts";
import { REASON_HEADER, REGION_HEADER } from "../../../core/headers.ts";
import { DELAY_HEADER, STATUS_HEADER } from "../../support/monitored/settings.ts";

export const REGIONS = ["weur", "weur", "oc", "oc"];
const CLASSES = {
  RELAY: "Relay",
  TELEMETRY: "Telemetry",
  AUDIT_LOG: "AuditLog",
  CIRCUIT_BREAKER: "CircuitBreaker",
  TOKEN_BUCKET: "TokenBuckets",
};

export interface CallOptions {
  readonly delayMs?: number;
  readonly status?: number; // HTTP status of the upstream
  readonly address?: string; // address of the caller
  readonly isGet?: boolean; // a call that can be cached
}

export interface Ended {
  readonly delayMs: number;
  readonly tookMs: number; // the larger time of two clocks: the monotonic one, and that of the gateways, which may be set meanwhile
}

export class Fleet {
  /** How many calls have ended, keyed by route, code and reason. */
  readonly truth = new Map<string, number>();
  readonly gateways: Running[] = [];
  #objects: Running | undefined;

  async start(folder: string, count: number): Promise<void> {
    const { prepare } = subjects["gateway"]!;
    const objects = Object.entries(CLASSES).map(([binding, className]) => ({ binding, className }));
    const shared = { entry: "test/support/monitored/objects.ts", about: "", objects, prepare };
    this.#objects = await start(join(folder, "objects"), shared, { upstreamPort: 1, cpu: 0 });
    const gateway = { entry: "test/support/monitored/gateway.ts", about: "", upstreams: ["OBJECTS"], prepare };
    for (let index = 0; index < count; index++) {
      const placement = { upstreamPort: this.#objects.port, cpu: index % 2 };
      this.gateways.push(await start(join(folder, `gateway-${index}`), gateway, placement));
    }
  }

  stop(): void {
    for (const one of [...this.gateways, this.#objects]) one?.stop();
  }

  /** Makes a call at a gateway, and counts its outcome by what the response says. */
  async call(to: number, route: string, { delayMs = 0, status, address = "192.0.2.1", isGet = false }: CallOptions = {}): Promise<Ended> {
    const [at, dateAt] = [performance.now(), Date.now()];
    const url = `${this.gateways[to]!.origin}/${route}`;
    const response = await fetch(isGet ? `${url}?connect=v1&encoding=json&message=%7B%7D` : url, {
      ...(isGet ? {} : { method: "POST", body: "{}" }),
      headers: {
        ...(isGet ? {} : { "content-type": "application/json" }),
        "cf-connecting-ip": address,
        [REGION_HEADER]: REGIONS[to]!,
        [DELAY_HEADER]: String(delayMs),
        ...(status !== undefined && { [STATUS_HEADER]: String(status) }),
      },
    });
    const body = (await response.json()) as { readonly code?: string };
    const code = response.status === 200 ? "ok" : (body.code ?? "unknown");
    const key = keyOf(route, code, response.headers.get(REASON_HEADER) ?? "");
    this.truth.set(key, (this.truth.get(key) ?? 0) + 1);
    return { delayMs, tookMs: Math.max(performance.now() - at, Date.now() - dateAt) };
  }
}

export function keyOf(route: string, code: string, reason: string): string {
  return [route, code, reason].join(" ");
}
