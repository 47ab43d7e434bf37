// `npm run sim -- balancers --json FILE`, then `node test/simulation/plot.ts FILE > docs/balancers.svg`: p99 of each variant, as bars.
import { readFileSync } from "node:fs";

interface Results {
  readonly seed: number;
  readonly results: readonly {
    readonly scenario: string;
    readonly rows: readonly { readonly variant: string; readonly figures: Record<string, number> }[];
  }[];
}

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write("usage: node test/simulation/plot.ts FILE, where FILE is of npm run sim -- balancers --json FILE\n");
  process.exit(2);
}
const { seed, results } = JSON.parse(readFileSync(file, "utf8")) as Results;
const shown = results.filter(({ scenario }) => /isolates-(70|90)$/.test(scenario));
const [LEFT, WIDTH, ROW, GAP] = [150, 560, 16, 34];
const COLOURS: Readonly<Record<string, string>> = { oracle: "#9aa5b1", "least_time + bounce": "#1a7f5a" };
const across = (ms: number): number => (Math.log10(ms / 50) / Math.log10(1_000 / 50)) * WIDTH; // 50 ms to 1 s
const parts: string[] = [];
let y = 30;
for (const { scenario, rows } of shown) {
  const [, isolates, load] = /^(\d+)-isolates-(\d+)$/.exec(scenario)!;
  parts.push(`<text x="0" y="${y}" font-weight="bold">${isolates} isolates, ${load} % load</text>`);
  for (const { variant, figures } of rows) {
    y += ROW;
    const p99 = figures["p99 ms"]!;
    const length = Math.max(1, across(p99)).toFixed(1);
    parts.push(
      `<text x="${LEFT - 6}" y="${y + 9}" text-anchor="end">${variant}</text><rect x="${LEFT}" y="${y}" width="${length}" height="${ROW - 4}" fill="${COLOURS[variant] ?? "#d08c60"}"/><text x="${LEFT + Number(length) + 5}" y="${y + 9}">${p99 >= 999 ? "1000 (time-out)" : p99.toFixed(0)}</text>`,
    );
  }
  y += GAP;
}
const about = `p99 in ms, log scale from 50; seed ${seed}`;
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 110} ${y}" font-family="system-ui, sans-serif" font-size="11"><title>${about}</title><rect width="100%" height="100%" fill="#fff"/><text x="${LEFT}" y="12" fill="#555">${about}</text>${parts.join("")}</svg>\n`,
);
