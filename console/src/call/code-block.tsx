// Code in a region that scrolls: the keyboard reaches it, and screen readers name it.
import type { ComponentChildren, Ref } from "preact";

interface BlockProps {
  readonly label: string;
  readonly class?: string;
  readonly children: ComponentChildren;
  readonly blockRef?: Ref<HTMLPreElement>;
  readonly onScroll?: (event: { currentTarget: HTMLPreElement }) => void;
}

export function CodeBlock({ label, children, blockRef = null, onScroll, class: name = "" }: BlockProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard (WCAG 2.1.1)
    // biome-ignore lint/a11y/useSemanticElements: a section has no white space of its own
    <pre role="region" aria-label={label} class={name} tabIndex={0} ref={blockRef} {...(onScroll !== undefined && { onScroll })}>
      <code>{children}</code>
    </pre>
  );
}
