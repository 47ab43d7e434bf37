// Calls of ControlService by commands: the client, the state that a change is made against, and how refusals are reported.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { OPERATOR_HEADER } from "../../core/headers.ts";
import {
  type Change,
  ChangeConflictSchema,
  ChangeKindSchema,
  ConfigurationProblemsSchema,
  ControlService,
} from "../../protos/gen/tidegate/control/v1/control_pb.ts";
import { adminToken, callFailure, gatewayClient } from "../admin/gateway-client.ts";
import type { Context } from "../tidegate/context.ts";
import { Failure, wrongUsage } from "../tidegate/failure.ts";
import { authorOf } from "../tidegate/gateway-flags.ts";

export interface ControlOptions {
  readonly gateway: string;
  readonly as?: string | undefined;
}

export interface ChangeOptions extends ControlOptions {
  readonly reason?: string | undefined;
}

export type ControlClient = Client<typeof ControlService>;

export function controlClient(context: Context, { gateway, as }: ControlOptions): ControlClient {
  return gatewayClient(ControlService, gateway, adminToken(context.env), { [OPERATOR_HEADER]: authorOf(as) });
}

/** @throws Failure with what the gateway has refused */
export async function called<T>({ gateway }: ControlOptions, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw refusal(error) ?? callFailure(error, gateway, "control: {}");
  }
}

/** @throws Failure where none is written */
export function reasonOf({ reason = "" }: ChangeOptions, command: string): string {
  if (reason.trim() === "") throw wrongUsage("found no reason", command, 'write one for the audit: --reason "..."');
  return reason;
}

/** @param written `5%` or `5` @throws Failure where it is no share */
export function percentOf(written: string, command: string): number {
  const percent = Number(written.replace(/%$/, ""));
  if (written === "" || !(percent >= 0 && percent <= 100))
    throw wrongUsage(`found "${written}", which is no share`, command, "write 0% to 100%, as in 5% or 0.5%");
  return percent;
}

export function changeObject({ sequence, kind, version, share, author, time, reason }: Change) {
  const canary = share === undefined ? {} : { canary: { percent: share.percent, region: share.region || null } };
  return { sequence, kind: kindOf(kind), version, ...canary, author, time: timeText(time), reason };
}

export function kindOf(kind: Change["kind"]): string {
  return ChangeKindSchema.value[kind]?.localName.toLowerCase() ?? String(kind); // a gateway may be newer than this command
}

export function timeText(time: Timestamp | undefined): string {
  return time === undefined ? "" : timestampDate(time).toISOString();
}

export function versionText(version: bigint): string {
  return version === 0n ? "the bundled configuration" : `version ${version}`;
}

/** What the gateway says about a change that it has not made. */
function refusal(error: unknown): Failure | undefined {
  const failed = ConnectError.from(error);
  const [conflict] = failed.findDetails(ChangeConflictSchema);
  if (failed.code === Code.Aborted && conflict?.winner !== undefined) {
    const { author, kind, version, time, reason } = conflict.winner;
    const why = `${author} was faster: ${kindOf(kind)} of ${versionText(version)} at ${timeText(time)}, "${reason}"`;
    return new Failure({ what: "nothing was changed", why, fix: "look at `tidegate status`, then repeat the command" });
  }
  const [invalid] = failed.findDetails(ConfigurationProblemsSchema);
  if (invalid === undefined) return undefined;
  const lines = invalid.problems.map(({ path, found, fix }) => `${path}: found ${found}; ${fix}`);
  if (invalid.more > 0) lines.push(`and ${invalid.more} more`);
  return new Failure({ what: ["the gateway cannot serve this configuration; nothing was published:", ...lines].join("\n  ") });
}
