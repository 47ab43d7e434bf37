// The same constant behind rate-limiter-flexible, counting in this isolate's memory alone.
import RateLimiterMemory from "rate-limiter-flexible/lib/RateLimiterMemory.js";
import bare from "./bare.ts";

let limiter: RateLimiterMemory | undefined;

export default {
  async fetch(request: Request): Promise<Response> {
    limiter ??= new RateLimiterMemory({ points: 1_000_000, duration: 1 });
    const { remainingPoints } = await limiter.consume(request.headers.get("cf-connecting-ip") ?? "unknown");
    const response = bare.fetch();
    response.headers.set("RateLimit-Policy", '"everybody";q=1000000;w=1');
    response.headers.set("RateLimit", `"everybody";r=${remainingPoints}`);
    return response;
  },
};
