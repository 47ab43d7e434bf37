// The Durable Objects of both regions and the root, each call between them behind the network, and an upstream that counts its calls.
import { TokenBuckets as Objects } from "../../../durable-objects/token-buckets.ts";
import { networked } from "../../../workers/dev/network.ts";
import { ROOT_MS } from "./limit.ts";

type Method = (...args: unknown[]) => Promise<unknown>;

export class TokenBuckets extends Objects {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, networked({ ...env, TIDEGATE_NETWORK: `world,objects=${ROOT_MS}` }));
  }
}

const admitted: number[] = []; // epoch ms, by the clock that all gateways share
const messages: Record<string, number> = {}; // keyed by the method that the gateways called

export default {
  async fetch(request: Request, env: { readonly TOKEN_BUCKET: DurableObjectNamespace<TokenBuckets> }): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/admitted") return Response.json({ admitted, messages });
    if (pathname.endsWith("/ListUsers")) return Response.json({});
    if (pathname !== "/object") {
      admitted.push(Number(request.headers.get("x-admitted-at")));
      return Response.json({ id: "usr_01arz3ndektsv4rrffq69g5fav" });
    }
    const { name, method, args } = await request.json<{ name: string; method: "grantLeases" | "lendOn"; args: unknown[] }>();
    messages[method] = (messages[method] ?? 0) + 1;
    const stub = env.TOKEN_BUCKET.getByName(name) as unknown as Record<string, Method>;
    return Response.json(await stub[method]!(...args));
  },
};
