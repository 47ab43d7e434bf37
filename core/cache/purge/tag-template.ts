// Purge tags from the template of a route: `user:{id}`, filled with fields of the request.

export type TagTemplate = readonly (string | readonly string[])[]; // literal text, and paths of fields

const MAX_CHARACTERS = 256;

export function parseTagTemplate(template: string): TagTemplate {
  return template
    .split(/(\{[^}]*\})/)
    .filter((piece) => piece !== "")
    .map((piece) => (piece.startsWith("{") ? piece.slice(1, -1).split(".") : piece));
}

/** The paths of the fields that a template uses. */
export function fieldPaths(template: TagTemplate): readonly string[][] {
  return template.flatMap((piece) => (typeof piece === "string" ? [] : [[...piece]]));
}

/** @returns undefined, so no tag, where a field is missing, empty or no scalar, or where the tag is too long or has a separator */
export function renderTag(template: TagTemplate, fieldAt: (path: readonly string[]) => unknown): string | undefined {
  let tag = "";
  for (const piece of template) {
    const value = typeof piece === "string" ? piece : fieldAt(piece);
    const isScalar = typeof value === "string" || typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
    if (!isScalar || value === "") return undefined;
    tag += String(value);
  }
  return tag.length <= MAX_CHARACTERS && !/[\s,]/.test(tag) ? tag : undefined;
}
