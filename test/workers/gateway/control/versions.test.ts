// The compiled versions of an isolate: swaps, rollbacks, and what cannot be served.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { configuration, versionedGateway } from "../../../support/versioned.ts";

let logged: Record<string, unknown>[] = [];
beforeEach(() => {
  logged = [];
  vi.spyOn(console, "warn").mockImplementation((line: unknown) => {
    logged.push((typeof line === "string" ? JSON.parse(line) : line) as Record<string, unknown>);
  });
});
afterEach(() => void vi.restoreAllMocks());

it("serves what is published, takes it back, and never holds more than two versions", async () => {
  const { app, call, publish, rollback, until } = versionedGateway(configuration("bundled"));
  expect(await call()).toBe("bundled");
  const parts = app.parts.size;
  const sections = app.versions.live.configuration.exchange!.sections;
  for (const name of ["one", "two", "three"]) {
    await publish(configuration(name));
    await until(name);
    expect(app.versions.size).toBeLessThanOrEqual(2);
  }
  expect(app.versions.number).toBe(3);
  await rollback();
  await until("two");
  await rollback(0);
  await until("bundled");
  expect([app.versions.size <= 2, app.versions.number]).toEqual([true, 0]);
  expect([app.parts.size, app.versions.live.configuration.exchange!.sections]).toEqual([parts, sections]);
});

it("keeps the last good version where a later one cannot be served, and says why", async () => {
  const { app, call, plane, publish, until, state } = versionedGateway(configuration("bundled"));
  await publish(configuration("good"));
  await until("good");
  await publish(configuration("bad", { services: { "users.v1.UserService": { upstream: { binding: "NO_SUCH" } } } }));
  const { sequence } = await plane.status();
  const hasFollowed = async () => (await call()) !== "" && app.versions.sequence === sequence;
  await vi.waitUntil(hasFollowed, { timeout: 20_000, interval: 20 });
  expect(await call()).toBe("good");
  expect(app.versions.section()).toMatchObject({ refused: [{ reason: expect.stringContaining("NO_SUCH") }] });
  expect(logged).toContainEqual(expect.objectContaining({ event: "version_refused" }));
  state.isDown = true; // nothing that fails takes a version away
  expect(await call()).toBe("good");
  state.isDown = false;
  await publish(configuration("better"));
  await until("better");
});
