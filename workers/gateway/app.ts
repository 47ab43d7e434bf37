// Hono at the door: what is the gateway's own, then everything else to the pipeline.
import { Hono } from "hono";
import type { Gateway } from "./gateway.ts";

export function createApp(gateway: Gateway): Hono {
  const app = new Hono();
  app.get("/healthz", (c) => c.text("ok\n"));
  app.all("*", (c) => gateway(c.req.raw));
  return app;
}
