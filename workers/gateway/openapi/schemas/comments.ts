// Reads comments of protos: description, summary, and the lines `Example:` and `Schema:` for the document.
import type { DescEnum, DescEnumValue, DescField, DescFile, DescMessage, DescMethod, DescOneof, DescService } from "@bufbuild/protobuf";
import type { Schema } from "./values.ts";

/** A declaration in a proto that can have a comment. */
export type Declaration = DescMessage | DescField | DescOneof | DescEnum | DescEnumValue | DescService | DescMethod;

/** Comments of compiled-in protos by full name, because their descriptors have none. Generated; only comments that are in the document. */
export type Comments = Readonly<Record<string, string>>;

export interface CommentParts {
  readonly summary: string; // the first sentence, without its full stop
  readonly rest: string; // the text after the summary; markdown
}

const byFile = new WeakMap<DescFile, ReadonlyMap<string, string>>();

/** Lines for tools, which are not part of the description. */
const DIRECTIVE = /^\s*(?:buf:lint:ignore\b|protolint:|@exclude\b|Example: |Schema: )/;

let provided: Comments = {};

/** Sets the comments of compiled-in protos for all documents that are written afterwards. */
export function provideComments(comments: Comments): void {
  provided = comments;
}

/** The comment before or after a declaration, without lines for tools; empty if there is none. */
export function commentOf(desc: Declaration): string {
  const lines = rawCommentOf(desc)
    .replace(/\(--[\s\S]*?--\)/g, "") // comments of an API linter
    .split("\n")
    .filter((line) => !DIRECTIVE.test(line))
    .map((line) => line.replace(/^ /, "").trimEnd());
  return lines.join("\n").trim();
}

/** The value of a line `Example: ...` in the comment of a field: JSON or, if it is not JSON, text. */
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
 * The keywords of a line `Schema: {...}` in the comment of a field: bounds that the service checks itself, for protos without protovalidate
 * rules. A line that is not a JSON object is ignored.
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

/** The comment as written; for a proto without source info, the one set by `provideComments`. */
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
