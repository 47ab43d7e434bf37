// Reads numbers of proto3 JSON from text without losing a digit.

const NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const MAX_DIGITS = 20; // digits of the largest 64-bit integer

/**
 * Reads an integer; `1.0` and `1e2` are integers too.
 *
 * @returns undefined if the text is not a whole number in [min, max]
 * @see https://protobuf.dev/programming-guides/json, "int32, fixed32, uint32"
 */
export function readInteger(text: string, min: bigint, max: bigint): bigint | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const [, sign, whole, fraction = "", exponent = "0"] = match;
  const digits = (whole! + fraction).replace(/^0+/, "");
  if (digits === "") return min <= 0n ? 0n : undefined;
  const shift = Number(exponent) - fraction.length; // how far the decimal point moves to the right; may be infinite
  const length = digits.length + shift;
  if (length < 1 || length > MAX_DIGITS || /[^0]/.test(digits.slice(length))) return undefined;
  const value = BigInt(sign + digits.slice(0, length).padEnd(length, "0"));
  return value >= min && value <= max ? value : undefined;
}

/**
 * Reads a floating-point number: decimal, `NaN`, `Infinity` or `-Infinity`.
 *
 * @param max largest finite magnitude
 * @returns undefined if the text is not a number, or is a finite number beyond `max`
 */
export function readFloat(text: string, max: number): number | undefined {
  if (text === "NaN") return Number.NaN;
  if (text === "Infinity") return Number.POSITIVE_INFINITY;
  if (text === "-Infinity") return Number.NEGATIVE_INFINITY;
  if (!NUMBER.test(text)) return undefined;
  const value = Number(text);
  return Math.abs(value) <= max ? value : undefined;
}

/**
 * Reads a 32-bit floating-point number, as it is on the wire: rounded. A decimal that rounds to the largest float is that float, for example `3.4028235e38`, which C++,
 * Go and Java print for it.
 *
 * @returns undefined if the text is not a number, or is a finite number that rounds to infinity
 */
export function readFloat32(text: string): number | undefined {
  const value = readFloat(text, Number.MAX_VALUE);
  return value === undefined || !Number.isFinite(value) ? value : roundToFloat32(value);
}

/**
 * Rounds a finite double to the nearest 32-bit float, so that the gateway sees the value that the upstream gets.
 *
 * @returns undefined if it rounds to infinity
 */
export function roundToFloat32(value: number): number | undefined {
  const rounded = Math.fround(value);
  return Number.isFinite(rounded) ? rounded : undefined;
}
