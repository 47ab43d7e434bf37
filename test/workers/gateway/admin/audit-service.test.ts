// The audit as it is listed.
import { expect, it, vi } from "vitest";
import { adminApp, LIST_AUDIT, PURGE } from "../../../support/admin-app.ts";

vi.spyOn(console, "warn").mockImplementation(() => undefined);

it("is listed a page at a time", async () => {
  const call = adminApp();
  for (const tag of ["a", "b", "c"]) await call(PURGE, { targets: [{ tag }] });
  const first = (await call(LIST_AUDIT, { pageSize: 2 })).body;
  const second = (await call(LIST_AUDIT, { pageSize: 2, pageToken: first["nextPageToken"] })).body;
  expect([first, second].map(({ events }) => events.map(({ subject }) => subject))).toEqual([
    ["soft: tag c", "soft: tag b"],
    ["soft: tag a"],
  ]);
  expect(second["nextPageToken"]).toBeUndefined();
  for (const wrong of [{ pageSize: -1 }, { pageToken: "x" }, { pageToken: "1".repeat(16) }])
    expect((await call(LIST_AUDIT, wrong)).status).toBe(400);
});

it("names the caller with the role of its credential", async () => {
  const call = adminApp();
  const { status, body } = await call("tidegate.admin.v1.AdminService/GetCaller", {});
  expect({ status, body }).toEqual({ status: 200, body: { identity: "secret:ADMIN_SECRET", role: "admin" } });
});
