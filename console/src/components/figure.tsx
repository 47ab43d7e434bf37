// A key figure: its name, its value, and one line about it.
import type { ComponentChildren } from "preact";
import type { Tone } from "./badge.tsx";

interface FigureProps {
  readonly label: string;
  readonly value: string | undefined; // undefined while it is being loaded
  readonly tone?: Tone | undefined;
  readonly note?: ComponentChildren;
  readonly href?: string | undefined; // link to the view that explains it
}

export function Figure({ label, value, tone, note, href }: FigureProps) {
  const text = value === undefined ? <span class="placeholder" /> : value;
  return (
    <div class={tone === undefined ? "figure" : `figure ${tone}`}>
      <dt>{href === undefined ? label : <a href={href}>{label}</a>}</dt>
      <dd>{text}</dd>
      {note !== undefined && <dd class="note">{note}</dd>}
    </div>
  );
}

/** Key figures beside each other. */
export function Figures({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <dl class="figures" aria-label={label}>
      {children}
    </dl>
  );
}
