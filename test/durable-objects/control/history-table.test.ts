// The history of versions in rows: a random sequence of changes reads back as it was, and no row is left over.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { changed, type Operation } from "../../../core/control/history.ts";
import { EMPTY_HISTORY, type VersionHistory } from "../../../core/control/version.ts";
import { HistoryTable } from "../../../durable-objects/control/history-table.ts";

const STEPS = 300;

it.each([1, 2, 3])("reads what was written (seed %i)", async (seed) => {
  await runInDurableObject(env.CONTROL_PLANE.getByName(`history-${seed}`), (_, { storage: { sql } }) => {
    const table = new HistoryTable(sql);
    expect(table.read()).toEqual(EMPTY_HISTORY);
    let random = seed;
    let history: VersionHistory = EMPTY_HISTORY;
    for (let step = 0; step < STEPS; step++) {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      const outcome = changed(history, operationOf(random >>> 16, history, step), 1_000 * step);
      if (outcome.kind !== "changed") continue;
      table.write(history, outcome.history);
      history = outcome.history;
      expect(table.read()).toEqual(history);
    }
    const count = (name: string): number => sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${name}`).one().n;
    expect([count("versions"), count("changes"), count("marks")]).toEqual([history.versions.length, history.changes.length, 1]);
    expect(history.versions.length).toBe(50);
  });
});

function operationOf(random: number, { sequence }: VersionHistory, step: number): Operation {
  const base = { expected: sequence, author: "ann", reason: `step ${step}` };
  const publish = { ...base, kind: "publish" as const, digest: `digest ${step}`, bytes: 1 };
  switch (random % 8) {
    case 0:
      return { ...base, kind: "promote" };
    case 1:
      return { ...base, kind: "abort" };
    case 2:
      return { ...base, kind: "rollback" };
    case 3:
      return { ...publish, share: { percent: 5, region: "weur" } };
    default:
      return publish;
  }
}
