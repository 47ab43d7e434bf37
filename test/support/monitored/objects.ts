// What the monitored gateways share: the objects, over HTTP, and an upstream that takes the time and has the status that a call says.
import { DELAY_HEADER, ENDPOINT_HEADER, SLOWER_MS, STATUS_HEADER } from "./settings.ts";

export { AuditLog } from "../../../durable-objects/audit-log.ts";
export { CircuitBreaker } from "../../../durable-objects/circuit-breaker.ts";
export { Relay } from "../../../durable-objects/relay.ts";
export { Telemetry } from "../../../durable-objects/telemetry.ts";
export { TokenBuckets } from "../../../durable-objects/token-buckets.ts";

type Method = (...args: readonly unknown[]) => Promise<unknown>;
type Env = Readonly<Record<string, { getByName(name: string): unknown }>>;

const CODES: Readonly<Record<string, string>> = { "404": "not_found", "500": "internal", "503": "unavailable" };

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const [, kind = "", binding = "", name = "", method = ""] = pathname.split("/").map(decodeURIComponent);
    if (kind === "rpc") {
      const stub = env[binding]!.getByName(name) as Readonly<Record<string, Method>>;
      return Response.json({ value: await stub[method]!(...(await request.json<unknown[]>())) });
    }
    const endpoint = request.headers.get(ENDPOINT_HEADER);
    const delayMs = Number(request.headers.get(DELAY_HEADER) ?? 0) + (endpoint === "SLOW" ? SLOWER_MS : 0);
    if (delayMs > 0) await scheduler.wait(delayMs);
    const status = endpoint === "BROKEN" && pathname.endsWith("/ListOrders") ? "503" : (request.headers.get(STATUS_HEADER) ?? "200");
    const code = CODES[status];
    if (code !== undefined) return Response.json({ code, message: "as the test wants it" }, { status: Number(status) });
    const isBinary = request.url.includes("encoding=proto") || request.headers.get("content-type") === "application/proto";
    if (isBinary) return new Response(new Uint8Array(), { headers: { "content-type": "application/proto" } }); // the cache's own calls
    return Response.json(pathname.endsWith("/ListUsers") ? {} : { id: "usr_01arz3ndektsv4rrffq69g5fav" });
  },
};
