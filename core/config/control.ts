// Settings of the control plane: versions of the configuration that are published while the gateway runs.
import type { Checks } from "./problems.ts";
import { readOptional } from "./read.ts";
import { block, type InputOf, type PolicyOf, setting, text, whole } from "./setting.ts";

export const CONTROL_SETTINGS = block({
  coldWaitMs: setting(
    whole(0, 10_000, "ms"),
    500,
    "How long the first calls of an isolate wait for the live version. After that the isolate serves the version in `kv`, else the bundled configuration, until an exchange succeeds. 0: they do not wait.",
  ),
  pollMs: setting(
    whole(100, 600_000, "ms"),
    5_000,
    "Interval of the background exchange that brings versions; the shortest one of `control.pollMs`, `registry.pollMs`, `purge.pollMs` and 5,000 holds for all.",
  ),
  kv: setting(
    text(/^[A-Za-z_]\w*$/, 'write the name of a KV binding: "CONFIGURATION"', "name of a KV binding"),
    undefined,
    "KV namespace with a copy of the live version, for isolates that start while the Durable Objects cannot be reached.",
    { shownDefault: "none: such isolates serve the bundled configuration" },
  ),
});

export type ControlInput = InputOf<typeof CONTROL_SETTINGS>;
export interface ControlPolicy extends PolicyOf<typeof CONTROL_SETTINGS> {}

/** @param admin the setting as it was written @returns undefined where nothing is written: the bundled configuration is the only one */
export function parseControl(check: Checks, path: string, value: unknown, admin: unknown): ControlPolicy | undefined {
  if (value !== undefined && admin === undefined)
    check.report(path, "no `admin`", 'say who may publish: admin: { secretBinding: "ADMIN_SECRET" } at the top');
  return readOptional(check, path, CONTROL_SETTINGS, value);
}
