// What the gateways of two regions share, and how far apart they are.
export const LIMIT = { capacity: 200, rate: 200, intervalMs: 1_000 };
export const NEAR_MS = 8; // round trip between a gateway and the objects of its region
export const ROOT_MS = 160; // round trip between a region and the root
