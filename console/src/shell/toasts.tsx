// Short messages at the edge of the page: what was done, and what failed. They are text, never markup.
import { asCallError } from "../data/call-error.ts";
import { createStore, useStore } from "../data/store.ts";

interface Toast {
  readonly id: number;
  readonly kind: "done" | "failed";
  readonly text: string;
}

const SHOWN_MS = 6_000;
const MOST = 4;
const toasts = createStore<readonly Toast[]>([]);
let lastId = 0;

export function notifyDone(text: string): void {
  show("done", text);
}

/** @param what that failed, as in `The endpoint was not drained` */
export function notifyFailed(what: string, thrown: unknown): void {
  show("failed", `${what}: ${asCallError(thrown).message}`);
}

function show(kind: Toast["kind"], text: string): void {
  lastId += 1;
  const id = lastId;
  toasts.set([...toasts.get().slice(1 - MOST), { id, kind, text }]);
  if (kind === "done") setTimeout(() => dismiss(id), SHOWN_MS); // failures stay until they are closed
}

function dismiss(id: number): void {
  toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

export function Toasts() {
  const shown = useStore(toasts);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map(({ id, kind, text }) => (
        <div key={id} class={`toast ${kind}`}>
          <span>{text}</span>
          <button type="button" class="ghost" aria-label="Close the message" onClick={() => dismiss(id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
