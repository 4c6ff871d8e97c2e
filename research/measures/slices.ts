/**
 * How much memory a small part of a large text keeps.
 *
 * A server decodes a chunk of 64 KiB, keeps a client's ID of 25 characters, and
 * releases the chunk. Each program in `slices/` does this with 2,000 chunks,
 * collects its garbage, and prints by how much its heap has grown for each ID:
 *
 * - slice: the ID as a part of the text (`slice`, `[6:31]`, `substring`). If it
 *   refers to the chunk, it keeps the whole chunk.
 * - copy: the ID encoded and decoded again, so that it refers to nothing else.
 *
 * The result is the same every time, so it is taken in the first round only.
 *
 * @module
 */
import type { Measure } from "../../bench/measure.ts";
import { type Programs, runOnEach } from "../runtimes.ts";

const chunks = 2_000;

/** The program in each language. Its output is by point. */
export const slicePrograms: Programs = {
  javaScript: "research/slices/slices.mjs",
  python: "research/slices/slices.py",
  java: "research/slices/Slices.java",
  v8Flags: ["expose-gc"],
};

/** An ID of a chunk, as a slice and as a copy. */
export const slices: Measure = {
  name: "slices",
  async run(context) {
    if (context.round > 1) return;
    const cores = context.cores.servers.slice(0, 1);
    await runOnEach(
      context,
      slicePrograms,
      [chunks],
      cores,
      (runtime, printed) => {
        for (const [point, bytesAnId] of Object.entries(printed)) {
          context.add(runtime, point, { bytesAnId });
        }
      },
    );
  },
};
