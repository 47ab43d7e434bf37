// Messages between gateway and Durable Objects with fields of a later version.

/** A field that no version has. */
const UNKNOWN = { addedLater: { at: 1, names: ["a"] } } as const;

/** Fields that hold an object keyed by names, with the levels of names: another field would be another endpoint, service or label. */
const KEYED_BY_NAME: Readonly<Record<string, number>> = { breakers: 2, lists: 1, metadata: 1, probes: 2, reports: 1, views: 1 };

/** @returns the message with an unknown field in each of its objects. @param levels of objects that are keyed by names */
export function withUnknownFields(message: unknown, levels = 0): unknown {
  if (Array.isArray(message)) return message.map((one) => withUnknownFields(one));
  if (typeof message !== "object" || message === null || Object.getPrototypeOf(message) !== Object.prototype) return message;
  const fields = Object.entries(message).map(([name, value]) => {
    return [name, withUnknownFields(value, levels > 0 ? levels - 1 : (KEYED_BY_NAME[name] ?? 0))] as const;
  });
  return { ...Object.fromEntries(fields), ...(levels > 0 ? {} : UNKNOWN) };
}
