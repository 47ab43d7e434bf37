// The ring of an upstream as arcs: one for each endpoint, as long as its share.

export interface Arc {
  readonly id: string;
  readonly share: number; // 0 to 1
  readonly weightShare: number; // 0 to 1, the share that its weight stands for
  readonly path: string; // `d` of a path around (0, 0)
}

interface Part {
  readonly id: string;
  readonly ringShare: number;
  readonly weight: number;
}

const GAP = 0.012; // rad between two arcs
const FULL = 2 * Math.PI;

/**
 * @param outer radius
 * @param inner radius, smaller
 * @returns arcs in the order of the endpoints, from the top, clockwise; none where no endpoint has a share
 */
export function arcsOf(parts: readonly Part[], outer: number, inner: number): readonly Arc[] {
  const all = parts.reduce((sum, { ringShare }) => sum + ringShare, 0);
  const weights = parts.reduce((sum, { weight }) => sum + weight, 0);
  if (all <= 0) return [];
  let from = 0;
  return parts.map(({ id, ringShare, weight }) => {
    const to = from + (ringShare / all) * FULL;
    const path = arcPath(from, to, outer, inner);
    from = to;
    return { id, share: ringShare, weightShare: weights > 0 ? weight / weights : 0, path };
  });
}

function arcPath(from: number, to: number, outer: number, inner: number): string {
  const gap = Math.min(GAP, (to - from) / 4);
  const [start, end] = [from + gap / 2, Math.min(to - gap / 2, from + FULL - GAP)];
  const large = end - start > Math.PI ? 1 : 0;
  const point = (angle: number, radius: number): string =>
    `${(radius * Math.sin(angle)).toFixed(2)} ${(-radius * Math.cos(angle)).toFixed(2)}`;
  return `M${point(start, outer)}A${outer} ${outer} 0 ${large} 1 ${point(end, outer)}L${point(end, inner)}A${inner} ${inner} 0 ${large} 0 ${point(start, inner)}Z`;
}
