// The Durable Object of the purge log: what isolates read from it, also after an eviction, and its bounds.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PurgeTarget } from "../../core/cache/purge/purges.ts";
import { PurgeLog } from "../../durable-objects/purge-log.ts";

const START = Date.UTC(2026, 0, 1);
let names = 0;
const fresh = (): DurableObjectStub<PurgeLog> => env.PURGE_LOG.getByName(`log-${names++}`);
const tag = (value: string): PurgeTarget => ({ kind: "tag", value });

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

it("returns what an isolate does not know, its own purge and those of others", async () => {
  const log = fresh();
  expect(await log.since(0)).toEqual({ kind: "same", seq: 0 });
  await log.append([tag("a")], "soft", 0);
  const delta = await log.append([tag("b"), { kind: "all", value: "" }], "hard", 0);
  expect(delta).toMatchObject({ kind: "purged", seq: START + 2, epoch: START + 2, hardFloor: START + 2, purges: [] }); // the floor covers both
  expect(await log.since(START + 2)).toEqual({ kind: "same", seq: START + 2 });
  await log.append([tag("c")], "soft", 0);
  expect(await log.since(START + 2)).toMatchObject({ seq: START + 3, purges: [{ kind: "tag", value: "c", mode: "soft", seq: START + 3 }] });
});

it("has the same purges after an eviction, and higher numbers", async () => {
  const log = fresh();
  await log.append([tag("a"), tag("b")], "hard", 0);
  await log.append([tag("a")], "soft", 0);
  await log.append([tag("b")], "hard", 0);
  const before = await log.since(0);
  await evictDurableObject(log);
  expect(await log.since(0)).toEqual(before);
  vi.setSystemTime(START - 60_000); // the clock steps back
  expect(await log.append([tag("c")], "soft", 0)).toMatchObject({ seq: START + 4 });
});

it("stores what is listed, within its bounds", async () => {
  const log = fresh();
  await runInDurableObject(log, (_, state) => {
    const bounded = new PurgeLog(state, env, { maxPurges: 10, keepMs: 60_000 });
    const rows = () => state.storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM purges").one().n;
    for (let n = 0; n < 30; n++) bounded.append([tag(`tag ${n}`)], "soft", 0);
    expect([rows(), bounded.since(0)]).toMatchObject([10, { softFloor: START + 19, hardFloor: 0 }]);
    vi.setSystemTime(START + 120_000);
    bounded.append([tag("the last")], "soft", 0);
    expect([rows(), bounded.since(0)]).toMatchObject([1, { softFloor: START + 29 }]);
  });
  await evictDurableObject(log);
  expect(await log.since(0)).toMatchObject({ softFloor: START + 29, purges: [{ value: "the last" }] });
});

it("gives each of many simultaneous purges its own number", async () => {
  const log = fresh();
  await Promise.all(Array.from({ length: 40 }, (_, n) => log.append([tag(`tag ${n}`)], "soft", 0)));
  const delta = await log.since(0);
  const seqs = delta.kind === "purged" ? delta.purges.map(({ seq }) => seq) : [];
  expect([seqs.length, new Set(seqs).size]).toEqual([40, 40]);
});
