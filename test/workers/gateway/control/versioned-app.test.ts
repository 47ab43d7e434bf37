// Which version serves a request of a running gateway.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { configuration, SECRET, versionedGateway } from "../../../support/versioned.ts";

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => undefined));
afterEach(() => void vi.restoreAllMocks());

it("gives the canary its callers, and operators the version that they name", async () => {
  const { app, call, publish, promote, until } = versionedGateway(configuration("bundled"));
  await publish(configuration("live"));
  await until("live");
  await publish(configuration("canary"), { percent: 50 });
  await until("canary", { "tidegate-version": `canary ${SECRET}` });
  expect(app.versions.size).toBeLessThanOrEqual(3);
  const callers = Array.from({ length: 40 }, (_, n) => ({ authorization: `Bearer ${n}` }));
  const first = [];
  for (const caller of callers) first.push(await call(caller));
  const again = [];
  for (const caller of callers) again.push(await call(caller));
  expect(again).toEqual(first);
  expect(new Set(first)).toEqual(new Set(["live", "canary"]));
  const ofLive = callers[first.indexOf("live")]!;
  expect(await call({ ...ofLive, "tidegate-version": "canary" })).toBe("live"); // without a credential the header says nothing
  expect(await call({ ...ofLive, "tidegate-version": "canary a wrong one" })).toBe("live");
  expect(await call({ ...ofLive, "tidegate-version": `canary ${SECRET}` })).toBe("canary");
  expect(await call({ ...callers[first.indexOf("canary")], "tidegate-version": `live ${SECRET}` })).toBe("live");
  expect(await call({ authorization: `Bearer ${SECRET}`, "tidegate-version": "2" })).toBe("canary");
  expect(await call({ authorization: `Bearer ${SECRET}`, "tidegate-version": "1" })).toBe("live");
  await promote();
  await until("canary");
  expect(app.versions.canary).toBeUndefined();
});
