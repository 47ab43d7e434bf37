// The audit of the admin services: what a change leaves in it, who is named, and what happens while it cannot be written.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { adminApp, LIST_AUDIT, PURGE } from "../../../support/admin-app.ts";

let warn = vi.spyOn(console, "warn");
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => vi.restoreAllMocks());

it("names who has changed what, when, and from where", async () => {
  const call = adminApp();
  expect((await call(PURGE, { targets: [{ tag: "a" }] }, { "x-request-id": "request-1" })).status).toBe(200);
  const { body } = await call(LIST_AUDIT, {});
  expect(body.events).toEqual([
    {
      time: expect.any(String),
      identity: "secret:ADMIN_SECRET",
      role: "admin",
      route: PURGE,
      subject: "soft: tag a",
      address: "192.0.2.7",
      requestId: "request-1",
    },
  ]);
});

it("has nothing of calls that change nothing, that fail, or whose caller is not known", async () => {
  const call = adminApp();
  await call(LIST_AUDIT, {});
  expect((await call(PURGE, { targets: [] })).status).toBe(400);
  expect((await call(PURGE, { targets: [{ tag: "a" }] }, { authorization: "Bearer x" })).status).toBe(401);
  const forged = btoa(JSON.stringify({ iss: "tidegate", aud: "x", kind: "service", sub: "eve", iat: 1, exp: 2 })).replace(/=/g, "");
  await call(PURGE, { targets: [{ tag: "b" }] }, { "tidegate-identity": forged });
  const { body } = await call(LIST_AUDIT, {});
  expect(body.events.map(({ identity, subject }) => [identity, subject])).toEqual([["secret:ADMIN_SECRET", "soft: tag b"]]);
});

it("does not keep a change from being made, and is unavailable itself", async () => {
  const broken = { getByName: () => ({ append: () => Promise.reject(new Error("gone")), list: () => Promise.reject(new Error("gone")) }) };
  const call = adminApp({}, { AUDIT_LOG: broken });
  expect((await call(PURGE, { targets: [{ tag: "a" }] })).status).toBe(200);
  expect((await call(LIST_AUDIT, {})).status).toBe(503);
  const events = warn.mock.calls.map(([line]) => (JSON.parse(String(line)) as { event: string }).event);
  expect(events.filter((event) => event === "audit_failed")).toSatisfy((all: string[]) => all.length >= 2); // the listing is tried again
  expect(events).toContain("audit_change");
});
