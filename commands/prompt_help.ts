/**
 * What the prompt says about itself.
 *
 * @module
 */
import { syntax } from "./explain_refusal.ts";

/** How to use the prompt, without a LF at the end. */
export const promptHelp = `  ${syntax[0].padEnd(26)} says where a client is
  ${syntax[1].padEnd(26)} asks where it is, and what is near
  ${"help, quit".padEnd(26)} (Ctrl-D quits, too; Ctrl-C gives up a line)

  IAMAT kiwi +34.068930-118.445127 now
  WHATSAT kiwi 10 5

The position is ISO 6709 decimal degrees, the time POSIX seconds or the word
now, the radius kilometres, the bound a number of places. The arrow keys bring
back lines, Tab completes commands and the IDs that were answered.`;
