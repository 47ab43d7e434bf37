// The options of the benchmark, and the message for a wrong one.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { usageOf } from "../cli/launch/usage.mjs";
import { type NetworkBindings, networkBindings } from "../cli/project/network.ts";

export const HELP = usageOf("bench")!;

export type Options =
  | {
      readonly kind: "run";
      readonly json: string | undefined;
      readonly seconds: number;
      readonly only: readonly string[];
      readonly connections: number;
      readonly cpuOnly: boolean; // binding calls and allocations are not counted
      readonly rate: number | undefined; // requests per second of an open loop; undefined for a closed one
      readonly readme: boolean;
      readonly against: string | undefined; // folder of another checkout to compare with
      readonly network: NetworkBindings | undefined; // between the Workers and their bindings
      readonly v8Flags: readonly string[] | undefined; // undefined: those that keep measurements even
    }
  | { readonly kind: "help" }
  | { readonly kind: "invalid"; readonly problem: string };

/** @param usual names of the subjects that are measured by default @param others names of those that `--only` has to name */
export function parseOptions(args: readonly string[], usual: readonly string[], others: readonly string[] = []): Options {
  const known = [...usual, ...others];
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: "string" },
        seconds: { type: "string", default: "10" },
        only: { type: "string" },
        connections: { type: "string", default: "16" },
        rate: { type: "string" },
        "cpu-only": { type: "boolean", default: false },
        "write-readme": { type: "boolean", default: false },
        against: { type: "string" },
        network: { type: "string" },
        "v8-flags": { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return { kind: "help" };
    const only = values.only?.split(",").map((name) => name.trim()) ?? usual;
    const unknown = only.filter((name) => !known.includes(name));
    if (unknown.length > 0) return invalid(`--only: there is no subject ${unknown.join(", ")}; there are ${known.join(", ")}`);
    const seconds = wholeNumber(values.seconds, 3600);
    const connections = wholeNumber(values.connections, 1024);
    if (seconds === undefined) return invalid("--seconds: write a whole number from 1 to 3600");
    if (connections === undefined) return invalid("--connections: write a whole number from 1 to 1024");
    const rate = values.rate === undefined ? undefined : wholeNumber(values.rate, 100_000);
    if (values.rate !== undefined && rate === undefined) return invalid("--rate: write a whole number from 1 to 100000");
    const { json, against } = values;
    if (against !== undefined && !existsSync(join(against, "node_modules")))
      return invalid(`--against: found no node_modules in ${against}; name the folder of a checkout after npm ci`);
    const network = networkBindings(values.network, undefined);
    const v8Flags = values["v8-flags"]?.split(" ").filter((flag) => flag !== "");
    return {
      kind: "run",
      json,
      seconds,
      only: [...new Set(only)],
      connections,
      rate,
      cpuOnly: values["cpu-only"],
      readme: values["write-readme"],
      against,
      network,
      v8Flags,
    };
  } catch (error) {
    return invalid(`${(error as Error).message.split(". ")[0]}\n\n${HELP}`);
  }
}

function invalid(problem: string): Options {
  return { kind: "invalid", problem };
}

function wholeNumber(text: string, max: number): number | undefined {
  const value = Number(text);
  return Number.isInteger(value) && value >= 1 && value <= max ? value : undefined;
}
