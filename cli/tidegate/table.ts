// Rows for a terminal, in columns.

/** @returns lines with columns of equal width; "none" where there is no row */
export function tableText(rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "none\n";
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}
