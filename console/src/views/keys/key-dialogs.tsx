// The changes of keys: issue, edit, roll and revoke. Each is confirmed before it is made.
import { useState } from "preact/hooks";
import { type Key, KeyService } from "../../../../protos/gen/tidegate/keys/v1/keys_pb.ts";
import { Confirm } from "../../components/confirm.tsx";
import { call } from "../../data/connect.ts";
import { KeyFields } from "./key-fields.tsx";
import { changedFields, NO_FIELDS, settingsOf, textsOf } from "./key-text.ts";

export interface NewSecret {
  readonly text: string;
  readonly title: string;
}

interface DialogProps {
  close(): void;
}

interface KeyDialogProps extends DialogProps {
  readonly apiKey: Key;
  /** @param secret the new one, to be shown */
  changed(key: Key | undefined, secret?: NewSecret): void;
}

export function IssueDialog({ issued, close }: DialogProps & { issued(secret: NewSecret): void }) {
  const [texts, setTexts] = useState(NO_FIELDS);
  const run = async (): Promise<void> => {
    const { text } = await call(KeyService.method.issueKey, { settings: settingsOf(texts) });
    issued({ text, title: `Key of ${texts.owner.trim()}` });
  };
  return (
    <Confirm title="Issue a key" action="Issue" done="The key is issued" isReady={texts.owner.trim() !== ""} run={run} close={close}>
      <KeyFields texts={texts} setTexts={setTexts} />
    </Confirm>
  );
}

export function EditDialog({ apiKey, changed, close }: KeyDialogProps) {
  const before = textsOf(apiKey);
  const [texts, setTexts] = useState(before);
  const paths = changedFields(before, texts);
  const run = async (): Promise<void> => {
    const { id, revision: expectedRevision } = apiKey;
    const input = { id, settings: settingsOf(texts), updateMask: { paths }, expectedRevision };
    changed((await call(KeyService.method.updateKey, input)).key);
  };
  return (
    <Confirm title={`Change key ${apiKey.id}`} action="Save" done="The key is changed" isReady={paths.length > 0} run={run} close={close}>
      <KeyFields texts={texts} setTexts={setTexts} />
    </Confirm>
  );
}

const OVERLAPS = [
  [0, "none: the former secret ends at once"],
  [3_600, "1 hour"],
  [86_400, "1 day"],
  [604_800, "7 days"],
  [2_592_000, "30 days"],
] as const;
const USUAL_OVERLAP = 86_400; // s

export function RollDialog({ apiKey, changed, close }: KeyDialogProps) {
  const [overlapSeconds, setOverlap] = useState<number>(USUAL_OVERLAP);
  const run = async (): Promise<void> => {
    const { id, revision: expectedRevision } = apiKey;
    const { key, text } = await call(KeyService.method.rollKey, { id, overlapSeconds, expectedRevision });
    changed(key, { text, title: `New secret of ${id}` });
  };
  return (
    <Confirm title={`Roll key ${apiKey.id}`} action="Roll" done="The key has a new secret" run={run} close={close}>
      <p>The key gets a new secret. For the time of the overlap both count, so that its owner can change over without a failed call.</p>
      <label>
        <span>Overlap</span>
        <select name="overlap" value={overlapSeconds} onChange={(event) => setOverlap(Number(event.currentTarget.value))}>
          {OVERLAPS.map(([seconds, text]) => (
            <option key={seconds} value={seconds}>
              {text}
            </option>
          ))}
        </select>
      </label>
    </Confirm>
  );
}

export function RevokeDialog({ apiKey, changed, close }: KeyDialogProps) {
  const run = async (): Promise<void> => changed((await call(KeyService.method.revokeKey, { id: apiKey.id })).key);
  return (
    <Confirm title={`Revoke key ${apiKey.id}?`} action="Revoke" isDangerous done="The key is revoked" run={run} close={close}>
      <p>
        Calls with this key of <b>{apiKey.settings?.owner}</b> are refused everywhere within seconds. This is final: a revoked key cannot be
        brought back.
      </p>
    </Confirm>
  );
}
