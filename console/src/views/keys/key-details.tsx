// One key: its facts, and what can be done with it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type Key, State } from "../../../../protos/gen/tidegate/keys/v1/keys_pb.ts";
import { Badge } from "../../components/badge.tsx";
import { clock, count, epochMs } from "../../data/format.ts";
import { useMay } from "../../data/session.ts";
import { EditDialog, type NewSecret, RevokeDialog, RollDialog } from "./key-dialogs.tsx";
import { lastUseText, overlapEnd, stateText } from "./key-text.ts";

const DIALOGS = { edit: EditDialog, roll: RollDialog, revoke: RevokeDialog } as const;

interface DetailsProps {
  readonly apiKey: Key;
  readonly now: number;
  changed(key: Key | undefined, secret?: NewSecret): void;
}

export function KeyDetails({ apiKey, now, changed }: DetailsProps) {
  const mayChange = useMay("admin");
  const [open, setOpen] = useState<keyof typeof DIALOGS>();
  const isEnded = apiKey.state === State.REVOKED;
  const [state, tone] = stateText(apiKey.state);
  const Dialog = open && DIALOGS[open];
  return (
    <section class="card" aria-labelledby="key-details">
      <header>
        <h2 id="key-details">
          <code>{apiKey.id}</code> <Badge tone={tone}>{state}</Badge>
        </h2>
        <div class="buttons">
          {!mayChange && <span class="quiet">changes need the role admin</span>}
          <button type="button" disabled={!mayChange || isEnded} onClick={() => setOpen("edit")}>
            Change …
          </button>
          <button type="button" disabled={!mayChange || isEnded || apiKey.isImported} onClick={() => setOpen("roll")}>
            Roll …
          </button>
          <button type="button" class="danger" disabled={!mayChange || isEnded} onClick={() => setOpen("revoke")}>
            Revoke …
          </button>
        </div>
      </header>
      <Facts apiKey={apiKey} now={now} />
      {Dialog !== undefined && <Dialog apiKey={apiKey} changed={changed} close={() => setOpen(undefined)} />}
    </section>
  );
}

function Facts({ apiKey, now }: { readonly apiKey: Key; readonly now: number }) {
  const { settings, lastFour, createdBy, revision, isImported } = apiKey;
  const overlap = overlapEnd(apiKey, now);
  return (
    <dl class="key-facts">
      <Fact name="Owner">{settings?.owner}</Fact>
      <Fact name="Name">{settings?.name}</Fact>
      <Fact name="Plan">{settings?.plan}</Fact>
      <Fact name="Scopes">{chips(settings?.scopes)}</Fact>
      <Fact name="Tags">{chips(settings?.tags)}</Fact>
      <Fact name="Addresses">{settings?.addresses.length === 0 ? "all" : chips(settings?.addresses)}</Fact>
      <Fact name="Secret ends with">{lastFour === "" ? "" : <code>{lastFour}</code>}</Fact>
      <Fact name="Last used">{lastUseText(apiKey, now)}</Fact>
      <Fact name="Ends">{settings?.expireTime === undefined ? "never" : clock(epochMs(settings.expireTime), now)}</Fact>
      <Fact name="Former secret counts until">{overlap === undefined ? "" : clock(overlap, now)}</Fact>
      <Fact name="Revoked">{apiKey.revokeTime === undefined ? "" : clock(epochMs(apiKey.revokeTime), now)}</Fact>
      <Fact name="Issued">
        {clock(epochMs(apiKey.createTime), now)} {createdBy !== "" && `by ${createdBy}`} {isImported && "(imported)"}
      </Fact>
      <Fact name="Revision">{count(revision)}</Fact>
    </dl>
  );
}

/** A fact without a value is left out. */
function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  if (children === "" || children === undefined || children === null) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function chips(texts: readonly string[] | undefined): ComponentChildren {
  if (texts === undefined || texts.length === 0) return "";
  return texts.map((text) => (
    <code key={text} class="chip">
      {text}
    </code>
  ));
}
