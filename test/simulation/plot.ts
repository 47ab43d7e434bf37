// `npm run sim -- NAME --json FILE`, then `node test/simulation/plot.ts FILE > docs/NAME.svg`: what docs/ shows of a simulation.
// balancers: p99 of each variant, as bars. resilience: goodput over time with each mechanism on and off, as lines.
import { readFileSync } from "node:fs";

interface Results {
  readonly simulation: string;
  readonly seed: number;
  readonly results: readonly {
    readonly scenario: string;
    readonly rows: readonly {
      readonly variant: string;
      readonly figures: Readonly<Record<string, number>>;
      readonly series?: readonly number[];
    }[];
  }[];
}

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write("usage: node test/simulation/plot.ts FILE, where FILE is of npm run sim -- NAME --json FILE\n");
  process.exit(2);
}
const found = JSON.parse(readFileSync(file, "utf8")) as Results;
process.stdout.write(found.simulation === "resilience" ? lines(found) : bars(found));

function bars({ seed, results }: Results): string {
  const shown = results.filter(({ scenario }) => /isolates-(70|90)$/.test(scenario));
  const [LEFT, WIDTH, ROW, GAP] = [150, 560, 16, 34];
  const COLORS: Readonly<Record<string, string>> = { oracle: "#9aa5b1", "least_time + redirects": "#1a7f5a" };
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
        `<text x="${LEFT - 6}" y="${y + 9}" text-anchor="end">${variant}</text><rect x="${LEFT}" y="${y}" width="${length}" height="${ROW - 4}" fill="${COLORS[variant] ?? "#d08c60"}"/><text x="${LEFT + Number(length) + 5}" y="${y + 9}">${p99 >= 999 ? "1000 (time-out)" : p99.toFixed(0)}</text>`,
      );
    }
    y += GAP;
  }
  const about = `p99 in ms, log scale from 50; seed ${seed}`;
  return svg(LEFT + WIDTH + 110, y, about, `<text x="${LEFT}" y="12" fill="#555">${about}</text>${parts.join("")}`);
}

/** Each trigger begins at 10 s, and ends where the grey ends. */
function lines({ seed, results }: Results): string {
  const SHOWN: Readonly<Record<string, number>> = { "capacity-drop": 15, "load-spike": 10, "cold-caches": 6 }; // s that it lasts
  const COLORS: Readonly<Record<string, string>> = {
    all: "#1a7f5a",
    "no budget": "#d08c60",
    "no cancellation": "#5b7fb5",
    nothing: "#b03a48",
  };
  const [LEFT, WIDTH, HEIGHT, GAP, SECONDS] = [40, 640, 110, 44, 40];
  const x = (second: number): string => (LEFT + (second / SECONDS) * WIDTH).toFixed(1);
  const parts: string[] = [];
  let y = 44;
  for (const { scenario, rows } of results) {
    const lasts = SHOWN[scenario];
    if (lasts === undefined) continue;
    const at = (share: number): string => (y + (1 - share) * HEIGHT).toFixed(1);
    const width = ((lasts / SECONDS) * WIDTH).toFixed(1);
    parts.push(`<rect x="${x(10)}" y="${y}" width="${width}" height="${HEIGHT}" fill="#eee"/>`);
    parts.push(`<text x="${LEFT}" y="${y - 6}" font-weight="bold">${scenario}</text>`);
    for (const share of [0, 0.5, 1])
      parts.push(`<text x="${LEFT - 6}" y="${Number(at(share)) + 4}" text-anchor="end" fill="#555">${share * 100}</text>`);
    for (let second = 0; second <= SECONDS; second += 10)
      parts.push(`<text x="${x(second)}" y="${y + HEIGHT + 14}" text-anchor="middle" fill="#555">${second} s</text>`);
    for (const { variant, series = [] } of rows) {
      const color = COLORS[variant];
      if (color === undefined) continue;
      const points = series.slice(0, SECONDS).map((share, second) => `${x(second + 0.5)},${at(share)}`);
      parts.push(`<polyline points="${points.join(" ")}" fill="none" stroke="${color}" stroke-width="1.6"/>`);
    }
    y += HEIGHT + GAP;
  }
  const legend = Object.entries(COLORS).map(
    ([variant, color], index) =>
      `<rect x="${LEFT + 330 + index * 92}" y="6" width="10" height="10" fill="${color}"/><text x="${LEFT + 344 + index * 92}" y="15">${variant}</text>`,
  );
  const about = `goodput in %, by the second; seed ${seed}`;
  return svg(LEFT + WIDTH + 40, y, about, `<text x="${LEFT}" y="15" fill="#555">${about}</text>${legend.join("")}${parts.join("")}`);
}

function svg(width: number, height: number, about: string, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11"><title>${about}</title><rect width="100%" height="100%" fill="#fff"/>${content}</svg>\n`;
}
