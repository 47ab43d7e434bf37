// A soak: mixed load and mixed faults for some minutes, and what must be true afterwards.
import { seeded } from "../../support/cache-traces.ts";
import { statusBytes } from "../amplification/measure.ts";
import { errorLines } from "../bench.ts";
import { exchange, request } from "../wire.ts";
import { act } from "./actions.ts";
import { Ledger } from "./ledger.ts";
import { MAX_IN_FLIGHT, startWorld, type World } from "./world.ts";

const ACTORS = 12;
const PAUSE_MS = 60; // the longest one between two actions of an actor: a bounded load
const SAMPLE_MS = 1_000;
/** Growth of the second half over the first. V8 collects old garbage late: a process settles at about 360 MiB within some minutes. */
const MAX_GROWTH_BYTES = 160 * 1_048_576;
const SETTLE_MS = 60_000;
const BODIES = 24;
const BODY_BYTES = 1_000_000; // 24 of them are three quarters of the budget

export interface SoakResult {
  readonly summary: string;
  readonly problems: readonly string[];
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** @param seed of every choice; the order of responses still depends on the machine */
export async function soak(minutes: number, seed: number): Promise<SoakResult> {
  const world = await startWorld(seeded(seed));
  try {
    return await run(world, minutes, seed);
  } finally {
    world.stop();
  }
}

async function run(world: World, minutes: number, seed: number): Promise<SoakResult> {
  const ledger = new Ledger();
  const statuses = new Map<string, number>();
  const problems: string[] = [];
  const report = (action: string, status: number | "none", text: string): void => {
    statuses.set(`${action} ${status}`, (statuses.get(`${action} ${status}`) ?? 0) + 1);
    if (status === "none" || status === 500 || text.includes("internal error")) problems.push(`${action}: ${status} ${text.slice(0, 300)}`);
  };
  const endsAt = Date.now() + minutes * 60_000;
  const actor = async (number: number): Promise<void> => {
    const random = seeded(seed * 1_000 + number);
    const own: string[] = [];
    while (Date.now() < endsAt) {
      await act({ world, ledger, random, own, report });
      await pause(random() * PAUSE_MS);
    }
  };
  const samples: number[] = [];
  const sampler = setInterval(() => samples.push(statusBytes(world.bench.gateway.pid, "VmRSS")), SAMPLE_MS);
  await Promise.all(Array.from({ length: ACTORS }, (_, number) => actor(number)));
  clearInterval(sampler);

  world.endFaults();
  problems.push(...errorLines(world.bench.log).map((line) => `log: ${line.slice(0, 500)}`));
  problems.push(
    ...(await checkSlots(world)),
    ...(await checkMemory(world)),
    ...(await checkRecovery(world)),
    ...(await ledger.lost(world.users)),
  );
  if (ledger.size === 0) problems.push("no write was acknowledged");
  const growth = median(samples.slice(-samples.length / 4)) - median(samples.slice(samples.length / 4, samples.length / 2));
  if (growth > MAX_GROWTH_BYTES) problems.push(`memory has grown by ${(growth / 1_048_576).toFixed(0)} MiB in the second half`);
  const calls = [...statuses].sort().map(([key, count]) => `${key}: ${count}`);
  const faults = [...world.proxy.counts].map(([kind, count]) => `${kind} ${count}`);
  const summary = [
    `seed ${seed}, ${minutes} min: ${ledger.size} users acknowledged of ${ledger.creations}, memory ${(median(samples) / 1_048_576).toFixed(0)} MiB, growth ${(growth / 1_048_576).toFixed(0)} MiB`,
    `responses: ${calls.join(", ")}`,
    `connections: ${faults.join(", ")}`,
  ].join("\n");
  return { summary, problems };
}

/** No slot is taken any more: as many calls as critical ones may have are in flight at once. */
async function checkSlots({ bench: { gateway, origin } }: World): Promise<string[]> {
  const wanted = Math.floor(MAX_IN_FLIGHT * 0.95);
  for (const until = Date.now() + SETTLE_MS; ; await pause(500)) {
    origin.clear();
    origin.reply(() => ({ bytes: "", end: "keep" }));
    const calls = Array.from({ length: wanted }, (_, n) => {
      const fields = [`cf-connecting-ip: 198.51.100.${n % 250}`, `x-n: ${n}`];
      return exchange(gateway.port, [request(`GET /held/${n}`, fields)], { waitMs: 5_000 });
    });
    for (const end = Date.now() + 5_000; Date.now() < end && origin.received.length < wanted; ) await pause(20);
    const reached = origin.received.length;
    origin.reply(undefined);
    const refused = (await Promise.all(calls)).find(({ status }) => status !== 0);
    if (reached === wanted) return [];
    const reason = refused === undefined ? "without a response" : `${refused.status} ${refused.body.toString("latin1").slice(0, 300)}`;
    if (Date.now() > until) return [`${wanted - reached} of ${wanted} calls in flight are missing at the end: ${reason}`];
  }
}

/** No memory is reserved any more: unfinished bodies of most of the budget have room. */
async function checkMemory({ bench: { gateway } }: World): Promise<string[]> {
  const open = (n: number) => {
    const fields = [`cf-connecting-ip: 198.51.100.${n}`, "content-type: application/json", `content-length: ${BODY_BYTES}`];
    const head = ["POST /api/v1/notes HTTP/1.1", "host: gateway.test", ...fields, "", "{"].join("\r\n");
    return exchange(gateway.port, [head], { waitMs: 1_500 });
  };
  const answers = await Promise.all(Array.from({ length: BODIES }, (_, n) => open(n)));
  const refused = answers.filter(({ status }) => status !== 0);
  return refused.length === 0 ? [] : [`${refused.length} of ${BODIES} bodies have no room at the end: ${refused[0]!.status}`];
}

/** Without faults, breakers close again and every call is served. */
async function checkRecovery({ bench: { gateway } }: World): Promise<string[]> {
  let last = "";
  for (const until = Date.now() + SETTLE_MS; Date.now() < until; await pause(250)) {
    let successes = 0;
    for (let n = 0; n < 10; n++) {
      const answer = await exchange(gateway.port, [request("GET /api/v1/users?pageSize=1", ["cf-connecting-ip: 203.0.113.1"])]);
      if (answer.status === 200) successes += 1;
      else last = `${answer.status} ${answer.body.toString("latin1").slice(0, 200)}`;
    }
    if (successes === 10) return [];
  }
  return [`the users service is not served without faults: ${last}`];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
