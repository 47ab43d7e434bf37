// `npm run bench:control -- --swaps`: slices of a second in which an isolate takes a version that was just published, and others, in turn.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Inspector } from "../figures/inspector.ts";
import { shuffled } from "../figures/statistics.ts";
import { LoadGenerator } from "../load.ts";
import { type Measured, measure } from "../measure.ts";
import { connectCall, GATEWAY_OBJECTS, type Subject, upstream } from "../subjects.ts";
import { type Running, start } from "../workerd.ts";
import { METHOD_PATHS, type VersionChange } from "./large-snapshot.ts";
import { PublishedVersions } from "./published-versions.ts";
import type { SwapFigures } from "./swap-report.ts";
import { ADMIN_SECRET } from "./versions-seen.ts";

export interface SwapOptions {
  readonly rounds: number; // each with a slice of both kinds
  readonly connections: number;
  readonly rate: number | undefined; // requests per second of an open loop; undefined for a closed one
  readonly difference: VersionChange; // between a version and the one before
  readonly isGcGlobal: boolean; // with the settings of V8 of `npm run bench`, instead of its own
}

const WARM_UP = 3; // slices of each kind that do not count
const CALLERS = 8; // with the methods this makes one bucket for each limit: leases do not lapse between calls, and no limit is reached

const operator: Subject = {
  entry: "bench/workers/gateway-operator.ts",
  about: "",
  upstreams: ["USERS", "ORDERS", "NOTIFICATIONS"],
  gatewayObjects: GATEWAY_OBJECTS,
  variables: { ADMIN_SECRET },
  prepare: () => ({ ...connectCall(), path: METHOD_PATHS[0]!, paths: METHOD_PATHS, callers: CALLERS }),
};
const subject: Subject = { ...operator, entry: "bench/workers/gateway-versions.ts", workers: { OPERATOR: operator } };

/**
 * Both kinds of slices are of one isolate. Before each of them a version is sent to the isolate of the operator, which publishes it or only
 * checks it: its CPU is in neither, and what it leaves behind is in both.
 *
 * @param report receives lines about the progress
 * @throws Error where something does not start, or a version is refused
 */
export async function measureSwaps(options: SwapOptions, report: (line: string) => void): Promise<SwapFigures> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-swaps-"));
  const running: Running[] = [];
  const load = new LoadGenerator();
  try {
    const origin = await start(join(folder, "upstream"), upstream, { upstreamPort: 0, cpu: 1 });
    running.push(origin);
    const v8 = options.isGcGlobal ? {} : { v8Flags: [] };
    const server = await start(join(folder, "gateway"), subject, { upstreamPort: origin.port, cpu: 0, ...v8 });
    running.push(server);
    const versions = new PublishedVersions(server.origin, options.difference);
    await versions.taken(await versions.publish());
    const measured = (name: string) => measure(name, subject, server, folder, { upstreamPort: origin.port }, undefined);
    const figures = await slices(await measured("a version each second"), await measured("no version"), versions, load, options, report);
    server.stop();
    return { ...figures, allocatedBytes: await allocatedBytes(join(folder, "inspected"), origin.port, options.difference) };
  } finally {
    await load.stop();
    for (const one of running) one.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bytes that an isolate allocates on the JavaScript heap while it takes a version, in a process of its own; a few calls are in it. */
async function allocatedBytes(folder: string, upstreamPort: number, difference: VersionChange): Promise<number> {
  const server = await start(folder, subject, { upstreamPort, cpu: 0, inspected: true, v8Flags: [] });
  try {
    const versions = new PublishedVersions(server.origin, difference);
    for (let warm = 0; warm < WARM_UP; warm++) await versions.taken(await versions.publish());
    const inspector = await Inspector.open(server.inspectorPort!, "main");
    const allocations = await inspector.allocations(async () => versions.taken(await versions.publish()));
    inspector.close();
    return [...allocations.values()].reduce((sum, bytes) => sum + bytes, 0);
  } finally {
    server.stop();
  }
}

async function slices(
  swapped: Measured,
  still: Measured,
  versions: PublishedVersions,
  load: LoadGenerator,
  { rounds, connections, rate }: SwapOptions,
  report: (line: string) => void,
): Promise<Omit<SwapFigures, "allocatedBytes">> {
  const order = { connections, seconds: 1, rate };
  let published = 0;
  const publish = async (): Promise<void> => {
    published = await versions.publish();
  };
  /** @returns how long the isolate stood still for the version, ms; undefined where it has not taken it within the slice */
  const swap = async (): Promise<number | undefined> => {
    await swapped.slice(load, { ...order, beforeSlice: publish });
    const { number, compileMs } = await versions.seen();
    return number === published ? compileMs.at(-1) : undefined;
  };
  const keep = () => still.slice(load, { ...order, beforeSlice: () => versions.check() });

  for (let round = 0; round < WARM_UP; round++) for (const slice of [swap, keep]) await slice();
  for (const one of [swapped, still]) one.reset();
  const compileMs: (number | undefined)[] = [];
  for (let round = 0; round < rounds; round++) {
    report(`round ${round + 1} of ${rounds}`);
    for (const one of shuffled([swapped, still], Math.random)) one === swapped ? compileMs.push(await swap()) : await keep();
  }
  return { swapped, still, compileMs, size: (await versions.seen()).size };
}
