// Axes of a chart: round values, and positions of points.

/**
 * Round values from 0 on, of which the last one is at least `most`.
 *
 * @param most  largest value shown, >= 0
 * @param steps about how many
 */
export function ticksUpTo(most: number, steps = 4): readonly number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / steps;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/**
 * The `d` of a path through points; a gap where a value is missing.
 *
 * @param values null for a missing one
 * @param x      px of the point at an index
 * @param y      px of a value
 */
export function linePath(values: readonly (number | null)[], x: (index: number) => number, y: (value: number) => number): string {
  let isDrawing = false;
  let path = "";
  for (const [index, value] of values.entries()) {
    if (value === null) {
      isDrawing = false;
      continue;
    }
    path += `${isDrawing ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    isDrawing = true;
  }
  return path;
}
