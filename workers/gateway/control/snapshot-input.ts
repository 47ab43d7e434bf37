// Makes the input of the compiler from a stored snapshot, as if gateway.config.ts had been imported.
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { readSnapshot, type StoredSnapshot } from "../../../core/control/snapshot.ts";

export type SnapshotInput =
  | { readonly kind: "ok"; readonly input: GatewayInput; readonly layers: readonly string[] }
  | { readonly kind: "invalid"; readonly problem: string };

/** Never throws. @returns the input, whose settings are not checked yet, and the layers that it needs of the bundle */
export function snapshotInput(stored: StoredSnapshot): SnapshotInput {
  const parsed = readSnapshot(stored);
  if (parsed.kind === "invalid") return parsed;
  const { configuration, descriptors, layers } = parsed.snapshot;
  const sets = descriptors.map((digest) => stored.descriptors[digest]!);
  const input: unknown = sets.length === 0 ? configuration : { ...configuration, descriptors: sets };
  return { kind: "ok", input: input as GatewayInput, layers }; // the compiler checks every setting of it
}
