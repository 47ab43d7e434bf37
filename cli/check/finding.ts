// What `check` reports: one problem with its place and its fix, as data for editors and CI.

export type Severity = "error" | "warning" | "note";

export interface Finding {
  readonly severity: Severity; // error: a Worker does not start or deploy; warning: it does not do what its author expects; note: worth knowing
  readonly file: string; // relative to the project; "" where no file is known
  readonly line?: number; // from 1
  readonly column?: number; // from 1
  readonly path: string; // path of a setting, or a table of wrangler.toml with the binding: `[[services]] USERS`
  readonly message: string; // the value found, and why it is wrong
  readonly fix: string;
}

const PLACE = /^((?:[\w@.-]+\/)*[\w@.-]+\.(?:toml|jsonc?|ts|mts|js|proto|vars))(?::(\d+):(\d+))?:? /;

/** Reads a line of the form `file:line:column path: found value; fix`, which the checks of start and deploy write. */
export function findingOf(text: string, severity: Severity): Finding {
  const line = text.trim();
  const [place = "", file = "", row, column] = PLACE.exec(line) ?? [];
  const rest = withoutFrame(line.slice(place.length));
  const [, path = "", value] = /^(.*?): (found [\s\S]*)$/.exec(rest) ?? /^()(found [\s\S]*)$/.exec(rest) ?? [];
  const statement = value ?? rest;
  const end = statement.indexOf("; ");
  return {
    severity,
    file,
    ...(row !== undefined && { line: Number(row), column: Number(column) }),
    path,
    message: end < 0 ? statement : statement.slice(0, end),
    fix: end >= 0 ? statement.slice(end + 2) : severity === "error" ? "correct it" : "",
  };
}

/** The problem of a file that wrangler cannot read, in one line, without its heading. */
function withoutFrame(text: string): string {
  const [first = "", ...others] = text.replace(/^Processing .* configuration:\s*-?\s*/, "").split("\n");
  return [first, ...others.filter((line) => /^\s*- /.test(line)).map((line) => line.trim())].join(" ");
}

/** `file:line:column path: message; fix` */
export function lineOf({ file, line, column, path, message, fix }: Finding): string {
  const at = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  const place = [at, path].filter((part) => part !== "").join(" ");
  return `${place === "" ? "" : `${place}: `}${message}${fix === "" ? "" : `; ${fix}`}`;
}

/** Each finding once, errors first, then by place. @param isStrict warnings count as errors */
export function inOrder(findings: readonly Finding[], isStrict = false): Finding[] {
  const byText = new Map<string, Finding>();
  for (const finding of findings) {
    const severity = isStrict && finding.severity === "warning" ? "error" : finding.severity;
    const key = [finding.file, finding.path, finding.message].join("\n");
    const other = byText.get(key);
    if (other === undefined || RANK[severity] < RANK[other.severity]) byText.set(key, { ...finding, severity });
  }
  const order = (one: Finding, other: Finding): number =>
    RANK[one.severity] - RANK[other.severity] || one.file.localeCompare(other.file) || (one.line ?? 0) - (other.line ?? 0);
  return [...byText.values()].sort(order);
}

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };
