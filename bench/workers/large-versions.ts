// Versions of a large configuration, compiled one after the other as an isolate does. `npm run bench:control` runs it in Node.
import { hexOf, sha256 } from "../../core/auth/sha256.ts";
import { snapshotText } from "../../core/control/snapshot.ts";
import { IsolateParts } from "../../workers/gateway/background/isolate-parts.ts";
import { type CompiledVersion, compileVersion } from "../../workers/gateway/control/compile-version.ts";
import { snapshotInput } from "../../workers/gateway/control/snapshot-input.ts";
import { largeConfiguration, largeDescriptors, type VersionChange } from "../control/large-snapshot.ts";

export interface Compiled {
  readonly times: readonly number[]; // CPU of each version, ms, in their order
  readonly bytes: number; // text of a snapshot
  readonly parts: number; // parts of the isolate at the end
}

const CATALOG = [] as const; // one list for all versions: what is linked from descriptors is shared by it
const object = { getByName: () => ({}) };
const BINDINGS = {
  ...{ USERS: { fetch }, ADMIN_SECRET: "a-secret-of-more-than-thirty-two-characters" },
  ...{ RELAY: object, TOKEN_BUCKET: object, AUDIT_LOG: object, CONTROL_PLANE: object, HASH_RING: object, CIRCUIT_BREAKER: object },
};

/** @param difference of each version from the one before @param cpuMs CPU that the process has used so far, ms */
export function compileVersions(count: number, difference: VersionChange, cpuMs: () => number): Compiled {
  const parts = new IsolateParts();
  const set = largeDescriptors();
  const digest = hexOf(sha256(set));
  const textOf = (revision: number): string =>
    snapshotText({ format: 1, configuration: largeConfiguration(revision, difference) as never, descriptors: [digest], layers: [] });
  const texts = Array.from({ length: count }, (_, revision) => textOf(revision));
  let served: CompiledVersion | undefined;
  const times = texts.map((text, revision) => {
    const before = cpuMs();
    const read = snapshotInput({ digest: String(revision).padStart(64, "0"), text, descriptors: { [digest]: set.slice() } });
    if (read.kind === "invalid") throw new Error(read.problem);
    const next = compileVersion(String(revision), read.input, {
      catalog: CATALOG,
      bindings: BINDINGS as never,
      extensions: {},
      parts,
      collector: () => undefined,
    });
    served?.release();
    served = next;
    return cpuMs() - before;
  });
  return { times, bytes: texts[0]!.length, parts: parts.size };
}
