// What is live, what isolates run, and what they refuse, as GetStatus responds it.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Version } from "../../../../core/control/version.ts";
import type { ControlStatus } from "../../../../durable-objects/control-plane.ts";
import type { GetStatusResponseSchema } from "../../../../protos/gen/tidegate/control/v1/control_pb.ts";
import { changeMessage, shareMessage, versionMessage } from "./control-messages.ts";

/** @param versions the stored ones, ascending */
export function statusMessage(status: ControlStatus, versions: readonly Version[]): MessageInitShape<typeof GetStatusResponseSchema> {
  const { sequence, live, previous, canary, changes, fleet } = status;
  const numbers = new Map(versions.map(({ digest, version }) => [digest, BigInt(version)])); // the latest one of each digest
  const last = changes.at(-1);
  const regions = Object.entries(fleet.regions).map(([region, { isolates, canaries }]) => {
    const running = [...new Set([...Object.keys(isolates), ...Object.keys(canaries)])].map((digest) => {
      const counts = { isolates: BigInt(isolates[digest] ?? 0), canaries: BigInt(canaries[digest] ?? 0) };
      return { digest, version: numbers.get(digest) ?? 0n, ...counts };
    });
    return { region, running };
  });
  const refused = fleet.refused.map(({ digest, reason, isolates }) => {
    return { digest, version: numbers.get(digest) ?? 0n, reason, isolates: BigInt(isolates) };
  });
  return {
    sequence: BigInt(sequence),
    ...(live !== undefined && { live: versionMessage(live) }),
    ...(previous !== undefined && { previous: versionMessage(previous) }),
    ...(canary !== undefined && { canary: versionMessage(canary.version), share: shareMessage(canary) }),
    ...(last !== undefined && { lastChange: changeMessage(last) }),
    regions,
    refused,
    ...(fleet.fallenBack > 0 && { fellBack: BigInt(fleet.fallenBack) }),
  };
}
