// Tags from the fields of a message: `user:{id}`.
import type { Message } from "@bufbuild/protobuf";
import { renderTag, type TagTemplate } from "../../../../core/cache/purge/tag-template.ts";

/** A template whose field is not there gives no tag. */
export function tagsOf(templates: readonly TagTemplate[], message: Message): string[] {
  return templates.flatMap((template) => renderTag(template, (path) => valueAt(message, path)) ?? []);
}

/** @param path names of fields, as the proto or protobuf-es writes them */
function valueAt(message: Message, path: readonly string[]): unknown {
  let value: unknown = message;
  for (const name of path) {
    if (typeof value !== "object" || value === null) return undefined;
    const local = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    value = (value as Readonly<Record<string, unknown>>)[local];
  }
  return value;
}
