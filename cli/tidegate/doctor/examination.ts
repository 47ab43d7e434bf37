// One result of `tidegate doctor`.
export interface Examination {
  readonly name: string;
  readonly state: "ok" | "warning" | "failed" | "skipped";
  readonly found: string;
  readonly fix?: string;
}

export const ok = (name: string, found: string): Examination => ({ name, state: "ok", found });
export const warning = (name: string, found: string, fix: string): Examination => ({ name, state: "warning", found, fix });
export const failed = (name: string, found: string, fix: string): Examination => ({ name, state: "failed", found, fix });
export const skipped = (name: string, found: string): Examination => ({ name, state: "skipped", found });

/** Whether a version is at least another one; parts that are missing are 0. */
export function isAtLeast(version: string, minimum: string): boolean {
  const parts = (text: string): number[] =>
    text
      .replace(/^v/, "")
      .split(/[.+-]/)
      .slice(0, 3)
      .map((part) => Number(part) || 0);
  const [own, wanted] = [parts(version), parts(minimum)];
  for (let index = 0; index < 3; index++) {
    const difference = (own[index] ?? 0) - (wanted[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
