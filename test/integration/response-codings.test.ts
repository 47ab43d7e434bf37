// Codings of a response: those that the gateway requests from the upstream, and callers that get a stored response with one.
import { describe, expect, it } from "vitest";
import { cachedRoute } from "../support/cached-route.ts";
import { gatewayTo, json, unary } from "../support/gateway.ts";

/** A request as the edge, or the proxy of `wrangler dev`, hands it on: the caller's own header is kept in `cf`. */
const behindTheEdge = (request: Request, clientAcceptEncoding: string): Request => {
  const headers = new Headers(request.headers);
  headers.set("accept-encoding", "br, gzip");
  return new Request(request, { headers, cf: { clientAcceptEncoding } as never });
};

describe("the codings that are requested from an upstream", () => {
  it.each([
    ["", "identity"],
    ["gzip", "gzip"],
    ["identity", "identity"],
    ["zstd, br;q=0.5", "zstd, br;q=0.5"],
  ])("are the caller's own where the edge has replaced them: %j", async (own, requested) => {
    let seen: string | null = "";
    const gateway = gatewayTo((request) => {
      seen = request.headers.get("accept-encoding");
      return json({});
    });
    await gateway(behindTheEdge(unary("GetUser", { id: "usr_1" }), own));
    expect(seen).toBe(requested);
  });
});

describe("a stored response that is encoded", () => {
  /** An origin that encodes where it may, and does not say that it varies. */
  const origin = (request: Request): Response => {
    const headers = { "cache-control": "max-age=60", "content-type": "text/plain" };
    return /gzip/.test(request.headers.get("accept-encoding") ?? "")
      ? new Response("packed", { headers: { ...headers, "content-encoding": "gzip" }, encodeBody: "manual" })
      : new Response("plain", { headers });
  };

  it.each(["key", "all"] as const)("is for callers who accept its coding alone, where requests are forwarded by %s", async (forward) => {
    const { send } = cachedRoute(origin, { forward });
    const codingOf = async (accepted: string | undefined) => {
      const response = await send("/a", accepted === undefined ? {} : { headers: { "accept-encoding": accepted } });
      return response.headers.get("content-encoding");
    };
    expect(await codingOf("gzip")).toBe("gzip");
    expect(await codingOf(undefined)).toBeNull();
    expect(await codingOf("identity")).toBeNull();
    expect(await codingOf("gzip;q=0")).toBeNull();
  });
});
