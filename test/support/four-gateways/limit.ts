// What four gateways share.
export const LIMIT = { capacity: 400, rate: 400, intervalMs: 1_000 };
