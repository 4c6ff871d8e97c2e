/**
 * The program of an attacker: `attack.ts NAME OPTIONS`, the options as JSON.
 * Prints what came of it, as one line of JSON.
 *
 * @module
 */
import {
  aimIds,
  askAtOnce,
  floodIds,
  growPositions,
  hold,
  reportFrom,
} from "./attacks/clients.ts";
import {
  compareLeaf,
  endlessMarks,
  endlessParts,
  linkAndStop,
  repeatDigests,
  sayHorizon,
} from "./attacks/neighbours.ts";
import { readPages, serveBodies } from "./attacks/http.ts";

/** All attacks, by name. */
export const attacks = {
  aimIds,
  askAtOnce,
  compareLeaf,
  endlessMarks,
  endlessParts,
  floodIds,
  growPositions,
  hold,
  linkAndStop,
  readPages,
  repeatDigests,
  reportFrom,
  sayHorizon,
  serveBodies,
};

if (import.meta.main) {
  const [name, options] = Deno.args;
  const run = attacks[name as keyof typeof attacks] as (
    options: unknown,
  ) => Promise<unknown>;
  console.log(JSON.stringify(await run(JSON.parse(options))));
  Deno.exit();
}
