// Text of callers and upstreams within messages.

/**
 * Cuts a text, so that a message cannot grow with it. The result is well-formed Unicode.
 *
 * @param maxLength UTF-16 code units of the result, at least 3
 */
export function cutText(text: string, maxLength: number): string {
  return (text.length <= maxLength ? text : `${text.slice(0, maxLength - 3)}...`).toWellFormed();
}

/** A count as a reader wants it: 524260 is `524,260`. */
export function writeCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
