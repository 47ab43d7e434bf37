// `tidegate status` and `tidegate versions`: what is live, what isolates run, and who has changed what.
import type { GetStatusResponse, Version } from "../../protos/gen/tidegate/control/v1/control_pb.ts";
import type { Context } from "../tidegate/context.ts";
import { tableText } from "../tidegate/table.ts";
import { type ControlOptions, called, changeObject, controlClient, kindOf, timeText, versionText } from "./client.ts";

export async function status(context: Context, options: ControlOptions): Promise<void> {
  const shown = await called(options, controlClient(context, options).getStatus({}));
  context.print(statusObject(shown), statusText(shown));
}

export async function versions(context: Context, options: ControlOptions): Promise<void> {
  const { versions: stored, changes } = await called(options, controlClient(context, options).listVersions({}));
  const rows = stored.map(({ version, digest, bytes, author, time, reason }) => {
    return [`${version}`, digest.slice(0, 12), `${bytes} bytes`, timeText(time), `${author}: ${reason}`];
  });
  const made = changes.map(({ kind, version, time, author, reason }) => {
    return [kindOf(kind), versionText(version), timeText(time), `${author}: ${reason}`];
  });
  const text = `${tableText(rows)}\nchanges, the latest first:\n${tableText(made)}`;
  context.print({ versions: stored.map(versionObject), changes: changes.map(changeObject) }, text);
}

/** Isolates that run what is live, of all that have reported. */
export function propagation({ live, regions }: GetStatusResponse): { readonly applied: bigint; readonly isolates: bigint } {
  const running = regions.flatMap((region) => region.running);
  const sum = (counted: typeof running): bigint => counted.reduce((total, { isolates }) => total + isolates, 0n);
  const isLive = ({ digest, version }: (typeof running)[number]) => (live === undefined ? version === 0n : digest === live.digest);
  return { applied: sum(running.filter(isLive)), isolates: sum(running) };
}

function statusObject(shown: GetStatusResponse) {
  const { sequence, live, previous, canary, share, lastChange, regions, refused, fellBack } = shown;
  return {
    sequence,
    live: live === undefined ? null : versionObject(live),
    previous: previous === undefined ? null : versionObject(previous),
    canary: canary === undefined ? null : { ...versionObject(canary), percent: share?.percent ?? 0, region: share?.region || null },
    lastChange: lastChange === undefined ? null : changeObject(lastChange),
    propagation: propagation(shown),
    regions: regions.map(({ region, running }) => ({
      region,
      running: running.map(({ digest, version, isolates, canaries }) => ({ digest, version, isolates, canaries })),
    })),
    refused: refused.map(({ digest, version, reason, isolates }) => ({ digest, version, reason, isolates })),
    fellBack,
  };
}

function statusText(shown: GetStatusResponse): string {
  const { live, previous, canary, share, lastChange, regions, refused, fellBack } = shown;
  const { applied, isolates } = propagation(shown);
  const region = share?.region ? `, and region ${share.region}` : "";
  const rows = [
    ["live", live === undefined ? versionText(0n) : lineOf(live)],
    ...(canary === undefined ? [] : [["canary", `${lineOf(canary)}; ${share?.percent ?? 0} % of callers${region}`]]),
    ...(previous === undefined ? [] : [["before", lineOf(previous)]]),
    ...(lastChange === undefined
      ? []
      : [["last change", `${kindOf(lastChange.kind)}, ${timeText(lastChange.time)}, ${lastChange.author}`]]),
    ["propagation", `${applied} of ${isolates} isolates that have reported lately run what is live`],
    ...regions.flatMap(({ region: name, running }) =>
      running.map(({ digest, version, isolates: count, canaries }) => {
        const tried = canaries === 0n ? "" : `, ${canaries} of them as canary`;
        return [name, `${version === 0n ? `bundled ${digest.slice(0, 12)}` : versionText(version)}: ${count} isolates${tried}`];
      }),
    ),
    ...refused.map(({ version, digest, reason, isolates: count }) => {
      return ["refused", `${version === 0n ? digest.slice(0, 12) : versionText(version)} by ${count} isolates: ${reason}`];
    }),
    ...(fellBack === 0n ? [] : [["fell back", `${fellBack} of them served their first requests without knowing what was live`]]),
  ];
  return tableText(rows);
}

function lineOf({ version, digest, author, time, reason }: Version): string {
  return `version ${version} (${digest.slice(0, 12)}), ${timeText(time)}, ${author}: ${reason}`;
}

function versionObject({ version, digest, bytes, author, time, reason }: Version) {
  return { version, digest, bytes, author, time: timeText(time), reason };
}
