// Figures as text: three significant digits, with the unit after a narrow space.

const NARROW = "\u202f";
const PREFIXES = ["", "k", "M", "G", "T"] as const;

/** @returns `0`, `0.42`, `9.1`, `128`, `12.3 k` */
export function number(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const step = size < 10_000 ? 0 : Math.min(Math.floor(Math.log10(size) / 3), PREFIXES.length - 1);
  const scaled = value / 1_000 ** step;
  const text = step === 0 && Number.isInteger(value) ? String(value) : digits(scaled);
  return step === 0 ? text : `${text}${NARROW}${PREFIXES[step]}`;
}

function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : 2);
}

/** @param value per second @returns `0`, `0.42`, `9.10`, `128`, `12.3 k`: a column of them has equal digits */
export function rate(value: number): string {
  return value !== 0 && Number.isFinite(value) && Math.abs(value) < 10_000 ? digits(value) : number(value);
}

/** A count, whole, with its digits in groups of three. */
export function count(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, NARROW);
}

/** @param value ms @returns `0.8 ms`, `42 ms`, `1.20 s`, `3.5 min` */
export function duration(value: number): string {
  if (!Number.isFinite(value) || value < 0) return "–";
  if (value < 1_000) return `${value >= 10 || value === 0 ? value.toFixed(0) : value.toFixed(1)}${NARROW}ms`;
  if (value < 60_000) return `${digits(value / 1_000)}${NARROW}s`;
  return `${digits(value / 60_000)}${NARROW}min`;
}

/** @param value 0 to 1 @returns `0 %`, `0.05 %`, `12 %` */
export function percent(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const hundredths = value * 100;
  const text =
    hundredths === 0
      ? "0"
      : hundredths < 0.01
        ? "<0.01"
        : hundredths < 1
          ? hundredths.toFixed(2)
          : hundredths.toFixed(hundredths < 10 ? 1 : 0);
  return `${text}${NARROW}%`;
}

/** @param value bytes @returns `512 B`, `1.2 KiB` */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
  let size = value;
  let unit = 0;
  while (size >= 1_024 && unit < units.length - 1) {
    size /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(size) : digits(size)}${NARROW}${units[unit]}`;
}

/** @returns `just now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 d ago` */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 2) return "just now";
  if (seconds < 90) return `${seconds}${NARROW}s ago`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)}${NARROW}min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)}${NARROW}h ago`;
  return `${Math.round(seconds / 86_400)}${NARROW}d ago`;
}

/** @param seconds of a protobuf timestamp @returns epoch ms */
export function epochMs(time: { readonly seconds: bigint; readonly nanos: number } | undefined): number {
  return time === undefined ? 0 : Number(time.seconds) * 1_000 + Math.floor(time.nanos / 1_000_000);
}

/** @returns `14:03:22`, with the date where it is another day than `now` */
export function clock(ms: number, now = Date.now()): string {
  const date = new Date(ms);
  const time = date.toTimeString().slice(0, 8);
  return new Date(now).toDateString() === date.toDateString() ? time : `${date.toISOString().slice(0, 10)} ${time}`;
}
