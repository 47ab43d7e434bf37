// Purges: what is purged is chosen here, and confirmed before it is done.
import { useState } from "preact/hooks";
import { CacheService } from "../../../../protos/gen/tidegate/cache/v1/cache_pb.ts";
import { Confirm } from "../../components/confirm.tsx";
import { asCallError, CallError } from "../../data/call-error.ts";
import { call } from "../../data/connect.ts";
import { clock, count, duration } from "../../data/format.ts";
import { useMay } from "../../data/session.ts";
import { PURGE_KINDS, type PurgeBy, PurgeTargetFields, targetText } from "./purge-target-fields.tsx";

interface DonePurge {
  readonly seq: bigint;
  readonly text: string;
  readonly at: number; // epoch ms
  readonly withinMs: number;
}

export function Purges({ routes }: { readonly routes: readonly string[] }) {
  const mayPurge = useMay("operator");
  const [kind, setKind] = useState<PurgeBy>("route");
  const [value, setValue] = useState("");
  const [isHard, setHard] = useState(false);
  const [isConfirming, setConfirming] = useState(false);
  const [done, setDone] = useState<readonly DonePurge[]>([]);
  const text = targetText(kind, value);
  const run = async (): Promise<void> => {
    const { seq, effectiveWithinMs } = await purge(kind, value.trim(), isHard);
    setDone([{ seq, text: `${isHard ? "hard" : "soft"}: ${text}`, at: Date.now(), withinMs: effectiveWithinMs }, ...done].slice(0, 10));
    setValue("");
  };
  return (
    <section class="card" aria-labelledby="purge">
      <header>
        <h2 id="purge">Purge</h2>
        {!mayPurge && <span class="quiet">needs the role operator</span>}
      </header>
      <form
        class="purge-form"
        onSubmit={(event) => {
          event.preventDefault();
          setConfirming(true);
        }}
      >
        <PurgeTargetFields {...{ kind, setKind, value, setValue, routes }} isDisabled={!mayPurge} />
        <label class="check">
          <input
            type="checkbox"
            name="hard"
            checked={isHard}
            disabled={!mayPurge}
            onChange={(event) => setHard(event.currentTarget.checked)}
          />
          <span>Never serve them again, not even while the upstream fails (hard)</span>
        </label>
        <div class="buttons start">
          <button type="submit" class="danger" disabled={!mayPurge || (kind !== "all" && value.trim() === "")}>
            Purge …
          </button>
        </div>
      </form>
      {done.map((one) => (
        <p key={String(one.seq)} class="purged">
          <b>Purge {count(one.seq)}</b> of {one.text}, at {clock(one.at)}: everywhere within {duration(one.withinMs)}
        </p>
      ))}
      {isConfirming && (
        <Confirm title={`Purge ${text}?`} action="Purge" isDangerous done={`Purged ${text}`} run={run} close={() => setConfirming(false)}>
          <p>
            {isHard
              ? "These responses are never served again: each of the next calls goes to the upstream."
              : "These responses become stale: they are revalidated with the upstream, and still served if it fails."}{" "}
            {PURGE_KINDS[kind].consequence}
          </p>
        </Confirm>
      )}
    </section>
  );
}

async function purge(kind: PurgeBy, value: string, hard: boolean) {
  const target = kind === "all" ? ({ case: "all", value: true } as const) : { case: kind, value };
  try {
    return await call(CacheService.method.purge, { targets: [{ target }], hard });
  } catch (thrown) {
    const error = asCallError(thrown);
    if (error.code !== "unimplemented") throw error;
    throw new CallError(error.code, "purges are off; turn them on in gateway.config.ts: purge: {}");
  }
}
