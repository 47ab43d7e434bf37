// A Worker whose requests add to batches, bring work to a pool and stream pipelines, and may end before all of that has.
import { BatchProcessor, Pipeline, WorkerPool } from "../../../workers/work.ts";

interface Env {
  readonly SINK: Fetcher;
  readonly front: Fetcher;
}

interface Context {
  waitUntil(promise: Promise<unknown>): void;
  abort(reason?: unknown): void;
}

let sink: Fetcher;
const send = (path: string) => async (items: readonly string[], signal: AbortSignal) => {
  const response = await sink.fetch(`http://sink${path}`, { method: "POST", body: JSON.stringify(items), signal });
  await response.text();
  if (!response.ok) throw new Error(`sink: ${response.status}`);
};
const batches: Readonly<Record<string, BatchProcessor<string>>> = {
  hundred: new BatchProcessor(send("/hundred"), { name: "hundred", lingerMs: 300 }),
  slow: new BatchProcessor(send("/slow"), { name: "slow", size: 2, lingerMs: 100, timeoutMs: 2_000 }),
};

const pool = new WorkerPool({ concurrency: 1, maxWaiting: 10 });
const pipelines = { running: 0, closed: 0 };

async function* endless(): AsyncGenerator<number> {
  try {
    for (let number = 0; ; number++) yield number;
  } finally {
    pipelines.closed += 1;
  }
}

async function page(number: number, signal: AbortSignal): Promise<Uint8Array> {
  pipelines.running += 1;
  try {
    const response = await sink.fetch("http://sink/page", { method: "POST", body: JSON.stringify([String(number)]), signal });
    if (!response.ok) throw new Error(`sink: ${response.status}`);
    await response.arrayBuffer();
    return new Uint8Array(16_384);
  } finally {
    pipelines.running -= 1;
  }
}

/** Work that lasts until the sink responds. */
async function worked(name: string, signal: AbortSignal | undefined, key: string): Promise<Response> {
  const work = async (own: AbortSignal): Promise<string> => {
    await send("/work")([name], own);
    return name;
  };
  return new Response(await pool.run(work, { signal, key }));
}

function added(batch: BatchProcessor<string>, url: URL, context: Context): Response {
  for (const item of url.searchParams.getAll("item")) batch.add(item, url.searchParams.has("context") ? context : undefined);
  return new Response(String(batch.size));
}

export default {
  async fetch(request: Request, env: Env, context: Context): Promise<Response> {
    sink ??= env.SINK;
    const url = new URL(request.url);
    const { pathname, searchParams } = url;
    const abortAfterMs = searchParams.get("abortAfterMs");
    if (abortAfterMs !== null) void scheduler.wait(Number(abortAfterMs)).then(() => context.abort("the request ends here"));
    const batch = batches[pathname.slice(1)];
    if (batch !== undefined) {
      const response = added(batch, url, context);
      if (abortAfterMs !== null) await scheduler.wait(60_000);
      return response;
    }
    if (pathname === "/work")
      return worked(searchParams.get("name")!, searchParams.has("signal") ? request.signal : undefined, searchParams.get("key") ?? "");
    if (pathname === "/hang-up") return env.front.fetch(`http://front/work${url.search}`);
    if (pathname === "/pipeline") return new Response(Pipeline.from(endless()).map(page, { concurrency: 2 }).toStream());
    return Response.json({ running: pool.running, waiting: pool.waiting, pipelines });
  },
};
