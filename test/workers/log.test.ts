import { afterEach, expect, it, vi } from "vitest";
import { logEvent, logVersion } from "../../workers/log.ts";

afterEach(() => {
  logVersion(undefined);
  vi.restoreAllMocks();
});

it("writes one line of JSON at the level of the event", () => {
  const warn = vi.spyOn(console, "warn").mockReturnValue();
  const error = vi.spyOn(console, "error").mockReturnValue();
  logEvent("purge_failed", { error: new Error("no route to\nthe log") });
  expect(warn.mock.calls).toEqual([['{"level":"warn","event":"purge_failed","error":"Error: no route to\\nthe log"}']]);
  expect(error).not.toHaveBeenCalled();
  logEvent("gateway_failed", { requestId: "r-1", route: "a.v1.A/Get", error: "thrown text" });
  expect(error.mock.calls).toEqual([
    ['{"level":"error","event":"gateway_failed","requestId":"r-1","route":"a.v1.A/Get","error":"thrown text"}'],
  ]);
  expect(warn).toHaveBeenCalledOnce();
});

it.each([
  [{ id: "6f9d2c1e-0000-4000-8000-000000000000", tag: "", timestamp: "2026-11-29T00:00:00Z" }, "6f9d2c1e-0000-4000-8000-000000000000"],
  [{ id: "" }, undefined],
  [undefined, undefined],
])("names the version of the Worker, where the platform says it: %j", (metadata, version) => {
  const warn = vi.spyOn(console, "warn").mockReturnValue();
  logVersion(metadata);
  logEvent("purge_failed", { error: "gone" });
  expect(JSON.parse(warn.mock.calls[0]![0] as string)).toEqual({
    level: "warn",
    event: "purge_failed",
    error: "gone",
    ...(version && { version }),
  });
});
