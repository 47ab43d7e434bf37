// The load, from a thread of its own: a fixed number of connections, each with one request under way (closed loop), or requests at a fixed
// rate whatever the responses do (open loop).
import { once } from "node:events";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { Pool } from "undici";
import { addressOf, type LoadRequest } from "./subjects.ts";

interface Order {
  readonly origin: string;
  readonly request: LoadRequest;
  readonly connections: number;
  readonly seconds: number;
  readonly rate?: number | undefined; // requests per second of an open loop; undefined for a closed one
}

export interface Slice {
  readonly latenciesMs: Float64Array; // latencies of successful requests; in an open loop from the time at which each was due
  readonly errors: ReadonlyMap<string, number>; // what was wrong with the others (status and reason, or what broke), and how often
  readonly seconds: number;
}

const MAX_REASON = 300; // characters of the body of an error

export class LoadGenerator {
  readonly #thread = new Worker(import.meta.filename);

  constructor() {
    this.#thread.unref(); // where a run fails, the process ends all the same
  }

  async run(order: Order): Promise<Slice> {
    this.#thread.postMessage(order);
    const [slice] = (await once(this.#thread, "message")) as [Slice];
    return slice;
  }

  async stop(): Promise<void> {
    await this.#thread.terminate();
  }
}

async function fire({ origin, request, connections, seconds, rate }: Order): Promise<Slice> {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const { method, headers, body } = request;
  const paths = request.paths ?? [request.path];
  const expected = request.status ?? 200;
  const latencies: number[] = [];
  const errors = new Map<string, number>();
  let sent = 0;
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  const failed = (reason: string): void => void errors.set(reason, (errors.get(reason) ?? 0) + 1);
  const send = async (dueAt: number): Promise<void> => {
    try {
      const answer = await pool.request({
        method: method as "GET",
        path: paths[sent % paths.length]!,
        headers: { ...headers, "cf-connecting-ip": addressOf(sent++, request.callers) },
        body: body ?? null,
      });
      if (answer.statusCode !== expected) return failed(`${answer.statusCode} ${(await answer.body.text()).slice(0, MAX_REASON)}`);
      await answer.body.dump();
      latencies.push(performance.now() - dueAt);
    } catch (error) {
      failed(String(error));
    }
  };
  if (rate === undefined) {
    const caller = async (): Promise<void> => {
      while (performance.now() < until) await send(performance.now());
    };
    await Promise.all(Array.from({ length: connections }, caller));
  } else {
    const running: Promise<void>[] = [];
    for (let next = startedAt; next < until; next += 1000 / rate) {
      const ms = next - performance.now();
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
      running.push(send(next));
    }
    await Promise.all(running);
  }
  const elapsed = (performance.now() - startedAt) / 1000;
  await pool.close();
  return { latenciesMs: Float64Array.from(latencies), errors, seconds: elapsed };
}

if (!isMainThread) {
  parentPort!.on(
    "message",
    (order: Order) => void fire(order).then((slice) => parentPort!.postMessage(slice, [slice.latenciesMs.buffer as ArrayBuffer])),
  );
}
