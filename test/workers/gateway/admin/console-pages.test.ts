// Who gets the pages of the console: everybody at the host of admins, nobody where it is off, and nobody by another method.
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { createApp } from "../../../../workers/gateway/app.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

vi.spyOn(console, "warn").mockImplementation(() => undefined);

const ASSETS = { fetch: (request: Request) => Promise.resolve(new Response(`file of ${new URL(request.url).pathname}`)) };
const SECRET = "a secret of at least 32 characters, for admins";

async function get(url: string, input: object = {}, bindings: object = {}, init: RequestInit = {}) {
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } };
  const app = createApp({ services, ...input } as never, catalog, { ...env, ASSETS, ADMIN_SECRET: SECRET, ...bindings } as never);
  const response = await app.fetch(new Request(url, init));
  return { status: response.status, text: await response.text() };
}

it("serves the files of the console", async () => {
  expect(await get("https://api.example/_tidegate/")).toEqual({ status: 200, text: "file of /_tidegate/" });
  expect(await get("https://api.example/_tidegate/assets/main.js?x")).toMatchObject({ status: 200 });
});

it.each([
  ["serves no page where the console is off", { console: { enabled: false } }, {}],
  ["serves no page without a binding of the static files", {}, { ASSETS: undefined }],
])("%s", async (_name, input, bindings) => {
  expect(await get("https://api.example/_tidegate/", input, bindings)).toMatchObject({ status: 404 });
});

it("serves the console at the host of admins alone", async () => {
  const admin = { admin: { secretBinding: "ADMIN_SECRET", host: "admin.example" } };
  expect(await get("https://admin.example/_tidegate/", admin)).toMatchObject({ status: 200 });
  expect(await get("https://api.example/_tidegate/", admin)).toMatchObject({ status: 404 });
});

it("takes no other method, and no path that only begins alike", async () => {
  expect((await get("https://api.example/_tidegate/", {}, {}, { method: "POST" })).status).toBe(404);
  expect((await get("https://api.example/_tidegates/")).status).toBe(404);
  expect((await get("https://api.example/x/_tidegate/")).status).toBe(404);
});
