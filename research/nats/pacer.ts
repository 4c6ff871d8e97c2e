/**
 * Makes a steady load on servers of NATS, with the arguments and the output of
 * `bench/propagation/pacer.ts`. An update is accepted when all five servers have
 * delivered it.
 *
 * @module
 */
import { runPacer } from "../../bench/propagation/pacer.ts";
import { natsProtocol } from "./protocol.ts";

if (import.meta.main) runPacer(natsProtocol, Deno.args);
