// The live version and the canary, with what can be done about them.
import type { CanaryShare, GetStatusResponse, Version } from "../../../../protos/gen/tidegate/control/v1/control_pb.ts";
import { Badge } from "../../components/badge.tsx";
import { clock, epochMs } from "../../data/format.ts";
import type { ChangeAction } from "./change-dialog.tsx";

interface StatusProps {
  readonly status: GetStatusResponse;
  readonly act: ((action: ChangeAction) => void) | undefined; // undefined for viewers
}

export function Status({ status, act }: StatusProps) {
  const { live, previous, canary, share, refused } = status;
  return (
    <div class="cards">
      <section class="card" aria-labelledby="live">
        <header>
          <h2 id="live">Live</h2>
          <Badge tone="good">{live === undefined ? "bundled" : `version ${live.version}`}</Badge>
        </header>
        {live === undefined ? <p class="quiet">The configuration that was deployed with the gateway.</p> : <VersionFacts version={live} />}
        {act !== undefined && canary === undefined && live !== undefined && (
          <div class="buttons start">
            <button type="button" onClick={() => act({ kind: "rollback" })}>
              Roll back{previous === undefined ? "" : ` to ${previous.version}`}
            </button>
          </div>
        )}
      </section>
      {canary !== undefined && (
        <section class="card" aria-labelledby="canary">
          <header>
            <h2 id="canary">Canary</h2>
            <Badge tone="accent">
              version {String(canary.version)}, {shareText(share)}
            </Badge>
          </header>
          <VersionFacts version={canary} />
          {act !== undefined && (
            <div class="buttons start">
              <button type="button" class="primary" onClick={() => act({ kind: "promote" })}>
                Promote
              </button>
              <button type="button" onClick={() => act({ kind: "share" })}>
                Change the share
              </button>
              <button type="button" onClick={() => act({ kind: "abort" })}>
                Abort
              </button>
            </div>
          )}
        </section>
      )}
      {refused.length > 0 && (
        <section class="card" aria-labelledby="refused">
          <header>
            <h2 id="refused">Refused by isolates</h2>
            <Badge tone="bad">{refused.length}</Badge>
          </header>
          {refused.map(({ digest, version, reason, isolates }) => (
            <p key={digest}>
              Version {String(version)} in {String(isolates)} {isolates === 1n ? "isolate" : "isolates"}: {reason}
            </p>
          ))}
        </section>
      )}
    </div>
  );
}

function VersionFacts({ version: { digest, author, time, reason } }: { readonly version: Version }) {
  return (
    <dl class="facts">
      <dt>Reason</dt>
      <dd>{reason}</dd>
      <dt>By</dt>
      <dd>
        {author}, {clock(epochMs(time))}
      </dd>
      <dt>Digest</dt>
      <dd>
        <code title={digest}>{digest.slice(0, 16)}</code>
      </dd>
    </dl>
  );
}

export function shareText(share: CanaryShare | undefined): string {
  if (share === undefined) return "no share";
  const callers = `${share.percent} % of callers`;
  return share.region === "" ? callers : share.percent === 0 ? `all of ${share.region}` : `${callers} and all of ${share.region}`;
}
