// `tidegate publish`: sends gateway.config.ts as a new version, which becomes live or the canary.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { StoredSnapshot } from "../../core/control/snapshot.ts";
import type { CanaryShareSchema, PublishRequestSchema } from "../../protos/gen/tidegate/control/v1/control_pb.ts";
import { BundleError } from "../project/bundle.ts";
import type { Context } from "../tidegate/context.ts";
import { Failure } from "../tidegate/failure.ts";
import { type ChangeOptions, called, controlClient, percentOf, reasonOf } from "./client.ts";
import { projectSnapshot, SnapshotProblems } from "./snapshot.ts";

export interface PublishOptions extends ChangeOptions {
  readonly config: string; // file that holds the configuration
  readonly canary?: string | undefined; // 5%
  readonly region?: string | undefined;
  readonly dryRun: boolean;
}

type PublishMessage = MessageInitShape<typeof PublishRequestSchema>;

export async function publish(context: Context, options: PublishOptions): Promise<void> {
  const { dryRun } = options;
  const reason = dryRun ? (options.reason ?? "dry run") : reasonOf(options, "publish");
  const canary = shareOf(options, "publish");
  const client = controlClient(context, options);
  context.progress("reading the configuration ...");
  const snapshot = await snapshotOfFile(options.config);
  context.progress("publishing ...");
  const { sequence: expectedSequence } = await called(options, client.getStatus({}));
  const request: PublishMessage = {
    snapshot: messageOf(snapshot),
    expectedSequence,
    reason,
    validateOnly: dryRun,
    ...(canary && { canary }),
  };
  const { version, sequence, unchanged, warnings } = await called(options, client.publish(request));
  for (const warning of warnings) context.note(`warning: ${warning}`);
  const { digest } = snapshot;
  const state = dryRun ? "valid" : unchanged ? "unchanged" : canary === undefined ? "live" : "canary";
  const texts = {
    valid: `valid: nothing was published (digest ${digest})`,
    unchanged: `version ${version} has this configuration already: nothing has changed`,
    live: `version ${version} is live (digest ${digest}); isolates apply it within two intervals: \`tidegate status\``,
    canary: `version ${version} is the canary (digest ${digest}); \`tidegate promote\` makes it live, \`tidegate rollback\` takes it back`,
  };
  context.print({ state, version, sequence, digest, warnings }, `${texts[state]}\n`);
}

/** @throws Failure with every problem of the file */
export async function snapshotOfFile(file: string): Promise<StoredSnapshot> {
  try {
    return await projectSnapshot(file);
  } catch (error) {
    if (!(error instanceof SnapshotProblems || error instanceof BundleError)) throw error;
    throw new Failure({ what: ["nothing was published:", ...error.problems].join("\n  "), where: { file } });
  }
}

/** @returns undefined where neither flag is written */
export function shareOf(
  { canary, region }: Pick<PublishOptions, "canary" | "region">,
  command: string,
): MessageInitShape<typeof CanaryShareSchema> | undefined {
  if (canary === undefined && region === undefined) return undefined;
  return { percent: canary === undefined ? 0 : percentOf(canary, command), region: region ?? "" };
}

function messageOf({ digest, text, descriptors }: StoredSnapshot): PublishMessage["snapshot"] {
  return { digest, text, descriptors: Object.values(descriptors) as Uint8Array<ArrayBuffer>[] };
}
