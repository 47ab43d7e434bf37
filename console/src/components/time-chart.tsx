// Lines over time. The pointer, or the arrow keys, show the values of one moment.
import { useEffect, useRef, useState } from "preact/hooks";
import { clock } from "../data/format.ts";
import { linePath, ticksUpTo } from "./scale.ts";

export interface ChartLine {
  readonly name: string;
  readonly color: 1 | 2 | 3 | 4 | 5 | 6;
  readonly values: readonly (number | null)[]; // one for each of `times`
}

interface TimeChartProps {
  readonly label: string;
  readonly times: readonly number[]; // epoch ms, ascending
  readonly lines: readonly ChartLine[];
  readonly spanMs: number; // the whole axis, up to the last time
  readonly format: (value: number) => string;
  readonly height?: number;
}

const LEFT = 52; // px, for the values of the axis
const BOTTOM = 20;
const TOP = 8;
const RIGHT = 10;

export function TimeChart({ label, times, lines, spanMs, format, height = 180 }: TimeChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [cursor, setCursor] = useState<number>();
  const last = times.length - 1;
  const at = cursor === undefined ? last : Math.min(cursor, last);
  const end = times[last] ?? 0;
  const ticks = ticksUpTo(Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0))), 3);
  const x = (time: number): number => width - RIGHT - ((end - time) / spanMs) * (width - LEFT - RIGHT);
  const y = (value: number): number => height - BOTTOM - (value / ticks.at(-1)!) * (height - BOTTOM - TOP);
  const pointTo = (event: PointerEvent): void => {
    const left = event.clientX - box.current!.getBoundingClientRect().left;
    setCursor(nearest(times, end - ((width - RIGHT - left) / (width - LEFT - RIGHT)) * spanMs));
  };
  const step = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    setCursor(Math.max(0, Math.min(last, at + by)));
  };
  return (
    <div class="plot" ref={box}>
      <svg
        role="img"
        aria-label={`${label}. ${spoken(lines, last, format)}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the moment that is read
        tabIndex={0}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        onPointerMove={pointTo}
        onPointerLeave={() => setCursor(undefined)}
        onKeyDown={step}
        onBlur={() => setCursor(undefined)}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line class="grid" x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} />
            <text x={LEFT - 8} y={y(tick) + 4} text-anchor="end">
              {format(tick)}
            </text>
          </g>
        ))}
        {times.length > 0 && <TimeAxis {...{ x, end, spanMs, height, width }} />}
        {lines.map(({ name, color, values }) => (
          <path key={name} class={`s${color}`} d={linePath(values, (index) => Math.max(LEFT, x(times[index]!)), y)} />
        ))}
        {times.length === 1 &&
          lines.map(
            ({ name, color, values }) =>
              values[0] != null && <circle key={name} class={`s${color}`} cx={x(end)} cy={y(values[0])} r="1.5" />,
          )}
        {cursor !== undefined && times[at] !== undefined && (
          <line class="cursor" x1={x(times[at])} x2={x(times[at])} y1={TOP} y2={height - BOTTOM} />
        )}
        {times.length === 0 && (
          <text class="waiting" x={(LEFT + width) / 2} y={height / 2} text-anchor="middle">
            waiting for the first figures
          </text>
        )}
      </svg>
      <Legend lines={lines} at={at} format={format} time={cursor === undefined ? undefined : times[at]} />
    </div>
  );
}

function TimeAxis({
  x,
  end,
  spanMs,
  height,
  width,
}: {
  x: (time: number) => number;
  end: number;
  spanMs: number;
  height: number;
  width: number;
}) {
  const steps = width > 380 ? [0, 1 / 3, 2 / 3, 1] : [0, 1];
  return (
    <>
      {steps.map((share) => {
        const time = end - spanMs * (1 - share);
        const anchor = share === 1 ? "end" : share === 0 ? "start" : "middle";
        return (
          <text key={share} x={x(time)} y={height - 4} text-anchor={anchor}>
            {clock(time, end)}
          </text>
        );
      })}
    </>
  );
}

interface LegendProps {
  readonly lines: readonly ChartLine[];
  readonly at: number;
  readonly format: (value: number) => string;
  readonly time: number | undefined; // the moment that is pointed to
}

function Legend({ lines, at, format, time }: LegendProps) {
  return (
    <ul class="legend">
      {lines.map(({ name, color, values }) => (
        <li key={name}>
          <span class={`swatch s${color}`} />
          {name} <b>{values[at] == null ? "–" : format(values[at])}</b>
        </li>
      ))}
      {time !== undefined && <li class="quiet">{clock(time)}</li>}
    </ul>
  );
}

function spoken(lines: readonly ChartLine[], at: number, format: (value: number) => string): string {
  return lines.map(({ name, values }) => `${name}: ${values[at] == null ? "no value" : format(values[at])}`).join(", ");
}

function nearest(times: readonly number[], time: number): number {
  let best = 0;
  for (const [index, at] of times.entries()) if (Math.abs(at - time) < Math.abs(times[best]! - time)) best = index;
  return best;
}

/** The width of an element, in px, as it changes. */
function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(200, Math.round(entry!.contentRect.width))));
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
