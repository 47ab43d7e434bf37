// Fields of the share of a canary.

export interface WrittenShare {
  readonly percent: string; // text of the field
  readonly region: string; // "" for none
}

const REGIONS = ["", "wnam", "enam", "weur", "eeur", "apac-ne", "apac-se", "oc"] as const;

export function ShareFields({ share, change }: { readonly share: WrittenShare; change(share: WrittenShare): void }) {
  const { percent, region } = share;
  return (
    <div class="fields">
      <label>
        <span>Callers, %</span>
        <input
          type="number"
          name="percent"
          min="0"
          max="100"
          step="0.01"
          required
          value={percent}
          onInput={(event) => change({ ...share, percent: event.currentTarget.value })}
        />
      </label>
      <label>
        <span>And all callers of the region</span>
        <select name="region" value={region} onChange={(event) => change({ ...share, region: event.currentTarget.value })}>
          {[...new Set([...REGIONS, region])].map((name) => (
            <option key={name} value={name}>
              {name === "" ? "none" : name}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
