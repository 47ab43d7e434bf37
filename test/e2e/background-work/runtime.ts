// Starts the Worker of this folder on a given workerd, with a sink that records what arrives.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "../../../bench/workerd.ts";

const NEXT = "node_modules/workerd-next-linux-64/bin/workerd";

/** Binaries by name: the pinned one, and a newer one where it is installed. */
export const RUNTIMES: readonly (readonly [name: string, binary: string | undefined])[] = [
  ["the pinned runtime", undefined],
  ...(existsSync(NEXT) ? [["the next runtime", NEXT] as const] : []),
];

export interface Arrival {
  readonly path: string;
  readonly items: readonly string[];
  readonly at: number; // epoch ms
}

export interface WorkRuntime {
  readonly origin: string;
  readonly arrivals: readonly Arrival[];
  /** What the sink does with a batch; default: status 200 at once. */
  respond: (path: string, items: readonly string[]) => Promise<number> | number;
  stop(): void;
}

export async function startWork(binary: string | undefined): Promise<WorkRuntime> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-work-"));
  const arrivals: Arrival[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url!;
    const items: readonly string[] = JSON.parse(Buffer.concat(chunks).toString());
    arrivals.push({ path, items, at: Date.now() });
    response.statusCode = await runtime.respond(path, items);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const common = { about: "", prepare: () => ({ method: "GET", path: "/", headers: {} }) };
  const front = { ...common, entry: "test/support/background-work/front.ts" };
  const subject = {
    ...{ ...common, entry: "test/support/background-work/worker.ts", upstreams: ["SINK"], flags: ["enable_request_signal"] },
    workers: { front: { ...front, workers: { main: front } } }, // bound to one another
  };
  const workerd = await start(folder, subject, {
    upstreamPort: (server.address() as AddressInfo).port,
    cpu: 0,
    ...(binary === undefined ? {} : { binary }),
  });
  const runtime: WorkRuntime = {
    origin: workerd.origin,
    arrivals,
    respond: () => 200,
    stop: () => {
      workerd.stop();
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return runtime;
}
