// The same constant behind one awaited call of a Durable Object, as most people write a distributed limit first.
import { Limiter } from "../naive/index.ts";
import bare from "./bare.ts";

export { Limiter };

export default {
  async fetch(request: Request, env: { readonly LIMITER: DurableObjectNamespace<Limiter> }): Promise<Response> {
    const caller = env.LIMITER.getByName(request.headers.get("cf-connecting-ip") ?? "unknown");
    return (await caller.take(1_000_000, 1_000_000)) ? bare.fetch() : new Response("too many requests", { status: 429 });
  },
};
