import { expect, it } from "vitest";
import { Pipeline } from "../../../../workers/background-work/pipeline/pipeline.ts";
import { PipelineRun } from "../../../../workers/background-work/pipeline/pipeline-run.ts";
import { flowOf } from "../../../../workers/background-work/pipeline/source.ts";

it.each([
  ["a list", () => [1, 2]],
  ["a generator", () => generated()],
  ["a stream", () => Pipeline.from([1, 2]).toStream()],
])("reads %s to its end, and stays there", async (_name, source) => {
  const flow = flowOf<number>(source(), new PipelineRun(undefined));
  expect([await flow.take(), await flow.take(), await flow.take(), await flow.take()]).toEqual([
    { item: 1 },
    { item: 2 },
    undefined,
    undefined,
  ]);
});

it("closes a source once when the run ends early, and none that is at its end", async () => {
  for (const reads of [1, 3]) {
    const run = new PipelineRun(undefined);
    let closed = 0;
    const items = generated();
    const flow = flowOf<number>(
      {
        [Symbol.asyncIterator]: () => ({
          next: () => items.next(),
          return: async () => {
            closed += 1;
            throw new Error("a source that cannot be closed"); // changes nothing
          },
        }),
      },
      run,
    );
    for (let read = 0; read < reads; read++) await flow.take();
    run.fail(new Error("early"));
    await run.close();
    expect(closed).toBe(reads === 1 ? 1 : 0);
    await expect(flow.take()).rejects.toThrow("early");
  }
});

it("closes a source that it is given after the end", async () => {
  const run = new PipelineRun(AbortSignal.abort(new Error("before")));
  let isClosed = false;
  const source = new ReadableStream({
    cancel: () => {
      isClosed = true;
    },
  });
  await expect(flowOf(source, run).take()).rejects.toThrow("before");
  await run.close();
  expect(isClosed).toBe(true);
});

async function* generated(): AsyncGenerator<number> {
  yield 1;
  yield 2;
}
