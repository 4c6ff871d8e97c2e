/**
 * Makes admin/map.json, the map that the page draws: `deno task map`.
 *
 * @module
 */
import { createMap } from "./project_world.ts";

await Deno.writeTextFile(
  new URL("../admin/map.json", import.meta.url),
  createMap(),
);
