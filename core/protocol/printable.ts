// Text of callers as messages and logs show it: cut, and without characters that a terminal would act on.

/** Longest text of a caller in a message or a log record, characters. */
const MAX_SHOWN = 128;

/**
 * @param text what a caller wrote: the value of a header field, a name
 * @param most characters that are shown
 * @returns the start of it, and `...` where there is more; every character but printable ASCII is written as `\u{1b}`
 */
export function printable(text: string, most = MAX_SHOWN): string {
  const start = text.slice(0, most).replace(/[^\x20-\x7e]/g, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
  return text.length > most || start.length > most ? `${start.slice(0, most)}...` : start;
}
