// Texts of other people as literals of a language, so that a copied sample does what the form says and nothing else.

/** Quotes text for a POSIX shell. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A string literal of TypeScript, Go and Python: their escapes include those of JSON. */
export function literal(text: string): string {
  return JSON.stringify(text.toWellFormed());
}

/** Lines after the first one with spaces or tabs before them. */
export function indented(text: string, by: string): string {
  return text.replaceAll("\n", `\n${by}`);
}
