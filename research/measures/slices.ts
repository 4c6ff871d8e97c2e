/**
 * What it costs to keep a small part of a large text.
 *
 * A server decodes a chunk of 64 KiB and keeps the ID of a client out of it, of
 * 25 characters; then the chunk is let go. Each program in `slices/` does that
 * with 2,000 chunks, collects its garbage, and tells by how much its heap has
 * grown for each ID:
 *
 * - slice: the ID as it is taken out of the text (`slice`, `[6:31]`,
 *   `substring`). Where that refers to the chunk it keeps all of it.
 * - copy: the ID encoded and decoded again, so that nothing else is behind it.
 *
 * It is the same each time, so once is enough.
 *
 * @module
 */
import type { Measure } from "../../bench/context.ts";
import { type Programs, runOnEach } from "../runtimes.ts";

const chunks = 2_000;

/** The program in each language: what it prints is by the names of the points. */
export const slicePrograms: Programs = {
  javaScript: "research/slices/slices.mjs",
  python: "research/slices/slices.py",
  java: "research/slices/Slices.java",
  v8Flags: ["expose-gc"],
};

/** An ID of a chunk, as a slice and as a copy. */
export const slices: Measure = {
  name: "slices",
  title: "what keeping a small part of a large text costs",
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
