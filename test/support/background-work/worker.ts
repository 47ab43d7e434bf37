// A Worker whose requests add to batches, and may end before these are sent.
import { BatchProcessor } from "../../../workers/background-work/batch-processor.ts";

interface Env {
  readonly SINK: Fetcher;
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

export default {
  async fetch(request: Request, env: Env, context: Context): Promise<Response> {
    sink ??= env.SINK;
    const { pathname, searchParams } = new URL(request.url);
    const batch = batches[pathname.slice(1)];
    if (batch === undefined) return new Response("no such path", { status: 404 });
    const items = searchParams.getAll("item");
    for (const item of items) batch.add(item, searchParams.has("context") ? context : undefined);
    const abortAfterMs = searchParams.get("abortAfterMs");
    if (abortAfterMs !== null) {
      await scheduler.wait(Number(abortAfterMs));
      context.abort("the request ends here");
    }
    return new Response(String(batch.size));
  },
};
