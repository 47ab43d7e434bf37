// Code samples in tabs; the arrow keys move between them.
import { useRef, useState } from "preact/hooks";
import { CopyButton } from "./copy-button.tsx";
import type { Sendable } from "./request.ts";
import { SAMPLES } from "./samples/samples.ts";

export function SamplesView({ request }: { readonly request: Sendable }) {
  const [chosen, setChosen] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const code = (SAMPLES[chosen] ?? SAMPLES[0])?.write(request) ?? "";
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = (chosen + step + SAMPLES.length) % SAMPLES.length;
    setChosen(next);
    list.current?.querySelectorAll("button")[next]?.focus();
  };
  return (
    <section class="samples" aria-label="Code samples">
      <div class="code-bar">
        <div class="tabs" role="tablist" aria-label="Samples" ref={list} onKeyDown={onKeyDown}>
          {SAMPLES.map(({ label }, index) => (
            <button
              type="button"
              role="tab"
              id={`sample-${index}`}
              aria-controls="sample"
              aria-selected={index === chosen}
              tabIndex={index === chosen ? 0 : -1}
              onClick={() => setChosen(index)}
            >
              {label}
            </button>
          ))}
        </div>
        <CopyButton text={() => code} label="Copy the sample" />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard (WCAG 2.1.1) */}
      <pre role="tabpanel" id="sample" tabIndex={0} aria-labelledby={`sample-${chosen}`}>
        <code>{code}</code>
      </pre>
    </section>
  );
}
