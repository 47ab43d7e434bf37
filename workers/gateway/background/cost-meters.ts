// Operations of this isolate that the platform bills: counted where they are begun, whether or not they succeed.

export const costMeters = {
  objectRequests: new Map<string, number>(), // messages to Durable Objects, by binding; those of limiters are in their own counters
  kvReads: new Map<string, number>(), // keyed by binding
  kvWrites: new Map<string, number>(),
};

/** @param binding as wrangler.toml names it */
export function countObjectRequest(binding: string): void {
  add(costMeters.objectRequests, binding);
}

export function countKvRead(binding: string): void {
  add(costMeters.kvReads, binding);
}

export function countKvWrite(binding: string): void {
  add(costMeters.kvWrites, binding);
}

function add(meter: Map<string, number>, binding: string): void {
  meter.set(binding, (meter.get(binding) ?? 0) + 1);
}
