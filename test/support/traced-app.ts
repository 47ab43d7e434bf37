// A gateway with the admin plane whose calls can be traced, and an upstream of the test's own.
import { env } from "cloudflare:workers";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { createApp } from "../../workers/gateway/app.ts";
import { ADMIN_SECRET } from "./admin-app.ts";
import { type Upstream, userFor } from "./gateway.ts";
import { withRelays } from "./relays.ts";
import { catalog } from "./shipped/catalog.ts";
import type { TraceJson } from "./trace-json.ts";

let logs = 0;

/** @returns a gateway whose audit log is empty; `call` sends a request, `traceOf` reads the trace of a response */
export function tracedApp(input: Partial<GatewayInput>, upstream: Upstream = (request) => userFor(request), bindings: object = {}) {
  const config = {
    services: { "users.v1.UserService": { upstream: { binding: "USERS" } } },
    admin: { secretBinding: "ADMIN_SECRET" },
    ...input,
  } as GatewayInput;
  const log = env.AUDIT_LOG.getByName(`traces-${logs++}-${crypto.randomUUID()}`);
  const binding = { fetch: (url: string, init: RequestInit) => Promise.resolve(upstream(new Request(url, init))) };
  const all = { ...env, USERS: binding, AUDIT_LOG: { getByName: () => log }, ADMIN_SECRET, ...withRelays({}), ...bindings };
  const app = createApp(config, catalog, all as never);
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    origin = "https://gateway.example",
  ): Promise<Response> => {
    const sent = { ...(body === undefined ? {} : { "content-type": "application/json" }), "tidegate-trace": ADMIN_SECRET, ...headers };
    return app.fetch(new Request(`${origin}${path}`, { method, headers: sent, ...(body !== undefined && { body: JSON.stringify(body) }) }));
  };
  const host = config.admin?.host ?? "gateway.example";
  const traceOf = async (requestId: string): Promise<TraceJson | undefined> => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${ADMIN_SECRET}` };
    const url = `https://${host}/tidegate.control.v1.TraceService/GetTrace`;
    const response = await app.fetch(new Request(url, { method: "POST", headers, body: JSON.stringify({ requestId }) }));
    return response.status === 200 ? ((await response.json()) as { trace: TraceJson }).trace : undefined;
  };
  return { call, traceOf, log, config, bindings: all };
}
