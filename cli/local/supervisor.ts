// Runs the Workers of the project and replaces them when their files change. Problems are reported, and the last good version stays.
import { inOneLine } from "../project/changes.ts";
import { GATEWAY_FILE, OBJECTS_FILE } from "../project/workers.ts";
import type { WorkerCandidate } from "./candidate.ts";
import type { FrontProxy } from "./front-proxy.ts";
import { changesBetween, type LoadedWorkers, type LoadOptions, load } from "./loader.ts";
import type { Runtime } from "./runtime.ts";
import { type Before, isUnchanged, snapshot, untilChanged } from "./watch.ts";

const MAX_REREADS = 3; // in a row: files that never stop changing are taken as they are
const DRAIN_MS = 2_000; // time for calls in flight to end before the runtime is replaced

export class Supervisor {
  readonly #options: LoadOptions;
  readonly #front: FrontProxy;
  readonly #runtime: Runtime;
  readonly #refused = new Map<string, string>(); // reasons why Workers could not be loaded, by digest
  #running: LoadedWorkers | undefined;
  #reported = "";
  #startedAt = 0; // epoch ms

  constructor(options: LoadOptions, front: FrontProxy, runtime: Runtime) {
    this.#options = options;
    this.#front = front;
    this.#runtime = runtime;
  }

  /** @returns the problems that keep the gateway from starting; none where it serves */
  async start(): Promise<readonly string[]> {
    this.#startedAt = Date.now();
    const loaded = await load(this.#options, undefined, this.#refused);
    if (gatewayOf(loaded) === undefined) return loaded.problems;
    const problems = await this.#run(loaded);
    if (gatewayOf(this.#running) === undefined) return problems;
    for (const note of loaded.notes) console.error(`note: ${note}`);
    this.#report(problems, 'the Worker does not run, calls to it get "unavailable"; save a correction to start it');
    return [];
  }

  /** Reloads after each change, until the signal is aborted. */
  async watch(signal: AbortSignal): Promise<void> {
    let watched = this.#running!.watched;
    let rereads = 0;
    let before: Before = { states: snapshot(watched, { states: new Map(), at: this.#startedAt }), at: this.#startedAt };
    while (!signal.aborted) {
      await untilChanged(watched, before.states, signal);
      if (signal.aborted) return;
      before = { states: snapshot(watched), at: Date.now() };
      try {
        const loaded = await load(this.#options, this.#running, this.#refused);
        // What changes while it is read may be checked in one form and bundled in another one: then it is read again.
        if (!isUnchanged(watched, before.states) && rereads++ < MAX_REREADS) continue;
        rereads = 0;
        await this.#replace(loaded);
        ({ watched } = loaded);
        before = { states: snapshot(watched, before), at: before.at };
      } catch (error) {
        console.error(`reload failed: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  async #replace(loaded: LoadedWorkers): Promise<void> {
    const old = this.#running!;
    const isSame = digests(loaded.candidates) === digests(old.candidates);
    const problems = isSame ? loaded.problems : await this.#run(loaded);
    if (isSame) this.#running = { ...old, settings: loaded.settings }; // those that were read at the start may be older than its bundle
    const changes = isSame ? [] : changesBetween(old, this.#running!, this.#options);
    if (changes.length > 0) console.log(`reload: ${inOneLine(changes)}`);
    const notes = loaded.notes.filter((note) => !old.notes.includes(note));
    for (const note of notes) console.error(`note: ${note}`);
    if (problems.length === 0 && this.#reported !== "" && changes.length === 0)
      console.log("reload: the problem is fixed; nothing else changed");
    this.#report(problems, "the last good version stays in use; save a correction to replace it");
  }

  /** Runs a set of Workers, without those that cannot be loaded. @returns the problems of the set and of its Workers */
  async #run(loaded: LoadedWorkers): Promise<readonly string[]> {
    const last = new Map((this.#running?.candidates ?? []).map((candidate) => [candidate.file, candidate]));
    const problems = [...loaded.problems];
    let candidates = loaded.candidates;
    for (;;) {
      await this.#front.hold(DRAIN_MS);
      const outcome = await this.#runtime.run(candidates);
      if (typeof outcome === "number") {
        this.#front.release(outcome);
        const isOld = candidates[0] !== loaded.candidates[0];
        this.#running = { ...loaded, candidates, settings: isOld ? this.#running?.settings : loaded.settings };
        return problems;
      }
      const bad = candidates.find(({ name }) => name === outcome.worker);
      if (bad === undefined) throw new Error(outcome.problem);
      problems.push(outcome.problem);
      const good = last.get(bad.file);
      this.#refused.set(bad.digest, outcome.problem);
      if (good?.digest === bad.digest) last.delete(bad.file); // it ran before, and cannot be loaded any more
      const isReplaced = good !== undefined && good.digest !== bad.digest;
      if (!isReplaced && (bad.file === GATEWAY_FILE || bad.file === OBJECTS_FILE)) return problems;
      candidates = candidates.flatMap((one) => (one !== bad ? [one] : isReplaced ? [good] : []));
    }
  }

  #report(problems: readonly string[], consequence: string): void {
    const text = problems.join("\n");
    if (text !== this.#reported && text !== "") console.error(`${text}\n  ${consequence}`);
    this.#reported = text;
  }
}

function gatewayOf(loaded: LoadedWorkers | undefined): WorkerCandidate | undefined {
  return loaded?.candidates.find(({ file }) => file === GATEWAY_FILE);
}

function digests(candidates: readonly WorkerCandidate[]): string {
  return candidates.map(({ digest }) => digest).join(" ");
}
