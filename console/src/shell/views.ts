// The views of the console, in the order of the navigation. Each is loaded when it is opened for the first time.
import type { ComponentType } from "preact";

export interface ViewEntry {
  readonly id: string; // in the URL
  readonly title: string;
  readonly question: string; // what it answers
  load(): Promise<{ readonly View: ComponentType }>;
}

export const VIEWS: readonly ViewEntry[] = [
  {
    id: "overview",
    title: "Overview",
    question: "How is the gateway doing?",
    load: () => import("../views/overview/overview.tsx"),
  },
  {
    id: "services",
    title: "Services",
    question: "Which endpoint is slow, and which breakers are open?",
    load: () => import("../views/services/services.tsx"),
  },
  {
    id: "limits",
    title: "Limits",
    question: "Who is limited?",
    load: () => import("../views/limits/limits.tsx"),
  },
  {
    id: "cache",
    title: "Cache",
    question: "What does the cache serve?",
    load: () => import("../views/cache/cache.tsx"),
  },
  {
    id: "configuration",
    title: "Configuration",
    question: "Which configuration runs?",
    load: () => import("../views/configuration/configuration.tsx"),
  },
  {
    id: "keys",
    title: "API keys",
    question: "Who may call, and with which plan?",
    load: () => import("../views/keys/keys.tsx"),
  },
  {
    id: "tap",
    title: "Live tap",
    question: "Which calls come now?",
    load: () => import("../views/tap/tap.tsx"),
  },
  {
    id: "trace",
    title: "Request path",
    question: "What did each layer do with one call?",
    load: () => import("../views/trace/trace.tsx"),
  },
  {
    id: "playground",
    title: "Playground",
    question: "What does a call return?",
    load: () => import("../views/playground/playground.tsx"),
  },
];
