// Light or dark: as the system has it, unless the URL says otherwise.
import { useEffect } from "preact/hooks";
import { useParam } from "./location.ts";

const DARK = "(prefers-color-scheme: dark)";

/** @returns whether the page is dark, and a switch */
export function useTheme(): readonly [boolean, () => void] {
  const [chosen, choose] = useParam("theme");
  const system = matchMedia(DARK).matches;
  const isDark = chosen === "" ? system : chosen === "dark";
  useEffect(() => {
    document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
  }, [isDark]);
  return [isDark, () => choose(isDark === system ? (isDark ? "light" : "dark") : "")];
}
