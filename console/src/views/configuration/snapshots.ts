// Snapshots in the browser: read as text that people edit, written as the gateway takes them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { configurationDiff, type Difference } from "../../../../core/control/configuration-diff.ts";
import { canonicalJson, type JsonObject, type JsonValue, parseSnapshot } from "../../../../core/control/snapshot.ts";
import type { Snapshot, SnapshotSchema } from "../../../../protos/gen/tidegate/control/v1/control_pb.ts";

/** @returns the text with its lines and indentation; as it is where it is no JSON */
export function readable(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** @throws Error where one of the texts is no snapshot */
export function differences(before: string, after: string): readonly Difference[] {
  const [one, other] = [parsed(before), parsed(after)];
  return [
    ...configurationDiff(one.configuration, other.configuration),
    ...configurationDiff({ descriptors: one.descriptors }, { descriptors: other.descriptors }),
  ];
}

/** The text of a value of a difference; undefined for one that is not there. */
export function valueText(value: JsonValue | undefined): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

/**
 * What is sent to publish an edited text.
 *
 * @param text a snapshot, in any layout
 * @param base a published one, whose descriptor sets the text may name
 * @throws Error where the text is no snapshot, or names descriptor sets that the base does not have
 */
export async function snapshotOf(text: string, base: Snapshot | undefined): Promise<MessageInitShape<typeof SnapshotSchema>> {
  const snapshot = parsed(text);
  const canonical = canonicalJson(snapshot as unknown as JsonObject); // a snapshot is plain data
  const sets = await Promise.all((base?.descriptors ?? []).map(async (set) => [await sha256(set), set] as const));
  const bySet = new Map(sets);
  const descriptors = snapshot.descriptors.map((digest) => {
    const set = bySet.get(digest);
    if (set === undefined)
      throw new Error(
        `the text names descriptor set ${digest.slice(0, 12)}, which the live version does not have; use \`npx tidegate publish\``,
      );
    return set;
  });
  return { digest: await sha256(new TextEncoder().encode(canonical)), text: canonical, descriptors };
}

function parsed(text: string) {
  const result = parseSnapshot(text);
  if (result.kind === "invalid") throw new Error(result.problem);
  return result.snapshot;
}

async function sha256(data: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", data as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
