// Which calls the tap shows. Each filter is in the URL, so that a link opens the same tap.
import { setParams, usePlace } from "../../shell/location.ts";
import type { TapSelection } from "./tap-events.ts";

const FIELDS = [
  { name: "route", title: "Route", example: "users.v1.UserService/GetUser" },
  { name: "reason", title: "Reason", example: "rate_limited" },
  { name: "code", title: "Code", example: "unavailable" },
  { name: "principal", title: "Principal", example: "key:…" },
] as const;
const SAMPLES = [
  ["", "all calls"],
  ["0.1", "1 of 10"],
  ["0.01", "1 of 100"],
] as const;
const MOST_MS = 3_600_000; // ms of the slowest calls that can be chosen

/** The filter that the URL names. */
export function useTapFilter(): TapSelection {
  const { params } = usePlace();
  const sample = Number(params["sample"]);
  const minDurationMs = Math.trunc(Number(params["slower"]));
  return {
    route: params["route"] ?? "",
    reason: params["reason"] ?? "",
    code: params["code"] ?? "",
    principal: params["principal"] ?? "",
    minDurationMs: minDurationMs > 0 && minDurationMs <= MOST_MS ? minDurationMs : 0,
    sample: sample > 0 && sample <= 1 ? sample : 0,
  };
}

/** A filter takes effect when its field is left, or by Enter: each one opens another stream. */
export function TapFilters({ filter }: { readonly filter: TapSelection }) {
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      {FIELDS.map(({ name, title, example }) => (
        <label key={name}>
          <span>{title}</span>
          <input
            name={name}
            type="text"
            placeholder={example}
            autocomplete="off"
            spellcheck={false}
            value={filter[name] ?? ""}
            onChange={(event) => setParams({ [name]: event.currentTarget.value.trim() })}
          />
        </label>
      ))}
      <label class="narrow">
        <span>Slower than, ms</span>
        <input
          name="slower"
          type="number"
          min={0}
          max={MOST_MS}
          placeholder="0"
          value={filter.minDurationMs === 0 ? "" : String(filter.minDurationMs)}
          onChange={(event) => setParams({ slower: event.currentTarget.value })}
        />
      </label>
      <label class="narrow">
        <span>Sample</span>
        <select name="sample" value={String(filter.sample || "")} onChange={(event) => setParams({ sample: event.currentTarget.value })}>
          {SAMPLES.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}
