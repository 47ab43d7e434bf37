// Text of proto comments as elements: paragraphs, lists, `code` and **strong**. Nothing of it is parsed as HTML.
import type { ComponentChildren } from "preact";

/** Paragraphs and lists of a comment. */
export function Prose({ text = "" }: { readonly text?: string | undefined }) {
  const blocks = text.split(/\n\s*\n/).filter((block) => block.trim() !== "");
  return blocks.map((block) => {
    const items = block.split(/\n(?=- )|^(?=- )/m).filter((item) => item.startsWith("- "));
    if (items.length === 0) return <p>{inline(block)}</p>;
    return (
      <ul>
        {items.map((item) => (
          <li>{inline(item.slice(2))}</li>
        ))}
      </ul>
    );
  });
}

/** One line of a comment. */
export function inline(text: string): ComponentChildren {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.length > 2 && part.startsWith("`")) return <code>{part.slice(1, -1)}</code>;
    if (part.length > 4 && part.startsWith("**")) return <strong>{part.slice(2, -2)}</strong>;
    return part.replaceAll("\n", " ");
  });
}
