// What the gateways have in common: the object of their buckets, and an upstream that counts what reaches it.
import type { LeaseAsk, TokenBucket } from "../../../durable-objects/token-bucket.ts";

export { TokenBucket } from "../../../durable-objects/token-bucket.ts";

const arrivals: number[] = []; // epoch ms
let lends = 0;

export default {
  async fetch(request: Request, env: { readonly TOKEN_BUCKET: DurableObjectNamespace<TokenBucket> }): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/arrivals") return Response.json({ arrivals, lends });
    if (pathname.startsWith("/lend/")) {
      lends += 1;
      const asks = await request.json<LeaseAsk[]>();
      return Response.json(await env.TOKEN_BUCKET.getByName(pathname.slice(6)).lend(asks));
    }
    arrivals.push(Date.now());
    return Response.json({ id: "usr_01arz3ndektsv4rrffq69g5fav" });
  },
};
