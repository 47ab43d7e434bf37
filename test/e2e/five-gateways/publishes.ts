// Publishes under load: clients call every gateway all the time, while versions follow one another, some of them published by two at once.
import { setTimeout as pause } from "node:timers/promises";
import { configurationOf } from "../../support/five-gateways/settings.ts";
import type { FiveGateways } from "./fleet.ts";

const CLIENTS = 3; // in each gateway, one call after the other
const PAUSE_MS = 150; // between two publishes
const CONVERGE_MS = 60_000;
const EVERY = 10; // one of so many publishes has a rival

export interface PublishOutcome {
  readonly calls: number;
  readonly failed: readonly string[]; // calls that got no good response
  readonly mixed: readonly string[]; // responses in which two versions are seen
  readonly backward: readonly string[]; // calls that an older version served than one that had ended before they were sent
  readonly published: number;
  readonly conflicts: readonly string[]; // messages to those that were slower
  readonly converged: readonly string[]; // what each gateway serves at the end
  readonly last: string;
  readonly propagationMs: readonly number[]; // from the response to a publish to the first call in a gateway that it has served, ascending
}

/** Serves the `n`th version. */
const nameOf = (n: number): string => `v${n}`;
const numberOf = (name: string): number => (name.startsWith("v") ? Number(name.slice(1)) : 0);

export async function publishUnderLoad(fleet: FiveGateways, publishes: number, report: (line: string) => void): Promise<PublishOutcome> {
  const failed: string[] = [];
  const mixed: string[] = [];
  const backward: string[] = [];
  const conflicts: string[] = [];
  const gateways = Array.from({ length: fleet.count }, (_, index) => index);
  const highest = gateways.map(() => 0); // version of the calls that have ended
  const firstAt = gateways.map(() => [] as number[]); // epoch ms at which a gateway was first seen to serve a version, or a later one
  const acknowledgedAt: number[] = [];
  let calls = 0;
  let isOver = false;

  const client = async (to: number): Promise<void> => {
    while (!isOver) {
      const before = highest[to]!;
      const seen = await fleet.call(to).catch((error: unknown) => ({ status: 0, versions: [String(error)] }));
      calls += 1;
      if (seen.status !== 200) failed.push(`gateway ${to}: ${seen.status} ${seen.versions.join()}`);
      else if (seen.versions.length > 1) mixed.push(`gateway ${to}: ${seen.versions.join()}`);
      else {
        const version = numberOf(seen.versions[0]!);
        if (version < before) backward.push(`gateway ${to}: ${version} after ${before}`);
        for (let n = highest[to]! + 1; n <= version; n++) firstAt[to]![n] = Date.now();
        highest[to] = Math.max(highest[to]!, version);
      }
    }
  };
  const clients = gateways.flatMap((to) => Array.from({ length: CLIENTS }, () => client(to)));

  let last = 0;
  let published = 0;
  for (let round = 1; published < publishes && failed.length === 0; round++) {
    const expected = await fleet.sequence(round % fleet.count);
    const rivals = round % EVERY === 0 ? [last + 1, last + 2] : [last + 1];
    const replies = await Promise.all(
      rivals.map((n, index) => fleet.publish((round + index) % fleet.count, configurationOf(nameOf(n)), expected, `op-${index}`)),
    );
    for (const [index, { status, body }] of replies.entries()) {
      if (status === 200) last = rivals[index]!;
      else if (status === 409) conflicts.push(String(body.message));
      else failed.push(`publish of ${rivals[index]}: ${status} ${body.message}`);
    }
    acknowledgedAt[last] = Date.now();
    published += 1;
    if (round % 50 === 0) report(`${published} of ${publishes} published, ${calls} calls`);
    await pause(PAUSE_MS);
  }
  const deadline = Date.now() + CONVERGE_MS;
  while (highest.some((version) => version < last) && Date.now() < deadline) await pause(50);
  isOver = true;
  await Promise.all(clients);
  const converged = await Promise.all(gateways.map(async (to) => (await fleet.call(to)).versions.join()));
  const propagationMs = acknowledgedAt
    .flatMap((at, n) => firstAt.map((seen) => Math.max(0, (seen[n] ?? Number.POSITIVE_INFINITY) - at)))
    .toSorted((one, other) => one - other);
  return {
    ...{ calls, failed, mixed, backward, conflicts, converged, propagationMs },
    published,
    last: nameOf(last),
  };
}

/** @param sorted ascending */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** A line about what was measured. */
export function summary({ published, calls, conflicts, propagationMs }: PublishOutcome): string {
  const ms = (share: number): string => `${percentile(propagationMs, share)} ms`;
  return `${published} publishes, ${conflicts.length} conflicts, ${calls} calls; propagation p50 ${ms(0.5)}, p99 ${ms(0.99)}, max ${ms(1)}`;
}
