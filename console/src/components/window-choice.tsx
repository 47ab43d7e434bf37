// How much time the figures of a view are of; the choice is in the URL.
import type { ComponentChildren } from "preact";
import { useParam } from "../shell/location.ts";
import { Segments } from "./segments.tsx";

const WINDOWS = [
  ["10", "10 s"],
  ["60", "1 min"],
  ["300", "5 min"],
] as const;
const USUAL = "60";

export function useWindow(): { readonly seconds: number; readonly choice: ComponentChildren } {
  const [chosen, choose] = useParam("window", USUAL);
  const value = WINDOWS.some(([seconds]) => seconds === chosen) ? chosen : USUAL;
  return {
    seconds: Number(value),
    choice: <Segments label="Time that the figures are of" options={WINDOWS} value={value} choose={choose} />,
  };
}
