// The load: a fixed number of connections, each with one request under way, from a thread of its own.
import { once } from "node:events";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { Pool } from "undici";
import type { LoadRequest } from "./subjects.ts";

interface Order {
  readonly origin: string;
  readonly request: LoadRequest;
  readonly connections: number;
  readonly seconds: number;
}

export interface Slice {
  readonly latenciesMs: Float64Array; // latencies of successful requests
  readonly errors: number; // responses other than 2xx, and broken connections
  readonly seconds: number;
}

export class LoadGenerator {
  readonly #thread = new Worker(import.meta.filename);

  async run(order: Order): Promise<Slice> {
    this.#thread.postMessage(order);
    const [slice] = (await once(this.#thread, "message")) as [Slice];
    return slice;
  }

  async stop(): Promise<void> {
    await this.#thread.terminate();
  }
}

async function fire({ origin, request, connections, seconds }: Order): Promise<Slice> {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const { method, path, headers, body } = request;
  const latencies: number[] = [];
  let errors = 0;
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  const caller = async (): Promise<void> => {
    while (performance.now() < until) {
      const sentAt = performance.now();
      try {
        const answer = await pool.request({ method: method as "GET", path, headers: { ...headers }, body: body ?? null });
        await answer.body.dump();
        if (answer.statusCode >= 200 && answer.statusCode < 300) latencies.push(performance.now() - sentAt);
        else errors += 1;
      } catch {
        errors += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, caller));
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
