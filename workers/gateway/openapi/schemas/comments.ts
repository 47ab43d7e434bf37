// What authors of protos write beside their declarations: the comment, the summary it begins with, and the example it gives.
import type { DescEnum, DescEnumValue, DescField, DescFile, DescMessage, DescMethod, DescOneof, DescService } from "@bufbuild/protobuf";
import type { Schema } from "./values.ts";

/** Whatever a proto declares in a place of its own. */
export type Declaration = DescMessage | DescField | DescOneof | DescEnum | DescEnumValue | DescService | DescMethod;

/** Comments of protos that are compiled in, by full names: their descriptors carry none. Generated, and only what the document shows. */
export type Comments = Readonly<Record<string, string>>;

export interface CommentParts {
  readonly summary: string; // the first sentence, without its full stop
  readonly rest: string; // what follows it; markdown
}

const byFile = new WeakMap<DescFile, ReadonlyMap<string, string>>();

/** Lines for tools, not for readers. */
const DIRECTIVE = /^\s*(?:buf:lint:ignore\b|protolint:|@exclude\b|Example: |Schema: )/;

let provided: Comments = {};

/** Gives the comments of compiled-in protos to all documents that are written from now on. */
export function provideComments(comments: Comments): void {
  provided = comments;
}

/** The comment of a declaration, before it or else behind it, without lines for tools; empty where there is none. */
export function commentOf(desc: Declaration): string {
  const lines = rawCommentOf(desc)
    .replace(/\(--[\s\S]*?--\)/g, "") // of an API linter
    .split("\n")
    .filter((line) => !DIRECTIVE.test(line))
    .map((line) => line.replace(/^ /, "").trimEnd());
  return lines.join("\n").trim();
}

/** What a line `Example: ...` in the comment of a field says a value looks like: JSON, or else plain text. */
export function exampleOf(desc: DescField): unknown {
  const text = /^\s*Example: (.+)$/m.exec(rawCommentOf(desc))?.[1]?.trim();
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * What a line `Schema: {...}` in the comment of a field adds to its JSON Schema: bounds that the service checks itself, for protos without
 * rules of protovalidate. A line that is no JSON object adds nothing.
 */
export function schemaIn(desc: DescField): Schema {
  const text = /^\s*Schema: (\{.+\})\s*$/m.exec(rawCommentOf(desc))?.[1];
  if (text === undefined) return {};
  try {
    return JSON.parse(text) as Schema;
  } catch {
    return {};
  }
}

export function splitComment(comment: string): CommentParts {
  const [first = ""] = /^[\s\S]*?[.!?](?=\s+[A-Z`"'(]|\s*$)/.exec(comment) ?? [comment.split("\n\n")[0]];
  return { summary: first.replaceAll(/\s+/g, " ").replace(/\.$/, ""), rest: comment.slice(first.length).trim() };
}

/** The comment as it was written; of a proto without source info, the one that was provided. */
export function rawCommentOf(desc: Declaration): string {
  const file = fileOf(desc);
  const locations = file.proto.sourceCodeInfo?.location ?? [];
  if (locations.length === 0) return provided[fullNameOf(desc)] ?? "";
  let comments = byFile.get(file);
  if (comments === undefined) {
    comments = new Map(locations.map(({ path, leadingComments, trailingComments }) => [path.join(), leadingComments || trailingComments]));
    byFile.set(file, comments);
  }
  return comments.get(placeOf(desc).join()) ?? "";
}

function fileOf(desc: Declaration): DescFile {
  return "typeName" in desc ? desc.file : desc.parent.file;
}

/** The key of a comment in `Comments`: `users.v1.User.email`. */
export function fullNameOf(desc: Declaration): string {
  return "typeName" in desc ? desc.typeName : `${desc.parent.typeName}.${desc.name}`;
}

/** Field numbers and indexes from the file down to a declaration. @see google/protobuf/descriptor.proto, SourceCodeInfo.Location */
function placeOf(desc: Declaration): number[] {
  switch (desc.kind) {
    case "message":
      return desc.parent ? at(placeOf(desc.parent), 3, desc.parent.proto.nestedType, desc) : at([], 4, desc.file.proto.messageType, desc);
    case "enum":
      return desc.parent ? at(placeOf(desc.parent), 4, desc.parent.proto.enumType, desc) : at([], 5, desc.file.proto.enumType, desc);
    case "service":
      return at([], 6, desc.file.proto.service, desc);
    case "field":
      return at(placeOf(desc.parent), 2, desc.parent.proto.field, desc);
    case "oneof":
      return at(placeOf(desc.parent), 8, desc.parent.proto.oneofDecl, desc);
    case "enum_value":
      return at(placeOf(desc.parent), 2, desc.parent.proto.value, desc);
    case "rpc":
      return at(placeOf(desc.parent), 2, desc.parent.proto.method, desc);
  }
}

function at<Proto>(parent: number[], field: number, siblings: readonly Proto[], { proto }: { readonly proto: NoInfer<Proto> }): number[] {
  return [...parent, field, siblings.indexOf(proto)];
}
