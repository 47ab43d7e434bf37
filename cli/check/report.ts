// How `check` prints what it finds: a line each for people, an object each for editors and CI.
import { type Finding, lineOf } from "./finding.ts";

/** One JSON object a line. */
export function jsonOf(findings: readonly Finding[]): string {
  return findings.map((finding) => `${JSON.stringify(finding)}\n`).join("");
}

/** Errors as they are; warnings and notes with their severity in front. */
export function textOf(findings: readonly Finding[]): string {
  return findings.map((finding) => `${finding.severity === "error" ? "" : `${finding.severity}: `}${lineOf(finding)}\n`).join("");
}

/** @returns 0 without an error, otherwise 1 */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ severity }) => severity === "error") ? 1 : 0;
}

/** `check: 1 error, 2 warnings` */
export function summaryOf(findings: readonly Finding[]): string {
  const count = (severity: Finding["severity"], name: string): string => {
    const { length } = findings.filter((finding) => finding.severity === severity);
    return `${length} ${name}${length === 1 ? "" : "s"}`;
  };
  return `check: ${count("error", "error")}, ${count("warning", "warning")}`;
}
