// A constant behind one leased token bucket, without the rest of the gateway: the cost of the check.

import { parsePolicy } from "../../core/config/gateway.ts";
import type { TokenBuckets } from "../../durable-objects/token-buckets.ts";
import type { Responding } from "../../workers/gateway/call/layer.ts";
import { httpRoute } from "../../workers/gateway/call/route.ts";
import { Call } from "../../workers/gateway/call.ts";
import { rateLimitWithoutMessage } from "../../workers/gateway/layers/rate-limit.ts";
import { LimiterCounters } from "../../workers/gateway/rate-limit/counters.ts";
import { ExactBuckets } from "../../workers/gateway/rate-limit/exact-buckets.ts";
import { LeasedBuckets } from "../../workers/gateway/rate-limit/leased-buckets.ts";
import { LocalBuckets } from "../../workers/gateway/rate-limit/local-buckets.ts";
import bare from "./bare.ts";

const config = {
  rateLimits: { everybody: { key: "ip", capacity: 1_000_000, rate: 1_000_000, mode: "leased" } },
  services: { S: { upstream: { binding: "U" }, rateLimits: ["everybody"] } },
};
const parsed = parsePolicy(config, new Map([["S", ["M"]]]));
if (parsed.kind === "invalid") throw new Error("the rule of this benchmark is not valid");
const { rateLimits: rules, cost } = parsed.policy.services.get("S")!.methods.get("M")!;
const settings = { rateLimits: rules, cost };
const route = httpRoute("S/M", { maxBodyBytes: 1_000 }, undefined);

let limited: ((request: Request) => Responding) | undefined;

export default {
  fetch(request: Request, env: { readonly TOKEN_BUCKET: DurableObjectNamespace<TokenBuckets> }): Responding {
    if (limited === undefined) {
      const limiters = {
        local: new LocalBuckets(10),
        leased: new LeasedBuckets(env.TOKEN_BUCKET, 16, 10, new LimiterCounters()),
        exact: new ExactBuckets(env.TOKEN_BUCKET, 16, new LimiterCounters()),
      };
      const layer = rateLimitWithoutMessage(limiters, settings)!(() => Promise.resolve(bare.fetch()));
      limited = (one) => layer(new Call(one, { kind: "rest" }, route, "/S/M", "", Date.now()));
    }
    return limited(request);
  },
};
