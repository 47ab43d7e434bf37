// `--online` calls real servers, and only the URLs that the gateway would call.
import { createServer } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { unreachable, urlsOf } from "../../../cli/check/online.ts";

const server = createServer((_, response) => response.writeHead(404).end());
let port: number;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as { port: number }).port;
});
afterAll(() => void server.close());

it("names a URL that does not answer, with the reason; any HTTP status is an answer", async () => {
  const urls = [
    { path: "a", url: `http://127.0.0.1:${port}/` },
    { path: "b", url: "http://127.0.0.1:1/" },
  ];
  expect(await unreachable(urls)).toEqual([{ ...urls[1], reason: expect.stringMatching(/ECONNREFUSED|bad port/) }]);
});

it("finds the URLs of upstreams and of keys, without those beside a binding and the own one", () => {
  const settings = {
    services: {
      "a.B": {
        upstream: { endpoints: [{ url: "https://a.example" }, { binding: "VPC", url: "https://inner.example" }] },
        traffic: { mirror: { upstream: { url: "https://m.example" } } },
      },
    },
    auth: { issuers: { "https://id.example": { jwksUrl: "https://id.example/keys" } }, resource: { url: "https://api.example" } },
    openapi: { contact: { url: "https://acme.example" } },
  };
  expect(urlsOf(settings)).toEqual([
    { path: 'services["a.B"].upstream.endpoints[0].url', url: "https://a.example" },
    { path: 'services["a.B"].traffic.mirror.upstream.url', url: "https://m.example" },
    { path: 'auth.issuers["https://id.example"].jwksUrl', url: "https://id.example/keys" },
  ]);
});
