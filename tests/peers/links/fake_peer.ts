/**
 * A fake Smith that links with a real Hill.
 *
 * @module
 */
import { formatHello } from "../../../peers/links/handshake.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import type { MemoryHerd } from "../../fakes/memory_herd.ts";
import type { PipeEnd } from "../../fakes/pipe.ts";

/** The hello of one server to another. */
export function helloOf(from: string, to: string, incarnation = "1"): string {
  return formatHello({ from, to, incarnation, nonce: "0".repeat(32) });
}

/**
 * All lines that Smith sends to Hill in a handshake without a secret, and the
 * key of its tree.
 */
export function fakePeerHandshake(incarnation = "1"): string {
  const hello = helloOf("Smith", "Hill", incarnation);
  return `${hello}\nPROOF -\nTREE ${"0".repeat(32)}\n`;
}

/** Dials Hill and runs the handshake as Smith. Resolves to Smith's end. */
export async function linkAsFakePeer(herd: MemoryHerd): Promise<PipeEnd> {
  const smith = herd.dial("Hill");
  smith.sendText(fakePeerHandshake());
  await drainMicrotasks();
  smith.takeAll();
  return smith;
}
