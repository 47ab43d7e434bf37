// Lists of header fields: their members, with what stands in quotes left whole.

/** @returns members without the white space around them; empty ones are left out */
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
