// `--seconds N` of the benchmarks that run in this process: all counts and rounds scaled down to about that time.
import { parseCommand } from "../cli/command.ts";

/**
 * @param script      a key of `scripts` in package.json
 * @param fullSeconds time of the benchmark with all rounds, on two quiet cores
 * @returns scales a count; never up, and never below `least`
 */
export function sized(script: string, fullSeconds: number): (count: number, least?: number) => number {
  const { values } = parseCommand(script, { seconds: { type: "string" } });
  if (values.seconds === undefined) return (count) => count;
  const seconds = Number(values.seconds);
  if (!(seconds > 0 && seconds <= 3_600)) {
    process.stderr.write(`--seconds ${values.seconds}: write a number above 0, at most 3600\n`);
    process.exit(2);
  }
  const share = Math.min(1, seconds / fullSeconds);
  return (count, least = 1) => Math.max(least, Math.ceil(count * share));
}
