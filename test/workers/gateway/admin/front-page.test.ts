// `GET /` redirects browsers to the API reference; API clients get an error.
import { describe, expect, it } from "vitest";
import { gatewayTo, json, rest, USER } from "../../../support/gateway.ts";

const gateway = gatewayTo(() => json(USER));
const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

describe("/", () => {
  it.each([
    ["GET", BROWSER],
    ["HEAD", BROWSER],
    ["GET", "application/json;q=0.5, text/html"],
    ["GET", "application/xhtml+xml"],
  ])("redirects a browser to the reference: %s, accept %s", async (method, accept) => {
    const response = await gateway(rest(method, "/", undefined, { accept }));
    expect(response.status).toBe(302);
    expect(response.headers.get("location")).toBe("/docs/");
    expect(response.headers.get("vary")).toBe("accept");
  });

  it.each([
    ["GET", "*/*"],
    ["GET", "application/json"],
    ["GET", "text/html;q=0, application/json"],
    ["GET", "text/html;level=1;q=0.0, */*"],
    ["GET", "text/html-like"],
    ["POST", BROWSER],
  ])("is not found for other callers: %s, accept %s", async (method, accept) => {
    const response = await gateway(rest(method, "/", undefined, { accept }));
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ message: "nothing is served at /" });
  });

  it("redirects no other path", async () => {
    expect((await gateway(rest("GET", "/nothing", undefined, { accept: BROWSER }))).status).toBe(404);
  });

  it("belongs to a configured route if there is one", async () => {
    const served = gatewayTo(() => new Response("mine"), { httpRoutes: { "/": { upstream: { binding: "USERS" } } } });
    expect(await (await served(rest("GET", "/", undefined, { accept: BROWSER }))).text()).toBe("mine");
  });
});
