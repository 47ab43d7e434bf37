// Runs the Worker of test/support/queue in a process of its own, so that a test can end that at any time: `node run.ts FOLDER OUTSIDE` prints its origin.
import { buildSync } from "esbuild";
import { convertV4MiniflareOptions, Miniflare, type V4MiniflareOptions } from "miniflare";

const [persistTo, outside] = process.argv.slice(2) as [string, string];
const { outputFiles } = buildSync({
  entryPoints: [new URL("../../support/queue/worker.ts", import.meta.url).pathname],
  bundle: true,
  format: "esm",
  target: "es2024",
  platform: "neutral",
  external: ["cloudflare:*"],
  write: false,
});
const object = (className: string) => ({ className, useSQLite: true });
const options = {
  host: "127.0.0.1",
  port: 0,
  cf: false,
  resourcePersistencePath: persistTo,
  workers: [
    {
      name: "test",
      compatibilityDate: "2026-10-01",
      modules: [{ type: "ESModule", path: "worker.js", contents: outputFiles[0]!.text }],
      bindings: { OUTSIDE: outside },
      durableObjects: { SOURCE: object("Source"), EFFECTS: object("Effects"), DEAD_LETTERS: object("DeadLetters") },
      queueProducers: { EVENTS: "events", DEAD_EVENTS: "events-dead" },
      queueConsumers: {
        events: { maxBatchSize: 100, maxBatchTimeout: 0.2, maxRetries: 20, deadLetterQueue: "events-dead" },
        "events-dead": { maxBatchTimeout: 0.2, maxRetries: 100 },
      },
    },
  ],
};
const miniflare = new Miniflare(convertV4MiniflareOptions(options as unknown as V4MiniflareOptions));
console.log(`origin ${(await miniflare.ready).origin}`);
