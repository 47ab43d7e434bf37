// Settings of agents that sign their requests with keys of a public directory (Web Bot Auth).
import * as v from "valibot";
import { directoryUrl } from "../../auth/signature/signature-agent.ts";
import type { Checks } from "../problems.ts";
import { readBlock } from "../read.ts";
import { block, flag, type InputOf, list, setting, text, whole } from "../setting.ts";

const DIRECTORIES_FIX = 'write the origins of agents in a list, at most 64: ["https://agent.example"]';
const SCOPES_FIX = 'write scopes in a list, at most 32: ["users.read"]';

export const AGENT_SETTINGS = block({
  directories: setting(
    list(
      v.pipe(
        v.string(DIRECTORIES_FIX),
        v.check((url) => directoryUrl(url) !== undefined, DIRECTORIES_FIX),
        v.transform((url) => directoryUrl(url)!),
      ),
      64,
      DIRECTORIES_FIX,
      "https origins",
    ),
    [],
    "Agents whose keys count, by the origin that they name in `Signature-Agent`. Their directories are fetched in the background.",
  ),
  open: setting(
    flag,
    false,
    "Whether directories of any other agent are fetched, too, when a request names one: at most 10 a minute in all. Whoever has a domain is an agent then.",
  ),
  windowSeconds: setting(whole(10, 300, "s"), 300, "Age up to which a signature counts."),
  scopes: setting(list(text(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, SCOPES_FIX), 32, SCOPES_FIX, "scopes"), [], "Scopes of every agent."),
});

export type AgentsInput = InputOf<typeof AGENT_SETTINGS>;

export interface AgentsPolicy {
  readonly directories: readonly string[]; // https origins
  readonly open: boolean;
  readonly windowMs: number;
  readonly scopes: readonly string[]; // sorted, each once
}

/** @returns undefined where nothing is written */
export function parseAgents(check: Checks, path: string, value: unknown): AgentsPolicy | undefined {
  if (value === undefined) return undefined;
  const { directories, open, windowSeconds, scopes } = readBlock(check, path, AGENT_SETTINGS, value);
  if (directories.length === 0 && !open) check.report(`${path}.directories`, directories, `${DIRECTORIES_FIX}, or write open: true`);
  return { directories: [...new Set(directories)], open, windowMs: windowSeconds * 1_000, scopes: [...new Set(scopes)].sort() };
}
