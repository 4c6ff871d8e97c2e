/**
 * The inputs that a search begins with: a folder for each target, and a file
 * with the bytes of each input.
 *
 * @module
 */
import { type ByteString, decodeBytes } from "../../protocol/bytes.ts";

const folder = new URL("./corpus/", import.meta.url);

/** An input of the corpus. */
export interface Seed {
  /** The name of its file. */
  readonly name: string;
  readonly input: ByteString;
}

/** The URL of an input's file, which need not exist. */
export function seedUrl(target: string, name: string): URL {
  return new URL(`${target}/${name}`, folder);
}

/** The corpus of a target, in the order of the files' names. */
export function readCorpus(target: string): Seed[] {
  return [...Deno.readDirSync(new URL(`${target}/`, folder))]
    .map(({ name }) => name)
    .sort()
    .map((name) => {
      const bytes = Deno.readFileSync(seedUrl(target, name));
      return { name, input: decodeBytes(bytes, 0, bytes.length) };
    });
}
