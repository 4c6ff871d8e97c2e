/**
 * Measures propagation among servers of NATS, with the arguments and the output
 * of `bench/propagation/prober.ts`.
 *
 * @module
 */
import { runProber } from "../../bench/propagation/prober.ts";
import { natsProtocol } from "./protocol.ts";

if (import.meta.main) runProber(natsProtocol, Deno.args);
