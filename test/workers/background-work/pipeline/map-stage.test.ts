import { expect, it } from "vitest";
import { mapStage } from "../../../../workers/background-work/pipeline/map-stage.ts";
import { type Flow, PipelineRun } from "../../../../workers/background-work/pipeline/pipeline-run.ts";

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
};

function upstream(length: number) {
  const state = { taken: 0 };
  const flow: Flow<number> = {
    take: async () => (state.taken < length ? { item: state.taken++ } : undefined),
  };
  return { state, flow };
}

it("begins before anything is taken, and goes as far as its window", async () => {
  const { state, flow } = upstream(10);
  const run = new PipelineRun(undefined);
  const stage = mapStage(flow, (item) => item * 2, { concurrency: 2, buffer: 1, isOrdered: true }, run);
  await turns(100);
  expect(state.taken).toBe(3);
  expect(await stage.take()).toEqual({ item: 0 });
  await turns(100);
  expect(state.taken).toBe(4);
  await run.close();
});

it("takes nothing of what is ready once the run has ended", async () => {
  const run = new PipelineRun(undefined);
  const stage = mapStage(upstream(10).flow, (item) => item, { concurrency: 2, buffer: 1, isOrdered: true }, run);
  await turns(100);
  const error = new Error("early");
  run.fail(error);
  await expect(stage.take()).rejects.toBe(error);
  await run.close();
});

it("ends with its upstream, after all results", async () => {
  const run = new PipelineRun(undefined);
  const process = async (item: number): Promise<number> => {
    await turns(10 - item);
    return item;
  };
  const stage = mapStage(upstream(3).flow, process, { concurrency: 3, buffer: 0, isOrdered: false }, run);
  const results = [await stage.take(), await stage.take(), await stage.take(), await stage.take(), await stage.take()];
  expect(
    results
      .slice(0, 3)
      .map((result) => result?.item)
      .sort(),
  ).toEqual([0, 1, 2]);
  expect(results.slice(3)).toEqual([undefined, undefined]);
});
