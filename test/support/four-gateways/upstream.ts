// What the gateways share: the Durable Object of their buckets, and an upstream that counts its calls.
import type { BucketLeaseRequest, TokenBuckets } from "../../../durable-objects/token-buckets.ts";

export { TokenBuckets } from "../../../durable-objects/token-buckets.ts";

const admitted: number[] = []; // epoch ms, by the clock that all gateways share
let lends = 0;

export default {
  async fetch(request: Request, env: { readonly TOKEN_BUCKET: DurableObjectNamespace<TokenBuckets> }): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/admitted") return Response.json({ admitted, lends });
    if (pathname.startsWith("/lend/")) {
      lends += 1;
      const requests = await request.json<BucketLeaseRequest[]>();
      return Response.json(await env.TOKEN_BUCKET.getByName(pathname.slice(6)).grantLeases(requests));
    }
    admitted.push(Number(request.headers.get("x-admitted-at")));
    return Response.json({ id: "usr_01arz3ndektsv4rrffq69g5fav" });
  },
};
