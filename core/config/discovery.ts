// Settings of reflection and health of the services behind the gateway.
import type { Checks } from "./problems.ts";
import { readBlock, readSetting } from "./read.ts";
import { block, defaultsOf, flag, type InputOf, type PolicyOf, setting, whole } from "./setting.ts";

export const DISCOVERY_SETTINGS = block({
  maxMessages: setting(
    whole(1, 10_000, "messages"),
    16,
    "Questions in one reflection stream; clients open another one for more. Each takes a token from the rules of `defaults`.",
  ),
  maxMessageBytes: setting(
    whole(65_536, 4_194_304, "bytes"),
    262_144,
    "Largest answer. Files that do not fit are left out, and clients request them by name.",
  ),
});

export type DiscoveryInput = InputOf<typeof DISCOVERY_SETTINGS>;
export interface DiscoveryPolicy extends PolicyOf<typeof DISCOVERY_SETTINGS> {}

/** @returns undefined where discovery is off */
export function parseDiscovery(check: Checks, path: string, value: unknown): DiscoveryPolicy | undefined {
  if (typeof value === "object" && value !== null) return readBlock(check, path, DISCOVERY_SETTINGS, value);
  const isOn = readSetting(check, path, flag, value, { value: true }) === true;
  return isOn ? defaultsOf(DISCOVERY_SETTINGS) : undefined;
}
