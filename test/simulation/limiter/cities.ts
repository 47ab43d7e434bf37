// Round trips between cities, for simulations of regions.

/** ms; inside of one region, from an isolate to a Durable Object. */
export const REGIONAL_RTT_MS = 20;

export const CITIES = ["Washington DC", "Dallas", "Sao Paulo", "London", "Frankfurt", "Madrid", "Tokyo", "Sydney"] as const;

export type City = (typeof CITIES)[number];

/**
 * Mean round trips over 30 days, ms, in the order of `CITIES`.
 *
 * @see IBM Cloud documentation, VPC, "Network latency dashboards", inter-region latency, 27 July to 25 August 2024
 */
const RTT_MS: readonly (readonly number[])[] = [
  [0, 31, 118, 75, 91, 87, 164, 214],
  [31, 0, 146, 113, 123, 119, 143, 186],
  [119, 144, 0, 187, 196, 208, 283, 328],
  [75, 113, 188, 0, 13, 27, 243, 261],
  [91, 123, 198, 13, 0, 29, 233, 250],
  [88, 122, 209, 27, 29, 0, 258, 275],
  [166, 143, 284, 244, 233, 256, 0, 115],
  [214, 186, 328, 261, 249, 275, 115, 0],
];

/** @returns ms, there and back; inside of a city the time from an isolate to a Durable Object */
export function roundTripMs(from: City, to: City): number {
  const [a, b] = [from, to].map((city) => CITIES.indexOf(city));
  return from === to ? REGIONAL_RTT_MS : RTT_MS[a!]![b!]!;
}
