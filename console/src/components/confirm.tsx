// A dialog that says what a change does, and makes it once it is confirmed. Escape and Cancel make no change.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { notifyDone, notifyFailed } from "../shell/toasts.tsx";

interface ConfirmProps {
  readonly title: string;
  readonly children?: ComponentChildren; // what happens, and fields of the change
  readonly action: string; // text of the button, as in `Drain`
  readonly isDangerous?: boolean;
  readonly reason?: "required" | undefined; // shows a field for the reason, which the audit has
  readonly isReady?: boolean; // whether the fields of `children` are complete
  readonly done: string; // text after success
  run(reason: string): Promise<unknown>;
  close(): void;
}

export function Confirm({
  title,
  children,
  action,
  isDangerous = false,
  reason: needsReason,
  isReady = true,
  done,
  run,
  close,
}: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState("");
  const [isRunning, setRunning] = useState(false);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setRunning(true);
    try {
      await run(reason.trim());
      notifyDone(done);
      dialog.current?.close();
    } catch (thrown) {
      notifyFailed(`${action} failed`, thrown);
      setRunning(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={close}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id={id}>{title}</h2>
        {children}
        {needsReason !== undefined && (
          <label>
            <span>Reason, for the audit</span>
            <input
              type="text"
              name="reason"
              required
              maxLength={500}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          </label>
        )}
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button
            type="submit"
            class={isDangerous ? "danger" : "primary"}
            disabled={isRunning || !isReady || (needsReason !== undefined && reason.trim() === "")}
          >
            {isRunning ? `${action} …` : action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
