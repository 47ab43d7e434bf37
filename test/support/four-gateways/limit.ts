// What four gateways share.
export const LIMIT = { capacity: 200, rate: 200, intervalMs: 1_000 };
