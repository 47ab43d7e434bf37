// Header fields by name, and the members of a field that is a comma-separated list.

/** Header fields that can be looked up by name, in any case: `Headers` is one. */
export interface HeaderFields {
  get(name: string): string | null;
}

/** @returns members without surrounding white space; commas inside quotes separate nothing, and empty members are left out */
export function parseHeaderList(text: string): string[] {
  const members: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (isQuoted && character === "\\") at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    if (at < text.length && (isQuoted || character !== ",")) continue;
    const member = text.slice(start, at).trim();
    if (member !== "") members.push(member);
    start = at + 1;
  }
  return members;
}
