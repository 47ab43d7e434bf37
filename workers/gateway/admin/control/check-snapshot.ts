// Compiles a snapshot before it is published, as an isolate would to serve it, and reports every problem at once.
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import type { Problem } from "../../../../core/config/problems.ts";
import type { StoredSnapshot } from "../../../../core/control/snapshot.ts";
import { type Configuration, InvalidConfiguration } from "../../configure/configuration.ts";
import { snapshotInput } from "../../control/snapshot-input.ts";
import type { SnapshotCheck } from "./control-service.ts";

/** @param running the configuration whose admin service is called; nothing of the snapshot serves */
export function checkSnapshot(snapshot: StoredSnapshot, running: Pick<Configuration, "policy" | "recompile">): SnapshotCheck {
  const read = snapshotInput(snapshot);
  if (read.kind === "invalid") return refusedFor([{ path: "snapshot", found: read.problem, fix: "make it with `tidegate publish`" }]);
  const { durableObjects } = running.policy;
  const fixed = fixedProblems(read.input, durableObjects.jurisdiction);
  // In the place of the running one: the versions are there.
  const input = fixed.length === 0 ? read.input : { ...read.input, durableObjects };
  try {
    return { problems: fixed, warnings: running.recompile(input).warnings };
  } catch (error) {
    if (error instanceof InvalidConfiguration) return refusedFor([...fixed, ...error.problems]);
    throw error;
  }
}

/** What a version cannot change: it could not be taken back. */
function fixedProblems({ control, durableObjects }: GatewayInput, before: string | undefined): Problem[] {
  const problems: Problem[] = [];
  if (control === undefined)
    problems.push({ path: "control", found: "nothing", fix: "write control: {}: without it no isolate would learn of another version" });
  const place = durableObjects?.jurisdiction;
  if (place !== before) {
    const written = before === undefined ? "leave it out" : `write ${JSON.stringify(before)}`;
    const fix = `${written}, and change it by a deploy: the versions are in Durable Objects of the former jurisdiction`;
    problems.push({ path: "durableObjects.jurisdiction", found: place ?? "nothing", fix });
  }
  return problems;
}

function refusedFor(problems: readonly Problem[]): SnapshotCheck {
  return { problems, warnings: [] };
}
