// Shows a new key, once. It is in this component alone, and gone when the dialog is closed.
import { useEffect, useId, useRef } from "preact/hooks";
import { CopyButton } from "../../call/copy-button.tsx";

interface SecretProps {
  readonly text: string;
  readonly title: string;
  close(): void;
}

export function SecretDialog({ text, title, close }: SecretProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={close} class="secret">
      <h2 id={id}>{title}</h2>
      <p>This is the only time that the key is shown: the gateway has only its hash. Copy it to where it is used.</p>
      <div class="secret-text">
        <code>{text}</code>
        <CopyButton text={() => text} label="Copy the key" />
      </div>
      <div class="buttons">
        <button type="button" class="primary" onClick={() => dialog.current?.close()}>
          I have stored it
        </button>
      </div>
    </dialog>
  );
}
