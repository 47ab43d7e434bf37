// Purge tags from the template of a route: `user:{id}`, with fields of the request.

export type TagTemplate = readonly (string | readonly string[])[]; // text, and paths of fields

const MOST_CHARACTERS = 256;

export function parseTagTemplate(template: string): TagTemplate {
  return template
    .split(/(\{[^}]*\})/)
    .filter((piece) => piece !== "")
    .map((piece) => (piece.startsWith("{") ? piece.slice(1, -1).split(".") : piece));
}

/** The paths of the fields that a template needs. */
export function fieldPaths(template: TagTemplate): readonly string[][] {
  return template.flatMap((piece) => (typeof piece === "string" ? [] : [[...piece]]));
}

/** @returns undefined where a field is not there, or has nothing to say: there is no such tag then */
export function renderTag(template: TagTemplate, fieldOf: (path: readonly string[]) => unknown): string | undefined {
  let tag = "";
  for (const piece of template) {
    const value = typeof piece === "string" ? piece : fieldOf(piece);
    const isPlain = typeof value === "string" || typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
    if (!isPlain || value === "") return undefined;
    tag += String(value);
  }
  return tag.length <= MOST_CHARACTERS && !/[\s,]/.test(tag) ? tag : undefined;
}
