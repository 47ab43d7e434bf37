// Publishing from the console: the live version as text, edited, or a snapshot that is pasted or dropped. It is checked before it is published.
import { useState } from "preact/hooks";
import type { Difference } from "../../../../core/control/configuration-diff.ts";
import {
  ConfigurationProblemsSchema,
  ControlService,
  type GetStatusResponse,
  type Snapshot,
} from "../../../../protos/gen/tidegate/control/v1/control_pb.ts";
import { Confirm } from "../../components/confirm.tsx";
import { asCallError } from "../../data/call-error.ts";
import { call } from "../../data/connect.ts";
import { notifyFailed } from "../../shell/toasts.tsx";
import { isShare, shareOf } from "./change-dialog.tsx";
import { DifferenceList } from "./diff.tsx";
import { ShareFields, type WrittenShare } from "./share-fields.tsx";
import { differences, readable, snapshotOf } from "./snapshots.ts";

interface PublishProps {
  readonly status: GetStatusResponse;
  published(): void;
}

interface Checked {
  readonly lines: readonly string[]; // problems, or warnings of a valid text
  readonly isValid: boolean;
  readonly differences: readonly Difference[];
}

export function Publish({ status, published }: PublishProps) {
  const [text, setText] = useState("");
  const [base, setBase] = useState<Snapshot>();
  const [checked, setChecked] = useState<Checked>();
  const [isPublishing, setPublishing] = useState(false);
  const change = (next: string): void => {
    setText(next);
    setChecked(undefined);
  };
  const edit = async (): Promise<void> => {
    try {
      const { snapshot } = await call(ControlService.method.getVersion, { version: status.live!.version });
      setBase(snapshot);
      change(readable(snapshot?.text ?? ""));
    } catch (thrown) {
      notifyFailed("The live version was not loaded", thrown);
    }
  };
  return (
    <section class="section" aria-labelledby="publish">
      <header>
        <h2 id="publish">Publish</h2>
        {status.live !== undefined && (
          <button type="button" onClick={() => void edit()}>
            Edit the live version
          </button>
        )}
      </header>
      <SnapshotText text={text} change={change} />
      <div class="buttons start">
        <button type="button" disabled={text.trim() === ""} onClick={() => void check(text, base, status).then(setChecked)}>
          Check
        </button>
        <button type="button" class="primary" disabled={checked?.isValid !== true} onClick={() => setPublishing(true)}>
          Publish …
        </button>
      </div>
      {checked !== undefined && <Result checked={checked} />}
      {isPublishing && (
        <PublishDialog
          text={text}
          base={base}
          status={status}
          close={() => {
            setPublishing(false);
            setChecked(undefined);
            published();
          }}
        />
      )}
    </section>
  );
}

/** A text field that takes a dropped file. */
function SnapshotText({ text, change }: { readonly text: string; change(text: string): void }) {
  const drop = (event: DragEvent): void => {
    const file = event.dataTransfer?.files[0];
    if (file === undefined) return;
    event.preventDefault();
    void file.text().then((content) => change(readable(content)));
  };
  return (
    <textarea
      rows={text === "" ? 4 : 16}
      aria-label="Snapshot as JSON"
      placeholder="Paste or drop a snapshot as JSON, or edit the live version."
      spellcheck={false}
      value={text}
      onInput={(event) => change(event.currentTarget.value)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={drop}
    />
  );
}

function Result({ checked: { isValid, lines, differences: found } }: { readonly checked: Checked }) {
  return (
    <div class="card" role="status">
      <p>{isValid ? "The gateway accepts this configuration." : "The gateway refuses this configuration:"}</p>
      {lines.length > 0 && (
        <ul class="problems">
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {isValid && <DifferenceList found={found} />}
    </div>
  );
}

/** The gateway compiles the text, and publishes nothing. */
async function check(text: string, base: Snapshot | undefined, { sequence: expectedSequence }: GetStatusResponse): Promise<Checked> {
  try {
    const snapshot = await snapshotOf(text, base);
    const { warnings } = await call(ControlService.method.publish, { snapshot, expectedSequence, reason: "check", validateOnly: true });
    return { isValid: true, lines: warnings, differences: base === undefined ? [] : differences(base.text, text) };
  } catch (thrown) {
    return { isValid: false, lines: problemLines(thrown), differences: [] };
  }
}

function problemLines(thrown: unknown): readonly string[] {
  const { message, code } = asCallError(thrown);
  const detail = asCallError(thrown).detail(ConfigurationProblemsSchema);
  if (detail === undefined) return [code === "unavailable" && thrown instanceof Error ? thrown.message : message];
  const lines = detail.problems.map(({ path, found, fix }) => `${path}: ${found}; ${fix}`);
  return detail.more > 0 ? [...lines, `and ${detail.more} more`] : lines;
}

interface PublishDialogProps {
  readonly text: string;
  readonly base: Snapshot | undefined;
  readonly status: GetStatusResponse;
  close(): void;
}

function PublishDialog({ text, base, status: { sequence: expectedSequence }, close }: PublishDialogProps) {
  const [isCanary, setCanary] = useState(false);
  const [share, setShare] = useState<WrittenShare>({ percent: "5", region: "" });
  const run = async (reason: string): Promise<unknown> => {
    const snapshot = await snapshotOf(text, base);
    return call(ControlService.method.publish, { snapshot, expectedSequence, reason, ...(isCanary && { canary: shareOf(share) }) });
  };
  return (
    <Confirm
      title="Publish this configuration"
      action="Publish"
      reason="required"
      isReady={!isCanary || isShare(share)}
      done={isCanary ? "The version is the canary." : "The version is live."}
      run={run}
      close={close}
    >
      <label class="option">
        <input type="checkbox" name="canary" checked={isCanary} onChange={(event) => setCanary(event.currentTarget.checked)} />
        <span>As the canary of a share of callers</span>
      </label>
      {isCanary && <ShareFields share={share} change={setShare} />}
    </Confirm>
  );
}
