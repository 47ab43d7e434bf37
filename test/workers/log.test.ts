import { afterEach, expect, it, vi } from "vitest";
import { logEvent } from "../../workers/log.ts";

afterEach(() => vi.restoreAllMocks());

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
