// The audit of the admin services: what is recorded of a call, and how much of it.

export interface AuditEvent {
  readonly outcome: "changed" | "denied"; // denied: the caller is known, and may not
  readonly identity: string; // id of the principal
  readonly role: string; // empty for none
  readonly route: string; // `package.Service/Method`
  readonly subject: string; // what was changed; empty for what was denied
  readonly address: string; // network of the caller
  readonly requestId: string;
}

/** An event as it is stored. */
export interface RecordedEvent extends AuditEvent {
  readonly seq: number; // ascending
  readonly at: number; // epoch ms
}

/** Events that are stored of each outcome: denied calls cannot push out what was changed. */
export const AUDIT_BOUNDS = { changed: 10_000, denied: 1_000 };

/** Longest texts, characters. With these an event has at most 1 KiB, and all events 11 MiB. */
export const AUDIT_LENGTHS = { identity: 256, role: 16, route: 200, subject: 200, address: 64, requestId: 128 } as const;

/** @returns the event with its texts cut */
export function boundedEvent(event: AuditEvent): AuditEvent {
  const texts = Object.entries(AUDIT_LENGTHS).map(([name, length]) => [name, event[name as keyof typeof AUDIT_LENGTHS].slice(0, length)]);
  return { ...event, ...Object.fromEntries(texts) };
}
