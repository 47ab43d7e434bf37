// The dashboard of Grafana: its queries use metrics and labels that the gateway has, and its variables.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Dashboard, dashboardQueries } from "./dashboard.ts";
import { problemsIn } from "./known-series.ts";

const dashboard = JSON.parse(readFileSync("monitoring/grafana/tidegate.json", "utf8")) as Dashboard;
const queries = dashboardQueries(dashboard);

describe("the dashboard", () => {
  it("has the variables route and upstream, and the job", () => {
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(["datasource", "job", "route", "upstream"]);
  });

  it.each(queries)("$title: $expr", ({ expr }) => {
    expect(problemsIn(expr)).toEqual([]);
    expect(expr).toContain('job="$job"');
  });

  it("has a panel for each metric of calls and attempts", () => {
    const text = queries.map(({ expr }) => expr).join("\n");
    for (const name of [
      "tidegate_calls_total",
      "tidegate_call_duration_seconds",
      "tidegate_call_gateway_duration_seconds",
      "tidegate_attempt_duration_seconds",
      "tidegate_cache_lookups_total",
      "tidegate_breaker_state",
      "tidegate_configuration",
    ])
      expect(text).toContain(name);
  });

  it("has ids that differ, and panels that do not overlap", () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });
});
