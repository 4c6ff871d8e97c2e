/**
 * A test that plays Smith, to a real Hill.
 *
 * @module
 */
import { formatHello } from "../../../peers/links/handshake.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import type { MemoryHerd } from "../../fakes/memory_herd.ts";
import type { PipeEnd } from "../../fakes/pipe.ts";

/** The introduction of a server to another. */
export function helloOf(from: string, to: string, incarnation = "1"): string {
  return formatHello({ from, to, incarnation, nonce: "0".repeat(32) });
}

/** What Smith says to Hill until both are linked, where there is no secret. */
export function fakePeerHandshake(incarnation = "1"): string {
  return `${helloOf("Smith", "Hill", incarnation)}\nPROOF -\n`;
}

/** Dials Hill and shakes hands as Smith would; returns Smith's end. */
export async function linkAsFakePeer(herd: MemoryHerd): Promise<PipeEnd> {
  const smith = herd.dial("Hill");
  smith.sendText(fakePeerHandshake());
  await drainMicrotasks();
  smith.takeAll();
  return smith;
}
