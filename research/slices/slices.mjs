/**
 * How much memory a small part of a large text keeps, in JavaScript (Deno, Node):
 *
 *     deno run --v8-flags=--expose-gc slices.mjs CHUNKS
 *     node --expose-gc slices.mjs CHUNKS
 *
 * Decodes chunks of 64 KiB, keeps the ID of 25 characters in each, first as a
 * slice and then as a copy, and prints as JSON how many bytes of the heap each ID
 * keeps.
 */
import process from "node:process";

const chunkBytes = 64 * 1024;
const [idStart, idLength] = [6, 25];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A text that a server reads. The client of its first line is unique. */
function chunk(bytes, index) {
  encoder.encodeInto(`IAMAT phone-${String(index).padStart(11, "0")}`, bytes);
  return decoder.decode(bytes);
}

const asSlice = (text) => text;

/** Encoded and decoded again, it refers to no other text. */
const asCopy = (text) => decoder.decode(encoder.encode(text));

/** The most readings until two agree. */
const mostReadings = 50;

/** Two readings agree if they differ by fewer bytes than this. */
const agreeBytes = 4 * 1024;

/** The size of the heap after the runtime has freed memory in the background. */
async function heapBytes() {
  let earlier = Infinity;
  for (let reading = 0; reading < mostReadings; reading++) {
    // The second collection frees what the first one found weakly held.
    globalThis.gc();
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
    const { external, heapUsed } = process.memoryUsage();
    const bytes = heapUsed + external;
    if (Math.abs(bytes - earlier) < agreeBytes) return bytes;
    earlier = bytes;
  }
  return earlier;
}

async function keep(count, bytes, make) {
  const ids = new Array(count).fill("");
  const before = await heapBytes();
  for (let index = 0; index < count; index++) {
    const text = chunk(bytes, index);
    ids[index] = make(text.slice(idStart, idStart + idLength));
  }
  const bytesAnId = (await heapBytes() - before) / count;
  if (new Set(ids).size !== count || ids[0].length !== idLength) {
    throw new Error("an ID was lost");
  }
  return bytesAnId;
}

const count = Number(process.argv[2]);
const bytes = encoder.encode("IAMAT phone-00000000000.herd.io +1+1 1\n".repeat(
  Math.ceil(chunkBytes / 39),
)).subarray(0, chunkBytes);
// Code is compiled, and runtimes are set up, before anything counts.
for (const make of [asSlice, asCopy]) await keep(count, bytes, make);
console.log(JSON.stringify({
  slice: await keep(count, bytes, asSlice),
  // Copies are small, and the runtime frees about 100 kB of its own meanwhile.
  copy: await keep(20 * count, bytes, asCopy),
}));
