// `tidegate promote` and `tidegate rollback`: make another version live, against the state that the gateway shows now.
import type { Change } from "../../protos/gen/tidegate/control/v1/control_pb.ts";
import type { Context } from "../tidegate/context.ts";
import { wrongUsage } from "../tidegate/failure.ts";
import { type ChangeOptions, called, changeObject, controlClient, reasonOf, versionText } from "./client.ts";
import { shareOf } from "./publish.ts";

export interface PromoteOptions extends ChangeOptions {
  readonly canary?: string | undefined; // 50%: it stays the canary
  readonly region?: string | undefined;
}

export interface RollbackOptions extends ChangeOptions {
  readonly to?: string | undefined; // number of a version, or "bundled"
}

export async function promote(context: Context, options: PromoteOptions): Promise<void> {
  const reason = reasonOf(options, "promote");
  const canary = shareOf(options, "promote");
  const client = controlClient(context, options);
  const { sequence: expectedSequence } = await called(options, client.getStatus({}));
  const { change } = await called(options, client.promote({ expectedSequence, reason, ...(canary && { canary }) }));
  const text = canary === undefined ? "is live" : `is the canary for ${canary.percent} % of callers`;
  print(context, change!, `${versionText(change!.version)} ${text}`);
}

export async function rollback(context: Context, options: RollbackOptions): Promise<void> {
  const reason = reasonOf(options, "rollback");
  const version = options.to === undefined ? {} : { version: numberOf(options.to) };
  const client = controlClient(context, options);
  const { sequence: expectedSequence, canary } = await called(options, client.getStatus({}));
  const { change } = await called(options, client.rollback({ expectedSequence, reason, ...version }));
  const aborted = canary === undefined ? "" : `the canary, version ${canary.version}, was taken back; `;
  print(context, change!, `${aborted}${versionText(change!.version)} is live`);
}

function numberOf(written: string): bigint {
  if (written === "bundled") return 0n;
  if (!/^\d{1,15}$/.test(written))
    throw wrongUsage(`found "${written}", which is no version`, "rollback", "write a number of `tidegate versions`, or bundled");
  return BigInt(written);
}

function print(context: Context, change: Change, text: string): void {
  context.print(changeObject(change), `${text}; isolates apply it within two intervals\n`);
}
