// A button that copies a text.
import { useState } from "preact/hooks";

const SHOWN_MS = 1_500; // time for which the result is shown

/** @param props.label what the button copies, for those who do not see what is beside it */
export function CopyButton({ text, label = "Copy" }: { readonly text: () => string; readonly label?: string }) {
  const [result, setResult] = useState<string>();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text());
      setResult("Copied");
    } catch {
      setResult("Cannot copy");
    }
    setTimeout(() => setResult(undefined), SHOWN_MS);
  };
  return (
    <button type="button" class="small copy" aria-label={result ?? label} onClick={() => void copy()}>
      {result ?? "Copy"}
    </button>
  );
}
