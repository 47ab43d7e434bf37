// What the gateways share: the relays of two regions and the objects of the keys, over HTTP, and an upstream. It can cut the relays off.
import type { KeyStore } from "../../../durable-objects/key-store.ts";
import type { Relay } from "../../../durable-objects/relay.ts";

export { KeyStore } from "../../../durable-objects/key-store.ts";
export { Relay } from "../../../durable-objects/relay.ts";

interface Env {
  readonly RELAY: DurableObjectNamespace<Relay>;
  readonly KEY_STORE: DurableObjectNamespace<KeyStore>;
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

const questions: Record<string, number> = {}; // questions about keys by relay
let isCut = false;

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const [, kind = "", binding = "", name = "", method = ""] = pathname.split("/").map(decodeURIComponent);
    if (kind === "questions") return Response.json(questions);
    if (kind === "cut") {
      isCut = binding === "on";
      return Response.json({});
    }
    if (kind !== "rpc") return Response.json({ id: "usr_01arz3ndektsv4rrffq69g5fav" });
    if (binding === "RELAY") {
      if (isCut) return new Response("cut off", { status: 503 });
      if (method === "keys") questions[name] = (questions[name] ?? 0) + 1;
    }
    const stub = env[binding as keyof Env].getByName(name) as unknown as Record<string, Method>;
    return Response.json((await stub[method]!(...(await request.json<unknown[]>()))) ?? null);
  },
};
