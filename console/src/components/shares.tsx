// How a whole is divided: a bar with a part for each share, and what the parts are in words.

import type { Share } from "./share.ts";

/** @param props.label what the whole is */
export function Shares({ label, shares }: { readonly label: string; readonly shares: readonly Share[] }) {
  const whole = shares.reduce((sum, { value }) => sum + value, 0);
  const text = shares.map(({ name, value }) => `${name} ${whole === 0 ? 0 : Math.round((100 * value) / whole)} %`).join(", ");
  return (
    <span class="share-bar" role="img" aria-label={`${label}: ${text}`} title={text}>
      {shares
        .filter(({ value }) => value > 0)
        .map(({ name, value, color }) => (
          <span key={name} class={`share-part c-${color}`} style={{ width: `${(100 * value) / whole}%` }} />
        ))}
    </span>
  );
}

export function SharesLegend({ shares }: { readonly shares: readonly Omit<Share, "value">[] }) {
  return (
    <ul class="legend">
      {shares.map(({ name, color }) => (
        <li key={name}>
          <span class={`share-part c-${color}`} />
          {name}
        </li>
      ))}
    </ul>
  );
}
