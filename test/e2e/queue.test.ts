// Events over a queue whose parts fail: handlers that throw, isolates that end in the middle of a batch, repeated deliveries, and a process
// that is killed with all that its queue holds in memory.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

const WAIT = { timeout: 120_000, interval: 300 };
const folder = mkdtempSync(join(tmpdir(), "tidegate-queue-"));
const outside = new Map<string, number>(); // effects outside of storage, by event
const tracesOutside = new Set<string>(); // trace headers of those effects
let sink: Server;
let running: ChildProcess | undefined;
let origin = "";

beforeAll(async () => {
  sink = createServer(({ url = "", headers }, response) => {
    tracesOutside.add(String(headers["traceparent"]));
    outside.set(url.slice(1), (outside.get(url.slice(1)) ?? 0) + 1);
    response.end();
  });
  await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
});

afterAll(() => {
  kill();
  sink.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const target = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
  const child = spawn(process.execPath, ["test/e2e/queue/run.ts", folder, target], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
  running = child;
  origin = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (data: Buffer) => {
      const found = /origin (\S+)/.exec(data.toString())?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", (code) => reject(new Error(`the runtime has ended with ${code}`)));
  });
}

/** Ends the process and its runtime at once: nothing can be written any more. */
function kill(): void {
  if (running?.pid !== undefined) process.kill(-running.pid, "SIGKILL");
  running = undefined;
}

interface State {
  readonly changes: number;
  readonly waiting: number;
  readonly effects: Readonly<Record<string, number>>;
  readonly dead: number;
}

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"; // every call has it
const call = async <T>(path: string): Promise<T> =>
  (await fetch(`${origin}/${path}`, { headers: { traceparent: TRACEPARENT } })).json() as Promise<T>;
const state = () => call<State>("state");

/** Changes until there are so many. A call that an ending isolate breaks off may have changed something, or not. */
async function changeUntil(count: number): Promise<void> {
  const last = Date.now() + WAIT.timeout;
  for (let changes = 0; changes < count; ) {
    if (Date.now() > last) throw new Error(`${changes} of ${count} changes within ${WAIT.timeout} ms`);
    changes = await call<number>("change").catch(() => changes);
  }
}

/** Every event but those that never succeed has changed storage once; all were attempted, none is left in the outbox. */
async function expectDone(count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, n) => n + 1);
  const expected = Object.fromEntries(numbers.filter((n) => n % 10 !== 9).map((n) => [n, 1]));
  await vi.waitFor(async () => expect(await state()).toMatchObject({ changes: count, waiting: 0 }), WAIT);
  const { effects, dead } = await state();
  expect(effects).toEqual(expected);
  expect(dead).toBeGreaterThanOrEqual(numbers.filter((n) => n % 10 === 9).length);
  expect(numbers.filter((n) => !outside.has(String(n)))).toEqual([]);
}

it("changes storage exactly once for each event, and calls the outside at least once, though handlers fail and isolates end", async () => {
  await start();
  await changeUntil(30);
  await call("repeat").catch(() => undefined); // the queue gets events twice
  await expectDone(30);
  expect([outside.get("3")! >= 2, outside.get("5")! >= 2, outside.get("7")! >= 2, outside.get("9")! >= 2]).toEqual([
    true,
    true,
    true,
    true,
  ]);
});

it("takes the trace of the call that caused an event through the queue, and from its handler to the outside", () => {
  expect([...tracesOutside]).toEqual([TRACEPARENT]);
});

it("loses nothing that was acknowledged where the process is killed with all that is in its queue", async () => {
  if (running === undefined) await start();
  for (const count of [45, 60]) {
    await changeUntil(count);
    kill();
    await start();
  }
  await expectDone(60);
});
