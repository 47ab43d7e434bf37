// How far a policy is in force: not at all, only reported, or enforced for a share of the callers. Every policy has these two settings.
import * as v from "valibot";
import type { Checks } from "./problems.ts";
import { readBlock } from "./read.ts";
import { block, choice, MODES, type Mode, number, setting } from "./setting.ts";

const PERCENT_FIX = "write a share from 0 to 100 (% of callers)";
const FIX = 'write "off" or "report" or "enforce", or { mode: "enforce", percent: 10 }';

/** The settings `mode` and `percent`, for the block of a policy. @param report what is done in mode `report` */
export function modeAndPercent(report: string) {
  return {
    mode: setting(
      choice(MODES),
      "enforce",
      `\`off\`: nothing is computed; \`report\`: ${report}, and the call goes on; \`enforce\` ([dry run](dry-run.md)).`,
    ),
    percent: setting(
      number(0, 100, "% of callers", PERCENT_FIX),
      100,
      "With `enforce`: the share of callers for whom it is enforced, always the same ones; for the others it reports.",
    ),
  };
}

const ENFORCEMENT_SETTINGS = enforcementBlock();

function enforcementBlock() {
  return block(modeAndPercent("what would be refused is counted and logged"));
}

/** For a policy that has no block of its own: a mode alone, or with its share of the callers. */
export function enforcement() {
  return v.union([choice(MODES), enforcementBlock()]);
}
export const ENFORCEMENT_SHAPE = '`"off"`, `"report"`, `"enforce"`, or `{ mode, percent }`';

export interface Enforcement {
  readonly mode: Mode;
  readonly percent: number; // share of callers for whom mode `enforce` refuses, in [0, 100]; the others are reported
}

/** For all callers. */
export const ENFORCED: Enforcement = { mode: "enforce", percent: 100 };

/** @returns `outer` where nothing, or nothing valid, is written */
export function parseEnforcement(check: Checks, path: string, value: unknown, outer: Enforcement): Enforcement {
  if (value === undefined) return outer;
  const mode = MODES.find((one) => one === value);
  if (mode !== undefined) return { mode, percent: 100 };
  if (typeof value === "object" && value !== null) return readBlock(check, path, ENFORCEMENT_SETTINGS, value);
  check.report(path, value, FIX);
  return outer;
}
