// Calls that bypass the cache.
import { expect, it } from "vitest";
import { bypass } from "../../../../../workers/gateway/cache/lookup/lookup.ts";

it("a bypass has the reason bypass and invalidates nothing, unless it says otherwise", () => {
  expect(bypass("scope")).toEqual({ kind: "bypass", fwd: "bypass", detail: "scope", invalidates: undefined });
  expect(bypass(undefined, "method", "/a")).toEqual({ kind: "bypass", fwd: "method", detail: undefined, invalidates: "/a" });
});
