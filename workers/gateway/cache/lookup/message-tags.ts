// Purge tags from the fields of a message: `user:{id}`.
import type { Message } from "@bufbuild/protobuf";
import { renderTag, type TagTemplate } from "../../../../core/cache/purge/tag-template.ts";

/** The tags of a message. A template whose field is missing gives no tag. */
export function tagsOf(templates: readonly TagTemplate[], message: Message): string[] {
  return templates.flatMap((template) => renderTag(template, (path) => valueAt(message, path)) ?? []);
}

/** @param path field names, as the proto or as protobuf-es writes them */
function valueAt(message: Message, path: readonly string[]): unknown {
  let value: unknown = message;
  for (const name of path) {
    if (typeof value !== "object" || value === null) return undefined;
    const localName = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    value = (value as Readonly<Record<string, unknown>>)[localName];
  }
  return value;
}
