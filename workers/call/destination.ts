// Where requests are sent: anything that responds to them, and what is known of it.

/** A service binding, a URL, or anything else that responds to requests. */
export interface Destination {
  readonly base: string; // URL that a path is appended to
  /** Whether the body of a response has the length that its header declares. A Worker behind a binding may declare any length. */
  readonly enforcesLength?: true;
  /** Whether it is a Worker that learns from its binding who calls it. */
  readonly isBinding?: true;
  fetch(url: string, init: RequestInit): Promise<Response>;
}
