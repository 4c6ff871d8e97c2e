/**
 * All planted faults.
 *
 * @module
 */
import {
  commandFaults,
  lineFaults,
  numberFaults,
  partialLineFaults,
  sessionFaults,
} from "./planted/clients.ts";
import { gatewayFaults } from "./planted/gateways.ts";
import { identityFaults } from "./planted/identities.ts";
import { peerFaults } from "./planted/peers.ts";
import type { PlantedFault } from "./planted/planted_fault.ts";
import { streamFaults } from "./planted/streams.ts";
import { textFaults } from "./planted/texts.ts";

/** The fuzzer must find each of them. */
export const plantedFaults: readonly PlantedFault[] = [
  ...commandFaults,
  ...numberFaults,
  ...lineFaults,
  ...sessionFaults,
  ...partialLineFaults,
  ...peerFaults,
  ...textFaults,
  ...identityFaults,
  ...gatewayFaults,
  ...streamFaults,
];
