/**
 * Writes the parts of the documents that follow from the code:
 *
 *     deno task docs
 *
 * @module
 */
import { withSketch } from "../tests/architecture.ts";

const page = new URL("../docs/ARCHITECTURE.md", import.meta.url);
Deno.writeTextFileSync(page, withSketch(Deno.readTextFileSync(page)));
