// What the gateways share: the objects and KV, over HTTP, and an upstream that takes its time. Objects and KV can be cut off.
import type { AuditLog } from "../../../durable-objects/audit-log.ts";
import type { ControlPlane } from "../../../durable-objects/control-plane.ts";
import type { Relay } from "../../../durable-objects/relay.ts";
import { VERSION_HEADER } from "./settings.ts";

export { AuditLog } from "../../../durable-objects/audit-log.ts";
export { ControlPlane } from "../../../durable-objects/control-plane.ts";
export { Relay } from "../../../durable-objects/relay.ts";

interface Env {
  readonly RELAY: DurableObjectNamespace<Relay>;
  readonly CONTROL_PLANE: DurableObjectNamespace<ControlPlane>;
  readonly AUDIT_LOG: DurableObjectNamespace<AuditLog>;
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

const MAX_DELAY_MS = 300; // delay of the upstream: versions change while calls are under way
const stored = new Map<string, string>(); // the values of KV
const cut = new Set<string>();

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const [, kind = "", ...path] = pathname.split("/").map(decodeURIComponent);
    switch (kind) {
      case "cut":
        cut.clear();
        for (const name of path) cut.add(name);
        return Response.json({});
      case "kv":
        if (cut.has("kv")) return new Response("cut off", { status: 503 });
        return Response.json({ value: values(path[0]!, await request.json()) });
      case "rpc":
        if (cut.has("objects")) return new Response("cut off", { status: 503 });
        return Response.json({ value: await called(env, path, await request.json()) });
      default: {
        await scheduler.wait(Math.random() * MAX_DELAY_MS);
        return Response.json({ id: "usr_01arz3ndektsv4rrffq69g5fav", displayName: request.headers.get(VERSION_HEADER) });
      }
    }
  },
};

function values(method: string, [key, value]: readonly string[]): unknown {
  if (method === "put") stored.set(key!, value!);
  const text = stored.get(key!);
  return text === undefined ? null : JSON.parse(text);
}

async function called(env: Env, [binding = "", name = "", method = ""]: readonly string[], args: readonly unknown[]): Promise<unknown> {
  const stub = env[binding as keyof Env].getByName(name) as unknown as Record<string, Method>;
  return await stub[method]!(...args);
}
