// `tidegate diff`: what differs between a published version and gateway.config.ts, by path.
import { configurationDiff, type Difference } from "../../core/control/configuration-diff.ts";
import { type JsonValue, parseSnapshot } from "../../core/control/snapshot.ts";
import type { Context } from "../tidegate/context.ts";
import { Failure, wrongUsage } from "../tidegate/failure.ts";
import { type ControlOptions, called, controlClient } from "./client.ts";
import { snapshotOfFile } from "./publish.ts";

export interface DiffOptions extends ControlOptions {
  readonly config: string;
}

/** @returns 1 where they differ */
export async function diff(context: Context, options: DiffOptions, [written = ""]: readonly string[]): Promise<0 | 1> {
  if (!/^\d{0,15}$/.test(written))
    throw wrongUsage(`found "${written}", which is no version`, "diff", "write a number of `tidegate versions`");
  const client = controlClient(context, options);
  const live = written === "" ? (await called(options, client.getStatus({}))).live?.version : BigInt(written);
  if (live === undefined)
    throw new Failure({ what: "nothing has been published", fix: 'publish a version: tidegate publish --reason "..."' });
  const [before, after] = [await called(options, client.getVersion({ version: live })), await snapshotOfFile(options.config)];
  const [one, other] = [parseSnapshot(before.snapshot?.text ?? ""), parseSnapshot(after.text)];
  if (one.kind === "invalid" || other.kind === "invalid")
    throw new Failure(`version ${live} is of a format that this command does not know`);
  const found = [
    ...configurationDiff(one.snapshot.configuration, other.snapshot.configuration),
    ...configurationDiff({ descriptors: one.snapshot.descriptors }, { descriptors: other.snapshot.descriptors }),
  ];
  const text = found.length === 0 ? `${options.config} is version ${live}\n` : found.map(lineOf).join("");
  context.print({ version: live, file: options.config, differences: found.map(objectOf) }, text);
  return found.length === 0 ? 0 : 1;
}

function objectOf({ path, before, after }: Difference) {
  return { path, before: before ?? null, after: after ?? null };
}

function lineOf({ path, before, after }: Difference): string {
  if (before === undefined) return `+ ${path}: ${textOf(after)}\n`;
  return after === undefined ? `- ${path}: ${textOf(before)}\n` : `~ ${path}: ${textOf(before)} -> ${textOf(after)}\n`;
}

function textOf(value: JsonValue | undefined): string {
  return JSON.stringify(value);
}
