// The headers that belong to one protocol alone, and what they are called in the other.

/** Moves a value to the name it has in the other protocol. */
export function renameHeader(headers: Headers, from: string, to: string): void {
  const value = headers.get(from);
  headers.delete(from);
  if (value === null) headers.delete(to);
  else headers.set(to, value);
}

export function withoutHeaders(headers: Headers, names: readonly string[]): Headers {
  const kept = new Headers(headers);
  for (const name of names) kept.delete(name);
  return kept;
}

/** "identity" is no encoding. */
export function encodingOf(headers: Headers, name: string): string | null {
  const encoding = headers.get(name);
  return encoding === null || encoding === "" || encoding.toLowerCase() === "identity" ? null : encoding;
}

/** `proto` or `json`, from any content type of either protocol. */
export function codecOf(mediaType: string): string {
  return mediaType.endsWith("json") ? "json" : "proto";
}
