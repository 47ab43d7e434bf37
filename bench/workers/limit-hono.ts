// The same constant behind hono-rate-limiter, counting in this isolate's memory alone.
import { Hono } from "hono";
import { rateLimiter } from "hono-rate-limiter";
import bare from "./bare.ts";

let app: Hono | undefined;

function create(): Hono {
  const keyGenerator = (c: { req: { header(name: string): string | undefined } }) => c.req.header("cf-connecting-ip") ?? "unknown";
  const limiter = rateLimiter({ windowMs: 1_000, limit: 1_000_000, standardHeaders: "draft-7", keyGenerator });
  return new Hono().use(limiter).all("*", () => bare.fetch());
}

export default {
  fetch(request: Request): Response | Promise<Response> {
    app ??= create(); // its store sets a timer, which is allowed within a request only
    return app.fetch(request);
  },
};
