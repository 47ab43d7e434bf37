// What work after the response costs: a request that responds at once, and one item of work for it, in one of several ways.
import { BatchProcessor, Pipeline, WorkerPool } from "../../workers/work.ts";

interface Env {
  readonly SINK: Fetcher;
  readonly MODE: string; // "none", "per_item", "batch", "batch_without_context", "pool" or "pipeline"
}

const PIPELINE_ITEMS = Array.from({ length: 100 }, (_, item) => item);
const BODY = JSON.stringify({ id: "usr_01arz3ndektsv4rrffq69g5fav" });

let sink: Fetcher;
const send = async (items: readonly string[]): Promise<void> => {
  const response = await sink.fetch("http://sink/", { method: "POST", body: items.join("\n") });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`the sink responded with ${response.status}`);
};
const batch = new BatchProcessor<string>(send);
const pool = new WorkerPool({ concurrency: 1_000 });

export default {
  async fetch(_: Request, { SINK, MODE }: Env, context: ExecutionContext): Promise<Response> {
    sink = SINK;
    if (MODE === "per_item") context.waitUntil(send([BODY]));
    if (MODE === "batch") batch.add(BODY, context);
    if (MODE === "batch_without_context") batch.add(BODY);
    if (MODE === "pool") await pool.run(async () => {});
    if (MODE === "pipeline") await Pipeline.from(PIPELINE_ITEMS).forEach(async () => {}, { concurrency: 6 });
    return new Response(BODY);
  },
};
