// What authors of protos write beside their declarations: the comment, the summary it begins with, and the example it gives.
import type { DescEnum, DescEnumValue, DescField, DescFile, DescMessage, DescMethod, DescOneof, DescService } from "@bufbuild/protobuf";

/** Whatever a proto declares in a place of its own. */
export type Declared = DescMessage | DescField | DescOneof | DescEnum | DescEnumValue | DescService | DescMethod;

export interface Told {
  readonly summary: string; // the first sentence, without its full stop
  readonly rest: string; // what follows it; markdown
}

const byFile = new WeakMap<DescFile, ReadonlyMap<string, string>>();

/** Lines for tools, not for readers. */
const DIRECTIVE = /^\s*(?:buf:lint:ignore\b|protolint:|@exclude\b|Example: )/;

/** The comment of a declaration, before it or else behind it, without lines for tools; empty where there is none. */
export function commentOf(desc: Declared): string {
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

export function tell(comment: string): Told {
  const [first = ""] = /^[\s\S]*?[.!?](?=\s+[A-Z`"'(]|\s*$)/.exec(comment) ?? [comment.split("\n\n")[0]];
  return { summary: first.replaceAll(/\s+/g, " ").replace(/\.$/, ""), rest: comment.slice(first.length).trim() };
}

function rawCommentOf(desc: Declared): string {
  const file = desc.kind === "message" || desc.kind === "enum" || desc.kind === "service" ? desc.file : desc.parent?.file;
  if (file === undefined) return "";
  let comments = byFile.get(file);
  if (comments === undefined) {
    const locations = file.proto.sourceCodeInfo?.location ?? [];
    comments = new Map(locations.map(({ path, leadingComments, trailingComments }) => [path.join(), leadingComments || trailingComments]));
    byFile.set(file, comments);
  }
  return comments.get(placeOf(desc).join()) ?? "";
}

/** Field numbers and indexes from the file down to a declaration. @see google/protobuf/descriptor.proto, SourceCodeInfo.Location */
function placeOf(desc: Declared): number[] {
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
