/**
 * Reads the project's documents: Markdown in the format of `deno fmt`.
 *
 * @module
 */
import { projectFolder } from "./end_to_end/process.ts";

/** The text of a document, by its path from the project's folder. */
export function readDocument(path: string): string {
  return Deno.readTextFileSync(projectFolder + path);
}

/** The indented blocks of a document, without their indentation. */
export function blocksOf(text: string): string[] {
  return text.split(/\n(?! {4}|\n)/)
    .flatMap((part) => part.match(/(?:^ {4}.*\n+)+/gm) ?? [])
    .map((block) => block.replace(/^ {4}/gm, ""));
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)]
    .map(([, heading]) =>
      heading.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-")
    );
}
